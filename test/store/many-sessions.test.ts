/** A user with thousands of sessions: no call of the store answers more than a part of them. */
import { DatabaseSync } from "node:sqlite";
import { createSessions, type Sessions } from "counterfoil";
import { memory } from "counterfoil/memory";
import { sqlite } from "counterfoil/sqlite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { toUserKey } from "../../src/lib/session/user-id.ts";
import type { SessionStore } from "../../src/lib/session/session-store.ts";
import { newRecord, T0 } from "../../src/lib/testing/store/rows.ts";
import { bound } from "../fixtures/bounds.ts";
import { databases, describeDatabase, removeDatabases, type TestDatabase } from "./databases.ts";
import { SECRET } from "./fixtures.ts";
import { openStore } from "./open-store.ts";

const MANY = bound(2_000, 10_000);
/** Twenty sessions begin in each millisecond. */
const MILLISECONDS = MANY / 20;
const userKey = toUserKey("alice");
const SERVERS = ["MariaDB, mysql2", "MySQL's SQL, mysql2", "PostgreSQL, pg", "Redis, node-redis"];

afterAll(removeDatabases);

/** What a process does aside, once a minute. */
const UPKEEP: ReadonlySet<string> = new Set(["takeLease", "deleteExpiredSessions", "readClock", "findFault"]);

/** How many rows or handles each call of the store answered, by operation. */
function counting(inner: SessionStore): { readonly store: SessionStore; readonly take: () => [string, number][] } {
  const answers: [string, number][] = [];
  const rowsOf = (result: unknown): number => {
    if (Array.isArray(result)) return result.length;
    return typeof result === "object" && result !== null && "ended" in result && Array.isArray(result.ended)
      ? result.ended.length
      : Number(result !== undefined && result !== false);
  };
  const store = new Proxy(inner, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      // No operations: they answer at once.
      if (["watch", "isProvisional", "logFault"].includes(String(name))) return member.bind(target) as unknown;
      return async (...args: unknown[]): Promise<unknown> => {
        const result: unknown = await Reflect.apply(member, target, args);
        if (!UPKEEP.has(String(name))) answers.push([String(name), rowsOf(result)]);
        return result;
      };
    },
  });
  return { store, take: () => answers.splice(0) };
}

/** The expiry is far away. */
async function fill(store: SessionStore): Promise<void> {
  await store.prepare();
  let index = 0;
  const work = async (): Promise<void> => {
    while (index < MANY) {
      index += 1;
      const record = newRecord({ userKey, createdAt: T0 - 1000 + Math.floor(index / 20) });
      await store.createSession({ ...record, expiresAt: T0 + 80_000_000 }, undefined);
    }
  };
  await Promise.all(Array.from({ length: 10 }, work));
}

function define(open: () => Promise<SessionStore>): void {
  let sessions: Sessions;
  let take: () => [string, number][];
  const start = (store: SessionStore, config: object): Sessions =>
    createSessions({ store, secret: SECRET, clock: () => T0, ...config });

  beforeAll(async () => {
    const opened = counting(await open());
    await fill(opened.store);
    sessions = start(opened.store, { session: { maxPerUser: false } });
    await sessions.createNewSession("bob");
    take = opened.take;
    take();
  });
  afterAll(() => sessions.close());

  test("a page reads its rows, at the front, in the middle and at the end", async () => {
    const limit = 100;
    for (const createdAt of [T0, T0 - 1000 + MILLISECONDS / 2, T0 - 999]) {
      const page = await sessions.getSessionsForUser("alice", { limit, after: `${createdAt}.${"A".repeat(24)}` });
      expect(page.sessions.every((one) => one.createdAt <= createdAt)).toBe(true);
      expect(page.sessions.length).toBe(createdAt === T0 - 999 ? 19 : limit);
    }
    expect(take()).toEqual([
      ["listSessionsOfUser", 101],
      ["listSessionsOfUser", 101],
      ["listSessionsOfUser", 19],
    ]);
  });

  test("the whole list comes in parts, complete and in order", async () => {
    const handles = await sessions.getAllSessionHandlesForUser("alice");
    expect(new Set(handles).size).toBe(MANY);
    const calls = take();
    expect(calls.length).toBe(MANY / 250);
    expect(Math.max(...calls.map(([, rows]) => rows))).toBe(251);
    const { handles: first } = await sessions.getAllSessionHandlesForUser("alice", { limit: 1000 });
    expect(first).toEqual(handles.slice(0, 1000));
    take();
  });

  test("one sign-in under the default limit ends 100, and the end of one session is one row", async () => {
    const limited = start(counting(await open()).store, {});
    const revoked: number[] = [];
    limited.on("session-revoked", ({ handles }) => void revoked.push(handles.length));
    const { session } = await limited.createNewSession("alice");
    expect(revoked).toEqual([100]);
    expect(await sessions.revokeSessionUsingSessionHandle(session.handle)).toBe(true);
    expect(take().at(-1)).toEqual(["deleteSession", 1]);
    await limited.close();
  });

  test("the end of all but one goes in parts", async () => {
    const { handles } = await sessions.getAllSessionHandlesForUser("alice", { limit: 1 });
    take();
    expect(await sessions.revokeAllSessionsForUser("alice", { except: handles[0] ?? "" })).toBe(MANY - 101);
    const calls = take();
    expect(new Set(calls.map(([name]) => name))).toEqual(new Set(["deleteSessionsOfUser"]));
    expect(calls.length).toBe(1 + Math.floor((MANY - 101) / 200));
    expect(Math.max(...calls.map(([, rows]) => rows))).toBe(200);
    expect(await sessions.getAllSessionHandlesForUser("alice")).toEqual(handles);
  });
}

describe("memory", () => {
  const store = { ...memory(), close: async () => undefined };
  define(async () => store);
});

describe("SQLite", () => {
  const database = new DatabaseSync(":memory:");
  define(async () => sqlite({ database }));
});

function defineOn(database: TestDatabase): void {
  let address: ReturnType<Awaited<ReturnType<TestDatabase["makeEmpty"]>>> | undefined;
  define(async () => openStore((address ??= (await database.makeEmpty())(0))));
}

for (const database of databases.filter(({ name }) => SERVERS.includes(name)))
  describeDatabase(database, () => defineOn(database));
