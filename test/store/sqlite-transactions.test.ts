/** Sessions on a connection of the app's own, while the app has a transaction open on it. */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { createSessions, type CounterfoilConfig, type Sessions } from "counterfoil";
import { sqlite, type SqliteDatabase } from "counterfoil/sqlite";
import { describe, expect, onTestFinished, test } from "vitest";
import { newRecord, newUser } from "../../src/lib/testing/store/rows.ts";
import { caught, openBetterSqlite, outcomeOf, SECRET, temporaryFolder } from "./fixtures.ts";

const DRIVERS: readonly (readonly [string, (path: string) => SqliteDatabase])[] = [
  ["node:sqlite", (path) => new DatabaseSync(path)],
  ["better-sqlite3", openBetterSqlite],
];

describe.each(DRIVERS)("%s", (_, openDatabase) => {
  function openFile(): { readonly database: SqliteDatabase; readonly path: string } {
    const path = join(temporaryFolder(), "app.db");
    const database = openDatabase(path);
    onTestFinished(() => void database.close());
    return { database, path };
  }

  const open = (database: SqliteDatabase, session: CounterfoilConfig["session"] = {}): Sessions =>
    createSessions({ store: sqlite({ database }), secret: SECRET, session });

  test.each([
    ["the default limit", {}],
    ["a limit that refuses", { maxPerUser: 2, onMaxPerUser: "refuse" }],
    ["a limit that ends the oldest", { maxPerUser: 1, onMaxPerUser: "end-oldest" }],
    ["no limit", { maxPerUser: false }],
  ] as const)("a sign-in with %s is done or undone along with it", async (_name, session) => {
    const { database } = openFile();
    const sessions = open(database, session);
    const first = await sessions.createNewSession("alice");
    const handles = (): Promise<string[]> => sessions.getAllSessionHandlesForUser("alice");

    database.exec("BEGIN");
    const lost = await sessions.createNewSession("alice");
    expect(await handles()).toContain(lost.session.handle);
    database.exec("ROLLBACK");
    expect(await handles()).toEqual([first.session.handle]);
    // What nobody has any more is a session that is not there, and no theft.
    expect(await outcomeOf(sessions.refreshSession(lost.refreshToken.value))).toBe("UNAUTHORISED/SESSION_NOT_FOUND");

    database.exec("BEGIN");
    const kept = await sessions.createNewSession("alice");
    database.exec("COMMIT");
    expect(await handles()).toContain(kept.session.handle);
    expect(await outcomeOf(sessions.refreshSession(kept.refreshToken.value))).toBe("ok");
  });

  test("a sign-in that replaces a session: both are as the transaction ends", async () => {
    const { database } = openFile();
    const store = sqlite({ database });
    const userKey = newUser();
    const [old, next] = [newRecord({ userKey }), newRecord({ userKey })];
    await store.createSession(old, undefined);
    for (const end of ["ROLLBACK", "COMMIT"]) {
      database.exec("BEGIN");
      expect(await store.createSession(next, undefined, old.handle)).toMatchObject({ created: true, replaced: true });
      database.exec(end);
      const found = [await store.findSession(old.handle), await store.findSession(next.handle)].map(Boolean);
      expect(found).toEqual(end === "COMMIT" ? [false, true] : [true, false]);
    }
  });

  test("an operation that fails undoes its own part, and leaves the app's to the app", async () => {
    const { database } = openFile();
    const store = sqlite({ database });
    const [old, row] = [newRecord(), newRecord()];
    for (const each of [old, row]) await store.createSession(each, undefined);
    database.exec("CREATE TABLE app (id INTEGER); BEGIN; INSERT INTO app VALUES (1)");
    await expect(store.createSession(row, undefined, old.handle)).rejects.toThrow("UNIQUE");
    expect(await store.findSession(old.handle)).toBeDefined();
    database.exec("COMMIT");
    expect(database.prepare("SELECT count(*) AS count FROM app").get()).toMatchObject({ count: 1 });
  });

  test("tables that are made in it go with it, and are made again", async () => {
    const { database } = openFile();
    const store = sqlite({ database });
    database.exec("BEGIN");
    await store.prepare();
    const row = newRecord();
    await store.createSession(row, undefined);
    database.exec("ROLLBACK");
    await expect(store.findSession(row.handle)).rejects.toMatchObject({ code: "SCHEMA_MISSING" });
    await store.createSession(row, undefined);
    expect(await store.findSession(row.handle)).toBeDefined();
  });

  test("no signing key is made in it, which the process would sign with after it is undone", async () => {
    const { database } = openFile();
    const sessions = open(database);
    database.exec("BEGIN");
    expect(await caught(sessions.createNewSession("alice"))).toMatchObject({
      code: "STORE_UNAVAILABLE",
      message: expect.stringContaining("await ready() before the first transaction") as string,
    });
    database.exec("ROLLBACK");
    const { refreshToken, accessToken } = await sessions.createNewSession("alice");
    database.exec("BEGIN");
    expect(await outcomeOf(sessions.rotateSigningKey())).toBe("GENERAL_ERROR/STORE_UNAVAILABLE");
    database.exec("ROLLBACK");
    // Another process knows every key that has signed.
    const other = open(database);
    expect(await outcomeOf(other.getSession(accessToken.value))).toBe("ok");
    expect(await outcomeOf(other.refreshSession(refreshToken.value))).toBe("ok");
  });

  test("a revocation that is rolled back leaves the session alive, also in the feed of this process", async () => {
    const { database, path } = openFile();
    const feed = { tokens: { accessToken: { revocation: "feed" } } } as const;
    const sessions = createSessions({ store: sqlite({ database }), secret: SECRET, ...feed });
    const other = createSessions({ store: sqlite({ path }), secret: SECRET, ...feed });
    for (const each of [sessions, other]) onTestFinished(() => each.close());
    const outcome = (token: string): Promise<string> => outcomeOf(sessions.getSession(token));
    const endings: readonly ((handle: string, userId: string) => Promise<unknown>)[] = [
      (handle) => sessions.revokeSessionUsingSessionHandle(handle),
      (_handle, userId) => sessions.revokeAllSessionsForUser(userId),
    ];
    for (const [index, end] of endings.entries()) {
      const userId = `user ${index}`;
      const { session, accessToken, refreshToken } = await sessions.createNewSession(userId);
      expect(await outcome(accessToken.value)).toBe("ok");

      database.exec("BEGIN");
      await end(session.handle, userId);
      // A read on this connection would see the entry.
      await expect.poll(() => sessions.stats().feedLag).toBeGreaterThan(1000);
      expect(await outcome(accessToken.value)).toBe("UNAUTHORISED/SESSION_NOT_FOUND");
      database.exec("ROLLBACK");
      expect(await outcome(accessToken.value)).toBe("ok");
      expect(await outcomeOf(sessions.refreshSession(refreshToken.value))).toBe("ok");

      database.exec("BEGIN");
      await end(session.handle, userId);
      database.exec("COMMIT");
      for (const each of [sessions, other])
        await expect.poll(() => outcomeOf(each.getSession(accessToken.value))).toBe("UNAUTHORISED/SESSION_NOT_FOUND");
    }
  });

  test("a transaction that has read what another has changed since fails at once", async () => {
    const { database, path } = openFile();
    database.exec("PRAGMA journal_mode = WAL");
    let tries = 0;
    const exec = (sql: string): unknown => {
      if (sql.startsWith("BEGIN IMMEDIATE")) tries += 1;
      return database.exec(sql);
    };
    const counted = { exec, prepare: (sql: string) => database.prepare(sql), close: () => database.close() };
    const store = sqlite({ database: counted });
    await store.prepare();
    tries = 0;
    const rival = openDatabase(path);
    onTestFinished(() => void rival.close());
    database.exec("BEGIN");
    await store.findSession("nobody");
    rival.exec("CREATE TABLE rival (id INTEGER)");
    await expect(store.createSession(newRecord(), { max: 1, onLimit: "end-oldest" })).rejects.toThrow("locked");
    expect(tries).toBe(1);
    database.exec("ROLLBACK");
    expect(await store.createSession(newRecord(), undefined)).toMatchObject({ created: true });
  });
});
