import { createHash } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { createSessions, type CreatedSession, type Sessions } from "counterfoil";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { toUserKey } from "../../src/lib/session/user-id.ts";
import type { SessionStore } from "../../src/lib/session/session-store.ts";
import { T0 } from "../../src/lib/testing/store/rows.ts";
import { bound } from "../fixtures/bounds.ts";
import { randomNumbers, SEED } from "../fixtures/random.ts";
import { type Child, startChild, stopServers, takeServers } from "./child-process.ts";
import type { Opening } from "./children/child.ts";
import type { FirstStart } from "./children/first-start.ts";
import type { Answered, RefreshForEver } from "./children/refresh-for-ever.ts";
import type { RefreshedMany, RefreshMany } from "./children/refresh-many.ts";
import type { TimedRefresh } from "./children/refresh-until-refused.ts";
import type { Revoked } from "./children/revoke.ts";
import type { RotatedKey } from "./children/rotate-key.ts";
import type { Command } from "./children/server.ts";
import { type AddressOf, databases, describeDatabase, removeDatabases, type TestDatabase } from "./databases.ts";
import { outcomeOf, SECRET, temporaryFolder } from "./fixtures.ts";
import { openStore, type StoreAddress } from "./open-store.ts";

const SETTLED = 30_000;

interface Bounds {
  readonly processes: number;
  readonly starts: number;
  readonly rounds: number;
  readonly singleUses: number;
  readonly rotations: number;
  readonly revocations: number;
  readonly kills: number;
}

/**
 * One for each kind of store; the others say the same to the same servers with another driver, or
 * over more nodes.
 */
const THOROUGH = ["SQLite file", "MariaDB, mysql2", "PostgreSQL, pg", "Redis, node-redis"];

const boundsOf = (name: string): Bounds =>
  bound(
    THOROUGH.includes(name)
      ? { processes: 8, starts: 2, rounds: 4, singleUses: 4, rotations: 6, revocations: 8, kills: 4 }
      : { processes: 4, starts: 1, rounds: 2, singleUses: 2, rotations: 2, revocations: 4, kills: 2 },
    {
      processes: 8,
      starts: 20,
      rounds: 100,
      singleUses: 20,
      rotations: 20,
      revocations: 40,
      kills: name === "SQLite file" ? 20 : 8,
    },
  );

afterAll(() => {
  stopServers();
  removeDatabases();
});

interface Here {
  readonly sessions: Sessions;
  readonly store: SessionStore;
  readonly events: readonly string[];
}

/** An instance in this process. */
async function openHere({ address, secret }: Omit<Opening, "now">, clock: () => number = () => T0): Promise<Here> {
  const store = await openStore(address);
  const sessions = createSessions({ store, clock, ...(secret === undefined ? {} : { secret }) });
  const events: string[] = [];
  sessions.on("session-refreshed", ({ outcome }) => events.push(outcome));
  sessions.on("reuse-detected", () => events.push("reuse-detected"));
  onTestFinished(() => sessions.close());
  return { sessions, store, events };
}

/** One command for each process, sent before any answer is read; the answers of all. */
function tellAll<T>(servers: readonly Child[], commandOf: (index: number) => Command): Promise<T[]> {
  for (const [index, server] of servers.entries()) server.tell(commandOf(index));
  return Promise.all(servers.map((server) => server.next<T>()));
}

/** Processes with an instance each on a database. */
async function openServers(
  count: number,
  addressOf: AddressOf,
  rotation?: Opening["rotation"],
): Promise<readonly Child[]> {
  const servers = takeServers(count);
  await tellAll(servers, (index) => ({ open: { address: addressOf(index), secret: SECRET, now: T0, rotation } }));
  return servers;
}

/** Starts all of them at once on one database, and checks that they agree. */
async function startAtOnce(servers: readonly Child[], addressOf: AddressOf, secret?: string): Promise<void> {
  const started = await tellAll<FirstStart>(servers, (index) => ({
    start: { address: addressOf(index), secret, now: T0 },
  }));
  expect(started.flatMap(({ error = [] }) => error)).toEqual([]);
  expect(new Set(started.flatMap(({ kids }) => kids)).size).toBe(1);
  expect(started.every(({ kids }) => kids.length === 1)).toBe(true);

  const { sessions } = await openHere({ address: addressOf(0), secret });
  for (const { accessToken, antiCsrfToken, refreshToken } of started) {
    expect(await outcomeOf(sessions.getSession(accessToken, antiCsrfToken))).toBe("ok");
    expect(await outcomeOf(sessions.refreshSession(refreshToken))).toBe("ok");
  }
  await sessions.close();
}

async function refreshAtOnce(servers: readonly Child[], commands: readonly RefreshMany[]): Promise<RefreshedMany> {
  const answers = await tellAll<RefreshedMany>(servers, (index) => ({
    refresh: commands[index] ?? { token: "", count: 0, now: 0 },
  }));
  return {
    tokens: answers.flatMap(({ tokens }) => tokens),
    refusals: answers.flatMap(({ refusals }) => refusals),
    events: answers.flatMap(({ events }) => events),
  };
}

const bytesOf = (token: string): Buffer => Buffer.from(token.slice("cfr1.".length), "base64url");

/** Whether a refresh token carries the hash of another: bytes 47 to 79 of it. */
const isChildOf = (child: string, parent: string): boolean =>
  bytesOf(child)
    .subarray(47, 79)
    .equals(createHash("sha256").update(bytesOf(parent)).digest());

const times = <T>(count: number, item: T): T[] => Array<T>(count).fill(item);

function testDatabase({ name, makeEmpty }: TestDatabase): void {
  const { processes, starts, rounds, singleUses, rotations, revocations, kills } = boundsOf(name);
  const figures: string[] = [];

  /** Notes what was done in how many seconds. */
  async function measured(work: () => Promise<string>): Promise<void> {
    const begun = performance.now();
    const what = await work();
    figures.push(`${what} in ${((performance.now() - begun) / 1000).toFixed(1)} s`);
  }

  afterAll(() => console.log(`${name}: ${figures.join("; ")}`));

  test(`${processes} processes that start at once on an empty database, ${starts} times over, agree on one key ring`, async () => {
    const servers = takeServers(processes);
    await measured(async () => {
      for (let round = 0; round < starts; round += 1) await startAtOnce(servers, await makeEmpty(), SECRET);
      return `${starts} starts of ${processes}`;
    });
  });

  test(`50 parallel refreshes of one token from 4 processes, ${rounds} times over: the session lives, in one lineage`, async () => {
    const addressOf = await makeEmpty();
    let now = T0;
    const { sessions, store, events } = await openHere({ address: addressOf(3), secret: SECRET }, () => now);
    const { session, refreshToken } = await sessions.createNewSession("alice");
    const servers = await openServers(4, addressOf);
    const present = (...tokens: string[]): Promise<RefreshedMany> =>
      refreshAtOnce(
        servers,
        [13, 13, 12, 12].map((count, index) => ({ token: tokens[index % tokens.length] ?? "", count, now })),
      );

    const minted = await present(refreshToken.value);
    expect([minted.refusals, minted.events]).toEqual([[], times(50, "mint")]);
    expect(new Set(minted.tokens).size).toBe(50);
    expect(minted.tokens.every((token) => isChildOf(token, refreshToken.value))).toBe(true);

    let siblings = minted.tokens;
    await measured(async () => {
      for (let round = 1; round <= rounds; round += 1) {
        now += SETTLED;
        // One child takes over, once, though all processes present it; every other time two
        // compete, and one of them wins everything.
        const [a = "", b = "", ...rest] = siblings;
        const rivals = round % 2 === 0 ? [a, b] : [a];
        const served = 50 / rivals.length;
        const { tokens, events: outcomes, refusals } = await present(...rivals);
        const [winner, loser] = isChildOf(tokens[0] ?? "", a) ? [a, b] : [b, a];
        expect(tokens.every((token) => isChildOf(token, winner))).toBe(true);
        expect(new Set(tokens).size).toBe(served);
        expect(outcomes.toSorted()).toEqual(["confirm", ...times(served - 1, "mint")]);
        expect(refusals).toEqual(times(50 - served, "REFRESH_TOKEN_SUPERSEDED"));

        // What was superseded is refused softly, wherever it is presented.
        const superseded = [loser, ...rest.slice(0, 3)].map((token) => ({ token, count: 1, now }));
        const refused = { tokens: [], refusals: times(4, "REFRESH_TOKEN_SUPERSEDED"), events: [] };
        expect(await refreshAtOnce(servers, superseded)).toEqual(refused);
        expect((await store.findSession(session.handle))?.generation).toBe(1 + round);
        siblings = tokens;
      }
      return `${rounds} rounds of 50 refreshes`;
    });

    now += SETTLED;
    expect(await outcomeOf(sessions.refreshSession(siblings[0] ?? ""))).toBe("ok");
    expect(events).toEqual(["confirm"]);
  });

  test("50 parallel refreshes of one token from 4 processes with strict single use: one succeeds, the next is reuse", async () => {
    const addressOf = await makeEmpty();
    const { sessions, store } = await openHere({ address: addressOf(3), secret: SECRET });
    const servers = await openServers(4, addressOf, { window: "0s" });
    await measured(async () => {
      for (let round = 0; round < singleUses; round += 1) {
        const { session, refreshToken } = await sessions.createNewSession("alice");
        let parent = refreshToken.value;
        // In every other round it is a child that all present, which one of them confirms.
        if (round % 2 === 1) parent = (await sessions.refreshSession(parent)).newRefreshToken.value;
        const command = { token: parent, now: T0 };
        const { tokens, refusals, events } = await refreshAtOnce(
          servers,
          [13, 13, 12, 12].map((count) => ({ ...command, count })),
        );
        expect(tokens).toHaveLength(1);
        expect(isChildOf(tokens[0] ?? "", parent)).toBe(true);
        expect(refusals.toSorted()).toEqual([...times(48, "SESSION_NOT_FOUND"), "TOKEN_THEFT_DETECTED"]);
        expect(events.toSorted()).toEqual([round % 2 === 1 ? "confirm" : "mint", "reuse-detected"]);
        expect(await store.findSession(session.handle)).toBeUndefined();
      }
      return `${singleUses} rounds of 50 uses of one token`;
    });
  });

  test("two processes that rotate the signing key at once report the same pending key", async () => {
    const servers = await openServers(2, await makeEmpty());
    const kids = new Set<string>();
    await measured(async () => {
      for (let round = 0; round < rotations; round += 1) {
        // Each time the key of the round before is active.
        const now = T0 + round * 600_000;
        const [one, other] = await tellAll<RotatedKey>(servers, () => ({ rotate: now }));
        expect(one?.kid).toBe(other?.kid);
        expect([one?.activatesAt, other?.activatesAt]).toEqual([now + 600_000, now + 600_000]);
        expect([one?.made, other?.made].filter(Boolean)).toHaveLength(1);
        // So does a call that comes later, while it is pending.
        const [late] = await tellAll<RotatedKey>(
          servers.filter((_, index) => index === round % 2),
          () => ({ rotate: now + 599_999 }),
        );
        expect(late?.kid).toBe(one?.kid);
        kids.add(one?.kid ?? "");
      }
      return `${rotations} rotations by 2`;
    });
    expect(kids.size).toBe(rotations);
  });

  test("once a revocation is done, no refresh that starts later succeeds, and no row comes back", async () => {
    const addressOf = await makeEmpty();
    const { sessions, store } = await openHere({ address: addressOf(2), secret: SECRET });
    const created: CreatedSession[] = [];
    for (let index = 0; index < revocations; index += 1) created.push(await sessions.createNewSession(`user ${index}`));
    const [refresher = expect.fail("none"), revoker = expect.fail("none")] = await openServers(2, addressOf);
    const tokens = created.map(({ refreshToken }) => refreshToken.value);
    refresher.tell({ refreshUntilRefused: tokens } satisfies Command);

    const refreshes: TimedRefresh[] = [];
    const revokedAt: bigint[] = [];
    /** False: there will be no more. */
    async function takeRefresh(): Promise<boolean> {
      const refresh = await refresher.next<TimedRefresh | "done">();
      if (refresh === "done") return false;
      refreshes.push(refresh);
      return true;
    }
    await measured(async () => {
      for (const [index, { session }] of created.entries()) {
        // The refresher is at work on all of them; how far it has come differs.
        const turns = index > 0.75 * revocations ? 1 : revocations + index;
        for (let turn = 0; turn < turns; turn += 1) await takeRefresh();
        const [revoked] = await tellAll<Revoked>([revoker], () => ({
          revoke: { handle: session.handle, userId: `user ${index}`, all: index % 2 === 1 },
        }));
        expect(revoked?.existed).toBe(true);
        revokedAt.push(BigInt(revoked?.done ?? 0));
      }
      while (await takeRefresh());
      return `${revocations} revocations against ${refreshes.length} refreshes`;
    });

    const late = refreshes.filter(({ began, session }) => BigInt(began) > (revokedAt[session] ?? 0n));
    expect(late.length).toBeGreaterThanOrEqual(revocations);
    expect(new Set(late.map(({ outcome }) => outcome))).toEqual(new Set(["SESSION_NOT_FOUND"]));
    expect(new Set(refreshes.map(({ outcome }) => outcome))).toEqual(new Set(["ok", "SESSION_NOT_FOUND"]));
    for (const [index, { session }] of created.entries()) {
      expect(await store.findSession(session.handle)).toBeUndefined();
      expect(await store.listSessionsOfUser(toUserKey(`user ${index}`), T0, { limit: 100 })).toEqual([]);
    }
  });

  test("no answered token is unknown or raises an alarm, at whatever moment the process is killed", async () => {
    const random = randomNumbers();
    const addressOf = await makeEmpty();
    let now = T0;
    const { sessions, store } = await openHere({ address: addressOf(0), secret: SECRET }, () => now + 7_000);
    const { session, refreshToken } = await sessions.createNewSession("alice");
    let token = refreshToken.value;
    let version = 1;
    let refreshes = 0;
    let unanswered = 0;
    const outcomes: string[] = [];
    await measured(async () => {
      for (let kill = 0; kill < kills; kill += 1) {
        const child = startChild("refresh-for-ever");
        // The first two come as far as a confirmation.
        const enough = (kill < 2 ? 8 : 1) + Math.floor(random() * 30);
        // Every other one dies between commit and answer, where the store knows more than the
        // client; the rest where they happen to be.
        const lastCommit = kill % 2 === 1 ? enough : undefined;
        child.tell({ address: addressOf(kill), secret: SECRET, now, token, lastCommit } satisfies RefreshForEver);
        // The first answer shows that the new process knows the last token of the killed one.
        const answers = [];
        if (lastCommit === undefined) {
          while (answers.length < enough) answers.push(await child.next<Answered>());
          child.kill();
        }
        answers.push(...(await child.rest<Answered>()));
        expect(answers.flatMap(({ error = [] }) => error)).toEqual([]);
        outcomes.push(...answers.flatMap((answer) => answer.events));
        refreshes += answers.length;
        ({ token, now } = answers.at(-1) ?? { token, now });
        const row = await store.findSession(session.handle);
        if (row !== undefined && row.version > version + answers.length) unanswered += 1;
        version = row?.version ?? 0;
      }
      return `${kills} kills, ${unanswered} of them between commit and answer, and ${refreshes} answered refreshes (seed ${SEED})`;
    });
    expect(new Set(outcomes)).toEqual(new Set(["mint", "renew", "confirm"]));
    expect(unanswered).toBeGreaterThanOrEqual(kills / 2);
    expect(await outcomeOf(sessions.refreshSession(token))).toBe("ok");
  });
}

for (const database of databases) describeDatabase(database, () => testDatabase(database));

describe("the secret beside a SQLite file", () => {
  const addressIn = (folder: string): StoreAddress => ({ by: "sqlite", path: join(folder, "sessions.db") });

  test("8 processes that start at once on nothing agree on one secret, too", async () => {
    const servers = takeServers(8);
    for (let round = 0; round < bound(2, 5); round += 1) {
      const folder = temporaryFolder();
      await startAtOnce(servers, () => addressIn(folder));
      expect(readdirSync(folder).filter((file) => file.includes("secret"))).toEqual([".sessions.db.secret"]);
    }
  });

  test.each(["sessions.db", "sessions.db-wal", ".sessions.db.secret"])(
    "a process that is killed when it has just made %s leaves nothing that stops the next",
    async (stage) => {
      for (let round = 0; round < bound(1, 3); round += 1) {
        const folder = temporaryFolder();
        const address = addressIn(folder);
        const start = { start: { address, now: T0 } } satisfies Command;
        const killed = startChild("server");
        killed.tell(start);
        while (!existsSync(join(folder, stage))) await new Promise(setImmediate);
        killed.kill();
        await killed.rest();
        const [next] = await tellAll<FirstStart>(takeServers(1), () => start);
        expect(next).toMatchObject({ kids: [expect.any(String)] });
        const { sessions } = await openHere({ address });
        expect(await outcomeOf(sessions.getSession(next?.accessToken ?? "", next?.antiCsrfToken))).toBe("ok");
      }
    },
  );
});
