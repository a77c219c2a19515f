import { mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { createSessions, Error as AuthError } from "counterfoil";
import { sqlite, type SqliteDatabase } from "counterfoil/sqlite";
import { describe, expect, onTestFinished, test } from "vitest";
import { newRecord, randomName, T0 } from "../../src/lib/testing/store/rows.ts";
import { caught, openBetterSqlite, outcomeOf, SECRET, temporaryFolder } from "./fixtures.ts";

const DOWN = "GENERAL_ERROR/STORE_UNAVAILABLE";

describe("what is in the way at the start, and goes away", () => {
  const OBSTACLES: readonly { what: string; put: (folder: string) => void; clear: (folder: string) => void }[] = [
    { what: "a missing folder", put: () => undefined, clear: (folder) => mkdirSync(join(folder, "db")) },
    {
      what: "a file in the folder's place",
      put: (folder) => writeFileSync(join(folder, "db"), ""),
      clear: (folder) => (rmSync(join(folder, "db")), mkdirSync(join(folder, "db"))),
    },
    {
      what: "a folder in the file's place",
      put: (folder) => mkdirSync(join(folder, "db/sessions.db"), { recursive: true }),
      clear: (folder) => rmdirSync(join(folder, "db/sessions.db")),
    },
    {
      what: "garbage in the file",
      put: (folder) => (mkdirSync(join(folder, "db")), writeFileSync(join(folder, "db/sessions.db"), "x".repeat(9000))),
      clear: (folder) => rmSync(join(folder, "db/sessions.db")),
    },
    {
      what: "a folder in the secret's place",
      put: (folder) => mkdirSync(join(folder, "db/sessions.db.secret"), { recursive: true }),
      clear: (folder) => rmdirSync(join(folder, "db/sessions.db.secret")),
    },
    {
      what: "a folder in the place of a new secret",
      put: (folder) => mkdirSync(join(folder, "db/.sessions.db.secret"), { recursive: true }),
      clear: (folder) => rmdirSync(join(folder, "db/.sessions.db.secret")),
    },
    {
      what: "half a secret",
      put: (folder) => (mkdirSync(join(folder, "db")), writeFileSync(join(folder, "db/sessions.db.secret"), "short")),
      clear: (folder) => rmSync(join(folder, "db/sessions.db.secret")),
    },
  ];

  test.each(OBSTACLES)(
    "$what: STORE_UNAVAILABLE with its cause, then the same instance works",
    async ({ what, put, clear }) => {
      const folder = temporaryFolder();
      put(folder);
      const sessions = createSessions({ store: sqlite({ path: join(folder, "db/sessions.db") }) });
      for (const call of [sessions.ready(), sessions.createNewSession("alice"), sessions.getSession("garbage")]) {
        const error = await caught(call);
        expect(error).toMatchObject({ errType: AuthError.GENERAL_ERROR, code: "STORE_UNAVAILABLE" });
        expect(error.cause).toBeInstanceOf(Error);
      }
      if (!what.includes("secret"))
        expect((await caught(sessions.ready())).message).toContain(join(folder, "db/sessions.db"));
      clear(folder);
      const { refreshToken, accessToken, antiCsrfToken } = await sessions.createNewSession("alice");
      expect(await outcomeOf(sessions.getSession(accessToken.value, antiCsrfToken))).toBe("ok");
      expect(await outcomeOf(sessions.refreshSession(refreshToken.value))).toBe("ok");
      await sessions.close();
    },
  );
});

describe("faults while it runs", () => {
  test.each([
    ["node:sqlite", (path: string): SqliteDatabase => new DatabaseSync(path)],
    ["better-sqlite3", openBetterSqlite],
  ])("a rival that holds the lock at the start is waited for, without a timeout of the driver: %s", async (_, open) => {
    const path = join(temporaryFolder(), "app.db");
    const [rival, database] = [open(path), open(path)];
    onTestFinished(() => (rival.close(), void database.close()));
    database.exec("PRAGMA busy_timeout = 0");
    rival.exec("BEGIN EXCLUSIVE");
    const ready = outcomeOf(createSessions({ store: sqlite({ database }), secret: SECRET }).ready());
    for (let turn = 0; turn < 1000; turn += 1) await new Promise(setImmediate);
    rival.exec("COMMIT");
    expect(await ready).toBe("ok");
  });

  test("a file that is overwritten with garbage and then restored: nobody is logged out, the same instance goes on", async () => {
    const folder = temporaryFolder();
    const path = join(folder, "sessions.db");
    const alarms: unknown[] = [];
    const sessions = createSessions({ store: sqlite({ path }), secret: SECRET, clock: () => T0 });
    sessions.on("reuse-detected", (event) => alarms.push(event));
    const { session, accessToken, refreshToken } = await sessions.createNewSession("alice", { role: "admin" });
    const operator = new DatabaseSync(path);
    operator.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    operator.close();
    const backup = readFileSync(path);

    writeFileSync(path, "garbage ".repeat(10_000));
    const calls = [sessions.refreshSession(refreshToken.value), sessions.createNewSession("bob")];
    expect(await Promise.all(calls.map(outcomeOf))).toEqual([DOWN, DOWN]);
    expect(await outcomeOf(sessions.revokeSessionUsingSessionHandle(session.handle))).toBe(DOWN);
    expect(await outcomeOf(sessions.getSession(accessToken.value))).toBe("ok");

    for (const file of [`${path}-wal`, `${path}-shm`]) rmSync(file, { force: true });
    writeFileSync(path, backup);
    const refreshed = await sessions.refreshSession(refreshToken.value);
    expect(refreshed.session).toEqual({ handle: session.handle, userId: "alice", jwtPayload: { role: "admin" } });
    expect(alarms).toEqual([]);
    await sessions.close();
    const next = createSessions({ store: sqlite({ path }), secret: SECRET, clock: () => T0 });
    expect(await outcomeOf(next.refreshSession(refreshed.newRefreshToken.value))).toBe("ok");
    await next.close();
  });

  test("a full disk: refused with its cause, the sessions are untouched, and it goes on when there is room", async () => {
    const database = new DatabaseSync(join(temporaryFolder(), "app.db"));
    onTestFinished(() => database.close());
    const sessions = createSessions({ store: sqlite({ database }), secret: SECRET, clock: () => T0 });
    const { session, refreshToken } = await sessions.createNewSession("alice");
    database.exec(`PRAGMA max_page_count = ${String(database.prepare("PRAGMA page_count").get()?.["page_count"])}`);
    const error = await caught(sessions.createNewSession("bob", {}, { long: randomName(100_000) }));
    expect(error).toMatchObject({ code: "STORE_UNAVAILABLE", cause: { message: expect.stringContaining("full") } });
    expect(error.message).toMatch(
      /^there is no room left for .*app\.db; make room on its disk; sessions are untouched/,
    );
    expect(await sessions.getAllSessionHandlesForUser("alice")).toEqual([session.handle]);
    database.exec("PRAGMA max_page_count = 100000");
    expect(await outcomeOf(sessions.createNewSession("bob", {}, { long: randomName(100_000) }))).toBe("ok");
    expect(await outcomeOf(sessions.refreshSession(refreshToken.value))).toBe("ok");
  });
});

describe("what is wrong with the file is said, of either driver", () => {
  const DRIVERS: readonly [string, (path: string) => SqliteDatabase][] = [
    ["node:sqlite", (path) => new DatabaseSync(path)],
    ["better-sqlite3", openBetterSqlite],
  ];

  test.each(DRIVERS)("garbage, and a right that is missing: %s", async (_, open) => {
    const path = join(temporaryFolder(), "app.db");
    writeFileSync(path, "garbage ".repeat(1000));
    const garbage = await caught(createSessions({ store: sqlite({ database: open(path) }), secret: SECRET }).ready());
    expect(garbage.message).toMatch(/^the SQLite database is no SQLite file, or is encrypted; check its path/);
    rmSync(path);
    const database = open(path);
    const sessions = createSessions({ store: sqlite({ database }), secret: SECRET });
    await sessions.ready();
    database.exec("PRAGMA query_only = ON");
    const { message } = await caught(sessions.createNewSession("alice"));
    expect(message).toBe(
      `${path} cannot be written; check the rights on it and on its folder; sessions are untouched, and it is asked again by the next call`,
    );
  });
});

describe("faults that it gets over", () => {
  test("a lock that is held for longer than its patience, and then released", async () => {
    const path = join(temporaryFolder(), "app.db");
    const [rival, database] = [new DatabaseSync(path), new DatabaseSync(path)];
    onTestFinished(() => (rival.close(), database.close()));
    rival.exec("BEGIN EXCLUSIVE");
    const sessions = createSessions({ store: sqlite({ database }), secret: SECRET });
    const { code, message } = await caught(sessions.ready());
    rival.exec("COMMIT");
    expect([code, await outcomeOf(sessions.ready())]).toEqual(["STORE_UNAVAILABLE", "ok"]);
    expect(message).toMatch(/^another connection keeps .* locked; end its transaction/);
  });

  test("a statement that fails, in memory", async () => {
    const store = sqlite({ path: ":memory:" });
    const row = newRecord();
    await store.createSession(row, undefined);
    await expect(store.createSession(row, undefined)).rejects.toThrow("UNIQUE");
    expect(await store.findSession(row.handle)).toBeDefined();
  });

  test("a secret that is missing and then put back", async () => {
    const folder = temporaryFolder();
    const path = join(folder, "sessions.db");
    const file = join(folder, ".sessions.db.secret");
    const before = createSessions({ store: sqlite({ path }) });
    const { refreshToken } = await before.createNewSession("alice");
    await before.close();
    const secret = readFileSync(file);
    rmSync(file);
    const sessions = createSessions({ store: sqlite({ path }) });
    onTestFinished(() => sessions.close());
    const first = await outcomeOf(sessions.ready());
    writeFileSync(file, secret, { mode: 0o600 });
    const second = await outcomeOf(sessions.refreshSession(refreshToken.value));
    expect([first, second]).toEqual(["GENERAL_ERROR/SECRET_MISMATCH", "ok"]);
  });

  test("closing while a call is under way", async () => {
    const folder = temporaryFolder();
    const sessions = createSessions({ store: sqlite({ path: join(folder, "sessions.db") }), secret: SECRET });
    const { refreshToken } = await sessions.createNewSession("alice");
    await Promise.allSettled([sessions.refreshSession(refreshToken.value), sessions.close()]);
    // The last connection takes the two files beside the database with it.
    expect(readdirSync(folder)).toEqual(["sessions.db"]);
  });

  const CONNECTIONS: readonly [string, () => SqliteDatabase][] = [
    ["node:sqlite, readBigInts", () => new DatabaseSync(":memory:", { readBigInts: true })],
    ["node:sqlite, returnArrays", () => new DatabaseSync(":memory:", { returnArrays: true })],
    [
      "better-sqlite3, defaultSafeIntegers",
      () => {
        const database = openBetterSqlite(":memory:") as SqliteDatabase & { defaultSafeIntegers(on: boolean): void };
        database.defaultSafeIntegers(true);
        return database;
      },
    ],
  ];

  test.each(CONNECTIONS)("an app's own connection that reads rows in its own way is refused: %s", async (_, open) => {
    const sessions = createSessions({ store: sqlite({ database: open() }), secret: SECRET });
    await expect(sessions.createNewSession("alice")).rejects.toMatchObject({
      code: "ARGUMENT_INVALID",
      message: expect.stringContaining("without readBigInts") as string,
    });
  });
});
