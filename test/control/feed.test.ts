/** The feed of revocations between two processes, on every store. */
import { createConnection } from "mysql2/promise";
import pg from "pg";
import { memory } from "counterfoil/memory";
import { afterAll, describe, expect, test } from "vitest";
import type { SessionStore } from "../../src/lib/session/session-store.ts";
import { databases, describeDatabase, removeDatabases } from "../store/databases.ts";
import { outcomeOf } from "../store/fixtures.ts";
import { openStore, type StoreAddress } from "../store/open-store.ts";
import { follow, REVOKED } from "./feed-sides.ts";

const BOUND = 1000;
/** So long that neither a request nor the timer reads before a poll gives up. */
const SLOW = "1m";
const AT_ONCE = { timeout: 20_000, interval: 5 };

const USERS = [
  1,
  "1",
  -1.5e-7,
  "a|b",
  "1|2|3|",
  "\u0000",
  "\ud800",
  "ünï ' \" \\ % _",
  "😀".repeat(128),
  "__proto__",
  "[1]",
] as const;

type Open = (client: number) => Promise<SessionStore>;

/** @param pushes whether the store has messages */
function define(makeOpen: () => Promise<Open>, pushes: boolean): void {
  test("each ending is told once elsewhere, and never where it was done, while requests read all the time", async () => {
    const open = await makeOpen();
    const config = { session: { maxPerUser: 2, onMaxPerUser: "end-oldest" } } as const;
    const [a, b] = [await follow(await open(0), { feed: { bound: "50ms" }, config }), await follow(await open(1))];
    const { sessions } = a;
    const wanted: string[] = [];
    const probe = await sessions.createNewSession("probe");
    const work = { isDone: false };
    // Its reads meet its own commits.
    const requests = (async () => {
      while (!work.isDone) {
        a.advance(51);
        expect(await a.ask(probe.accessToken)).toBe("ok");
      }
    })();
    const ends = Array.from({ length: 8 }, async (_, index) => {
      const user = `user ${index}`;
      // The limit ends the oldest, so no two begin in one ms.
      const signIn = async (): Promise<string> => {
        a.advance(1);
        return (await sessions.createNewSession(user)).session.handle;
      };
      const [one, two] = [await signIn(), await signIn()];
      // The limit.
      const three = await signIn();
      await sessions.revokeSessionUsingSessionHandle(two);
      await sessions.revokeAllSessionsForUser(user, { except: three });
      await sessions.revokeAllSessionsForUser(user);
      wanted.push(one, two, `all of "${user}" but ${three}`, `all of "${user}"`);
    });
    await Promise.all(ends);
    work.isDone = true;
    await requests;
    for (let turn = 0; turn < 3; turn += 1) {
      for (const side of [a, b]) side.advance(BOUND + 1);
      for (const side of [a, b]) expect(await side.ask(probe.accessToken)).toBe("ok");
    }
    expect(b.heard.toSorted()).toEqual(wanted.toSorted());
    expect(a.heard).toEqual([]);
  });

  test("the end of everybody's sessions is told, and claims bring a new token", async () => {
    const open = await makeOpen();
    const [a, b] = [await follow(await open(0)), await follow(await open(1))];
    const { session, accessToken } = await a.sessions.createNewSession("alice", { role: "admin" });
    expect(await b.ask(accessToken)).toBe("ok");
    await a.sessions.updateJwtPayload(session.handle, { role: "none" });
    b.advance(BOUND + 1);
    const fresh = await b.sessions.getSession(accessToken.value);
    expect(fresh.session.jwtPayload).toEqual({ role: "none" });
    expect(fresh.newAccessToken?.expires).toBe(accessToken.expires);
    expect(await b.sessions.getSession(fresh.newAccessToken?.value ?? "")).toEqual({ session: fresh.session });
    await a.sessions.revokeAllSessions();
    b.advance(BOUND + 1);
    expect(await b.ask(accessToken)).not.toBe("ok");
    expect(b.heard).toContain("everybody");
    expect(a.heard).toEqual([]);
  });

  test("users of every kind of id are told apart", async () => {
    const open = await makeOpen();
    const [a, b] = [await follow(await open(0)), await follow(await open(1))];
    const tokens = await Promise.all(USERS.map(async (id) => (await a.sessions.createNewSession(id)).accessToken));
    const outcomes = (): Promise<string[]> => Promise.all(tokens.map((token) => b.ask(token)));
    expect(await outcomes()).toEqual(USERS.map(() => "ok"));
    for (const turn of [0, 1]) {
      for (const [index, id] of USERS.entries()) if (index % 2 === turn) await a.sessions.revokeAllSessionsForUser(id);
      b.advance(BOUND + 1);
      expect(await outcomes()).toEqual(USERS.map((_, index) => (index % 2 <= turn ? REVOKED : "ok")));
    }
    expect(b.heard.toSorted()).toEqual(USERS.map((id) => `all of ${JSON.stringify(id)}`).toSorted());
  });

  test("who signs in right after the end of all sessions of the user stays signed in", async () => {
    const open = await makeOpen();
    const [a, b] = [await follow(await open(0)), await follow(await open(1))];
    const before = await a.sessions.createNewSession("alice");
    await a.sessions.revokeAllSessionsForUser("alice");
    const after = await a.sessions.createNewSession("alice");
    for (const side of [a, b]) {
      side.advance(BOUND + 1);
      expect([await side.ask(before.accessToken), await side.ask(after.accessToken)]).toEqual([REVOKED, "ok"]);
    }
    // The row is not asked for again.
    const asked: string[] = [];
    b.sessions.observeStore((operation) => void asked.push(operation));
    expect(await b.ask(after.accessToken)).toBe("ok");
    expect(asked).toEqual([]);
    await a.sessions.revokeAllSessionsForUser("alice");
    b.advance(BOUND + 1);
    expect(await b.ask(after.accessToken)).toBe(REVOKED);
  });

  test("old code that logs nothing: a token works on until it expires, and no refresh does", async () => {
    const open = await makeOpen();
    const old = await open(0);
    const b = await follow(await open(1));
    const { session, accessToken, refreshToken } = await b.sessions.createNewSession("alice");
    await old.deleteSession(session.handle);
    b.advance(BOUND + 1);
    expect(await b.ask(accessToken)).toBe("ok");
    expect(await outcomeOf(b.sessions.refreshSession(refreshToken.value))).toBe(REVOKED);
    b.advance(15 * 60_000);
    expect(await b.ask(accessToken)).not.toBe("ok");
    await old.close();
  });

  test(`with \`listen\` a process without requests knows ${pushes ? "at once" : "within the bound"}`, async () => {
    const open = await makeOpen();
    const feed = { listen: true, bound: pushes ? SLOW : "1s" } as const;
    const [a, b] = [await follow(await open(0), { feed }), await follow(await open(1), { feed })];
    for (const user of ["alice", "bob"]) {
      const { session, accessToken } = await a.sessions.createNewSession(user);
      expect(await b.ask(accessToken)).toBe("ok");
      await a.sessions.revokeSessionUsingSessionHandle(session.handle);
      await expect.poll(() => b.heard, AT_ONCE).toContain(session.handle);
      expect(await b.ask(accessToken)).toBe(REVOKED);
    }
    expect(a.heard).toEqual([]);
  });
}

afterAll(removeDatabases);

for (const database of databases) {
  describeDatabase(database, () => {
    const pushes = !/MariaDB|MySQL|Galera/.test(database.name);
    define(async () => {
      const address = await database.makeEmpty();
      return (client) => openStore(address(client));
    }, pushes);
  });
}

describe("memory", () => {
  define(async () => {
    const store = memory();
    return async () => store;
  }, true);
});

const onServers = databases.filter(({ name }) => ["MariaDB, mysql2", "PostgreSQL, pg"].includes(name));

for (const database of onServers) {
  describeDatabase(database, () => {
    test("a commit that was held for 12 s is not missed, though readers have passed its time", async () => {
      const addressOf = await database.makeEmpty();
      const address = addressOf(0);
      const b = await follow(await openStore(address));
      const { session, accessToken } = await b.sessions.createNewSession("alice");
      const slow = await beginSlowly(address, session.handle, 12_000);
      b.advance(BOUND + 1);
      expect(await b.ask(accessToken)).toBe("ok");
      b.advance(BOUND + 1);
      expect(await b.ask(accessToken)).toBe("ok");
      await slow.commit();
      b.advance(BOUND + 1);
      expect(await b.ask(accessToken)).toBe(REVOKED);
    });
  });
}

/** Ends a session in a transaction that stays open, as one that has begun so many ms ago. */
async function beginSlowly(address: StoreAddress, handle: string, ago: number) {
  if (!("url" in address)) throw new Error("this is for SQL");
  const isMysql = address.by === "mysql2";
  const statements = [
    isMysql ? "START TRANSACTION" : "BEGIN",
    `DELETE FROM counterfoil_session WHERE handle = '${handle}'`,
    `INSERT INTO counterfoil_revocation (logged_at, id, kind, subject, expires_at)
      VALUES (${Date.now() - ago}, 'slow', 1, '${handle}', ${Date.now() + 3_600_000})`,
  ];
  if (isMysql) {
    const connection = await createConnection(address.url);
    for (const text of statements) await connection.query(text);
    return { commit: async () => (await connection.commit(), connection.end()) };
  }
  const client = new pg.Client({ connectionString: address.url });
  await client.connect();
  for (const text of statements) await client.query(text);
  return { commit: async () => (await client.query("COMMIT"), client.end()) };
}
