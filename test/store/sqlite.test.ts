import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { ConfigError, createSessions, Error as AuthError } from "counterfoil";
import { sqlite, type SqliteDatabase } from "counterfoil/sqlite";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { readMigrations, schemaScript } from "../../src/lib/store/migrations.ts";
import { column } from "../../src/lib/store/sql/sql-statements.ts";
import { newRecord, newUser, T0 } from "../../src/lib/testing/store/rows.ts";
import { caught, outcomeOf, rowOfVersionBefore, SECRET, temporaryFolder } from "./fixtures.ts";

function openDatabase(path = ":memory:"): DatabaseSync {
  const database = new DatabaseSync(path);
  onTestFinished(() => (database.isOpen ? database.close() : undefined));
  return database;
}

const valueOf = (database: DatabaseSync, sql: string): unknown => Object.values(database.prepare(sql).get() ?? {})[0];

describe("schema", () => {
  /** Every statement that the store prepares, as it ships. */
  async function statementsOf(database: DatabaseSync): Promise<string[]> {
    const prepared: string[] = [];
    const recording: SqliteDatabase = {
      exec: (sql) => database.exec(sql),
      prepare: (sql) => database.prepare((prepared.push(sql), sql)),
      close: () => database.close(),
    };
    const store = sqlite({ database: recording });
    await store.prepare();
    await store.deleteExpiredSessions(0, 200);
    await store.listSessionsOfUser("nobody", 0, { limit: 100 });
    await store.deleteSessionsOfUser("nobody", undefined, 100);
    return prepared.filter((sql) => sql.includes("counterfoil_session") && !sql.startsWith("INSERT"));
  }

  const planOf = (database: DatabaseSync, sql: string): string =>
    database
      .prepare(`EXPLAIN QUERY PLAN ${sql}`)
      .all()
      .map((step) => step["detail"])
      .join("; ");

  test.each(["fresh", "analyzed"])("listing, deleting by user and sweeping use the indexes: %s", async (state) => {
    const database = openDatabase();
    const statements = await statementsOf(database);
    if (state === "analyzed") {
      const store = sqlite({ database });
      const users = Array.from({ length: 500 }, () => newUser());
      for (let index = 0; index < 2000; index += 1) {
        const times = { createdAt: T0 + index, expiresAt: T0 + index * 1000 };
        await store.createSession(newRecord({ userKey: users[index % 500] ?? "", ...times }), undefined);
      }
      database.exec("ANALYZE");
    }
    const plan = (start: RegExp): string => planOf(database, statements.find((sql) => start.test(sql)) ?? "");
    // By the index alone: it sorts nothing, so a page reads no more than its rows.
    expect(plan(/^SELECT [^;]*WHERE user_key = \?.*created_at <= \?/)).toMatch(
      /^SEARCH \S+ USING INDEX counterfoil_session_user \(user_key=\? AND created_at<\?\)$/,
    );
    const removal = plan(/^DELETE [^;]*WHERE user_key = \?/);
    expect(removal).toMatch(/SEARCH \S+ USING COVERING INDEX counterfoil_session_user \(user_key=\?\)/);
    expect(removal).not.toContain("B-TREE");
    expect(plan(/^DELETE [^;]*expires_at <= \?/)).toContain(
      "USING COVERING INDEX counterfoil_session_expiry (expires_at>? AND expires_at<?)",
    );
    expect(statements.length).toBeGreaterThanOrEqual(9);
    for (const sql of statements) expect(planOf(database, sql)).not.toMatch(/SCAN counterfoil_session/);
  });

  test("both tables are STRICT and refuse a value of another type", async () => {
    const database = openDatabase();
    await sqlite({ database }).prepare();
    const tables = database.prepare("PRAGMA table_list").all();
    for (const name of ["counterfoil_session", "counterfoil_key"])
      expect(tables.find((table) => table["name"] === name)).toMatchObject({ strict: 1, wr: 1 });
    expect(() => database.exec("INSERT INTO counterfoil_key VALUES ('kid', 'one', 'HS256', 'seed', 1, 1)")).toThrow(
      "cannot store TEXT value in INTEGER column",
    );
  });

  test("each migration file is recorded once, however often the store starts", async () => {
    const path = join(temporaryFolder(), "sessions.db");
    for (let start = 0; start < 3; start += 1) {
      const store = sqlite({ path });
      await store.prepare();
      await store.close();
    }
    const files = readdirSync(new URL("../../migrations/sqlite/", import.meta.url)).filter((file) =>
      file.endsWith(".sql"),
    );
    const recorded = openDatabase(path).prepare("SELECT version FROM counterfoil_migration ORDER BY version").all();
    expect(recorded.map((row) => row["version"])).toEqual(files.toSorted().map((file) => Number(file.slice(0, 4))));
  });

  test("one of the version before is brought up to date, with its sessions", async () => {
    const database = openDatabase();
    database.exec(schemaScript("sqlite", undefined, 0, (...args) => readMigrations(...args).slice(0, -1)));
    const { row, read } = rowOfVersionBefore();
    const columns = Object.keys(row).map(column);
    const insert = `INSERT INTO counterfoil_session (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")})`;
    database.prepare(insert).run(...Object.values(row));
    const store = sqlite({ database });
    await store.prepare();
    expect(await store.findSession(String(row["handle"]))).toEqual(read);
    const noted = database.prepare("SELECT version, oldest FROM counterfoil_migration ORDER BY version DESC").get();
    const newest = readMigrations("sqlite").at(-1);
    expect(noted).toEqual({ version: newest?.version, oldest: newest?.oldest });
  });

  test("a table that is gone from a newer schema is left to the newer version", async () => {
    const database = openDatabase();
    await sqlite({ database }).prepare();
    database.exec("INSERT INTO counterfoil_migration VALUES (9999, 1); DROP TABLE counterfoil_key");
    const error = await caught(createSessions({ store: sqlite({ database }), secret: SECRET }).ready());
    expect(error).toMatchObject({
      code: "SCHEMA_MISSING",
      message: expect.stringContaining("start the newer version") as string,
    });
  });

  test("a schema of a newer version is refused, told how to go on, and left alone", async () => {
    const database = openDatabase();
    await sqlite({ database }).prepare();
    database.exec("INSERT INTO counterfoil_migration (version) VALUES (9999)");
    const sessions = createSessions({ store: sqlite({ database }), secret: SECRET });
    const error = await caught(sessions.ready());
    expect(error).toMatchObject({ errType: AuthError.GENERAL_ERROR, code: "SCHEMA_TOO_NEW" });
    expect(error.message).toMatch(/9999.*update the package/);
    expect(valueOf(database, "SELECT count(*) FROM counterfoil_key")).toBe(0);

    database.exec("DELETE FROM counterfoil_migration WHERE version = 9999");
    expect(await outcomeOf(sessions.createNewSession("alice"))).toBe("ok");
  });
});

describe("connections", () => {
  test.each([
    ["full", undefined, 2],
    ["full", "full", 2],
    ["normal", "normal", 1],
  ] as const)("its own connection commits with WAL and synchronous %s for the option %s", async (_, option, level) => {
    const path = join(temporaryFolder(), "sessions.db");
    // The store keeps its connection to itself; this looks over its shoulder and changes nothing.
    const exec = vi.spyOn(DatabaseSync.prototype, "exec");
    onTestFinished(() => exec.mockRestore());
    const store = sqlite(option === undefined ? { path } : { path, synchronous: option });
    await store.prepare();
    const connection: unknown = exec.mock.contexts[0];
    if (!(connection instanceof DatabaseSync)) throw new Error("no connection was seen");
    expect(valueOf(connection, "PRAGMA synchronous")).toBe(level);
    expect(valueOf(connection, "PRAGMA journal_mode")).toBe("wal");
    // It waits between attempts, and gives way to the rest of the process meanwhile.
    expect(valueOf(connection, "PRAGMA busy_timeout")).toBe(0);
    await store.close();
    expect(connection.isOpen).toBe(false);
  });

  test("the app's own connection stays open, and its settings stay as they are", async () => {
    const path = join(temporaryFolder(), "app.db");
    const database = openDatabase(path);
    database.exec("PRAGMA journal_mode = DELETE; PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF");
    database.exec("PRAGMA busy_timeout = 123; PRAGMA cache_size = 77");
    const names = ["journal_mode", "synchronous", "foreign_keys", "busy_timeout", "cache_size", "user_version"];
    const settings = (): unknown[] => names.map((name) => valueOf(database, `PRAGMA ${name}`));
    const before = settings();

    const sessions = createSessions({ store: sqlite({ database, synchronous: "normal" }), secret: SECRET });
    const { refreshToken } = await sessions.createNewSession("alice");
    await sessions.refreshSession(refreshToken.value);
    await sessions.close();
    expect(settings()).toEqual(before);
    expect(valueOf(database, "SELECT count(*) FROM counterfoil_session")).toBe(1);
  });

  test("path and database together are a mistake", () => {
    expect(() => sqlite({ path: "x.db", database: openDatabase() })).toThrow(ConfigError);
  });
});

describe("the secret beside the database", () => {
  test("is made once, for its owner only, and no draft stays behind", async () => {
    const folder = temporaryFolder();
    const path = join(folder, "sessions.db");
    const secrets = [];
    for (let start = 0; start < 2; start += 1) {
      const sessions = createSessions({ store: sqlite({ path }) });
      await sessions.ready();
      await sessions.close();
      secrets.push(readFileSync(join(folder, ".sessions.db.secret"), "utf8"));
    }
    expect(secrets[0]).toBe(secrets[1]);
    expect(secrets[0]?.trim().length).toBeGreaterThanOrEqual(43);
    expect(statSync(join(folder, ".sessions.db.secret")).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder).toSorted()).toEqual([".sessions.db.secret", "sessions.db"]);
  });
});

test("expired rows go 50 at a time, begun by a request, and then once a minute", async () => {
  const database = openDatabase();
  const steps: unknown[] = [];
  const count = (): unknown => valueOf(database, `SELECT count(*) FROM counterfoil_session WHERE expires_at <= ${T0}`);
  const recording: SqliteDatabase = {
    exec: (sql) => database.exec(sql),
    prepare(sql) {
      if (sql.includes("LIMIT 50")) steps.push(count());
      return database.prepare(sql);
    },
    close: () => database.close(),
  };
  const store = sqlite({ database: recording });
  await store.prepare();
  for (let index = 0; index < 120; index += 1)
    await store.createSession(newRecord({ expiresAt: T0 - index }), undefined);
  let now = T0;
  const sessions = createSessions({ store, secret: SECRET, clock: () => now });
  await sessions.createNewSession("alice");
  await expect.poll(count).toBe(0);
  expect(steps).toEqual([120, 70, 20]);
  await store.createSession(newRecord({ expiresAt: T0 - 1 }), undefined);
  await sessions.createNewSession("alice");
  now += 60_000;
  expect(count()).toBe(1);
  await sessions.createNewSession("alice");
  await expect.poll(count).toBe(0);
});
