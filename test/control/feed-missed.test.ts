/** Revocations of every kind while the listener is cut at random: none is missed. */
import { afterAll, expect, onTestFinished, test } from "vitest";
import { bound } from "../fixtures/bounds.ts";
import { randomNumbers, SEED } from "../fixtures/random.ts";
import { type Proxy, startProxy } from "../servers/proxy.ts";
import { databases, describeDatabase, removeDatabases } from "../store/databases.ts";
import { openStore, type StoreAddress } from "../store/open-store.ts";
import { type Follower, follow, REVOKED } from "./feed-sides.ts";

afterAll(removeDatabases);

const BOUND = 1000;
const DOWN = "GENERAL_ERROR/STORE_UNAVAILABLE";
const USERS_AT_ONCE = 25;
const THOROUGH = ["SQLite file", "MariaDB, mysql2", "PostgreSQL, pg", "Redis, node-redis"];

/** Two sessions of a user; ends one or both, and gives the tokens of those. */
async function endSome({ sessions }: Follower, user: string, random: () => number) {
  const one = await sessions.createNewSession(user);
  const two = await sessions.createNewSession(user);
  const kind = Math.floor(random() * 3);
  if (kind === 0) await sessions.revokeSessionUsingSessionHandle(one.session.handle);
  if (kind === 1) await sessions.revokeAllSessionsForUser(user, { except: two.session.handle });
  if (kind === 2) await sessions.revokeAllSessionsForUser(user);
  const live = kind === 2 ? [] : [two.accessToken];
  return { ended: kind === 2 ? [one.accessToken, two.accessToken] : [one.accessToken], live };
}

/** The database as the one that listens reaches it, which can be cut. */
async function cuttable(address: StoreAddress): Promise<{ readonly address: StoreAddress; readonly proxy?: Proxy }> {
  if (!("url" in address)) return { address };
  const url = new URL(address.url);
  const proxy = await startProxy({ host: url.hostname, port: Number(url.port) });
  onTestFinished(() => proxy.close());
  url.host = `${proxy.host}:${proxy.port}`;
  return { address: { ...address, url: url.href }, proxy };
}

/** How the request ends, repeated while the database is away. */
async function settledOutcome(side: Follower, token: { readonly value: string }): Promise<string> {
  for (;;) {
    const outcome = await side.ask(token);
    if (outcome !== DOWN) return outcome;
  }
}

for (const database of databases.filter(({ name }) => THOROUGH.includes(name))) {
  const wanted = bound(400, 100_000);
  describeDatabase(database, () => {
    test(`none of ${wanted} is missed, seed ${SEED}`, async () => {
      const random = randomNumbers(databases.indexOf(database));
      const address = (await database.makeEmpty())(0);
      const { address: own, proxy } = await cuttable(address);
      const a = await follow(await openStore(address), { feed: { listen: true } });
      // It must not ask for rows, which would hide what the log misses.
      const b = await follow(await openStore(own), { feed: { listen: true, onLag: "refuse" } });
      let count = 0;
      let missed = 0;
      let wronged = 0;
      for (let round = 0; count < wanted; round += 1) {
        const cuts = Array.from({ length: 3 }, () => random());
        const ends = Array.from({ length: USERS_AT_ONCE }, async (_, index) => {
          const result = await endSome(a, `user ${round} ${index}`, random);
          if (cuts.some((at) => Math.floor(at * USERS_AT_ONCE) === index)) proxy?.cut();
          return result;
        });
        const results = await Promise.all(ends);
        b.advance(BOUND + 1);
        for (const { ended, live } of results) {
          for (const token of ended) missed += (await settledOutcome(b, token)) === REVOKED ? 0 : 1;
          for (const token of live) wronged += (await settledOutcome(b, token)) === "ok" ? 0 : 1;
          count += ended.length;
        }
      }
      expect({ missed, wronged }).toEqual({ missed: 0, wronged: 0 });
    });
  });
}
