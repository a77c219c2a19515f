/** The file of a database is removed, replaced or broken while processes have it open. */
import { existsSync, readFileSync, renameSync, rmSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { createSessions, type Sessions } from "counterfoil";
import { sqlite, type SessionStore, type SqliteDatabase } from "counterfoil/sqlite";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { DEFAULT_PREFIX, tableNames } from "../../src/lib/store/migrations.ts";
import { T0 } from "../../src/lib/testing/store/rows.ts";
import { collectWarnings } from "../fixtures/warnings.ts";
import { caught, openBetterSqlite, outcomeOf, SECRET, temporaryFolder } from "./fixtures.ts";
import { startStoreHost } from "./remote-store.ts";

const GONE = "UNAUTHORISED/SESSION_NOT_FOUND";
const MINUTE = 60_000;
const CODE = "COUNTERFOIL_SQLITE_FILE";
const TABLES = [...tableNames(DEFAULT_PREFIX), `${DEFAULT_PREFIX}migration`];
const DROP_ALL = TABLES.map((name) => `DROP TABLE ${name};`).join("");
const warnings = collectWarnings();
/**
 * Of this process; the other one writes them to its stderr. By the path, since Node tells of them a
 * moment later.
 */
const messages = async (path: string): Promise<string[]> =>
  (await warnings.read()).flatMap(({ code, message }) => (code === CODE && message.includes(path) ? [message] : []));
const host = startStoreHost();
afterAll(() => host.stop());

interface Instance {
  readonly sessions: Sessions;
  /** Notices of its events. */
  readonly notices: unknown[];
  /** A minute goes by, and the next request comes. */
  readonly minute: () => Promise<void>;
}

function open(store: SessionStore): Instance {
  let now = T0;
  const notices: unknown[] = [];
  const sessions = createSessions({ store, secret: SECRET, clock: () => now });
  sessions.on("request-refused", ({ notice }) => void notices.push(notice));
  onTestFinished(() => sessions.close());
  const minute = async (): Promise<void> => {
    now += MINUTE;
    await outcomeOf(sessions.getSession("of nobody"));
  };
  return { sessions, notices, minute };
}

const newPath = (): string => join(temporaryFolder(), "sessions.db");
const openHere = (path: string): Instance => open(sqlite({ path }));
const openThere = async (path: string): Promise<Instance> => open(await host.open({ by: "sqlite", path }));
const signIn = async ({ sessions }: Instance, user: string): Promise<string> =>
  (await sessions.createNewSession(user)).refreshToken.value;
const refresh = ({ sessions }: Instance, token: string): Promise<string> => outcomeOf(sessions.refreshSession(token));

const remove = (path: string, ...ends: readonly string[]): void => {
  for (const end of ends) rmSync(path + end);
};

/** As an operator does it, with a connection that is closed again. */
function operate(path: string, sql: string): void {
  const operator = new DatabaseSync(path);
  operator.exec(sql);
  operator.close();
}

/** Tables and indexes, as they were made. */
function readTables(path: string): unknown {
  const database = new DatabaseSync(path);
  const made = database.prepare("SELECT name, sql FROM sqlite_schema ORDER BY name").all();
  const leases = database.prepare("SELECT name FROM counterfoil_lease").all();
  database.close();
  return { made, leases };
}

const isWhole = (path: string): boolean => {
  const database = new DatabaseSync(path);
  const whole = database.prepare("PRAGMA integrity_check").get()?.["integrity_check"] === "ok";
  database.close();
  return whole;
};

/** Whether each of two takes what the other has handed out. */
async function areOneWorld(one: Instance, other: Instance): Promise<boolean> {
  const crossed = [await refresh(other, await signIn(one, "bob")), await refresh(one, await signIn(other, "carol"))];
  return crossed.every((outcome) => outcome === "ok");
}

describe("its own connections, in two processes", () => {
  test.each([
    ["the database with both files beside it", ["", "-wal", "-shm"]],
    ["the database alone", [""]],
  ])("%s is deleted: what was in it is lost, with a word, and both go on with one new file", async (_, ends) => {
    const path = newPath();
    const [here, there] = [openHere(path), await openThere(path)];
    const alice = await signIn(here, "alice");
    expect(await areOneWorld(here, there)).toBe(true);
    remove(path, ...ends);
    await here.minute();
    await there.minute();
    expect(await messages(path)).toEqual([expect.stringMatching(/was deleted while it was in use.*are lost/)]);
    expect(await areOneWorld(here, there)).toBe(true);
    expect(await refresh(here, alice)).not.toBe("ok");
    expect([isWhole(path), statSync(path).mode & 0o777]).toEqual([true, 0o600]);
    await here.minute();
    expect([here.notices, (await messages(path)).length]).toEqual([[CODE], 1]);
  });

  test.each([
    ["while the files beside it stay", []],
    ["without the files beside it", ["-wal", "-shm"]],
  ])("an older file is put in its place, %s: it is what both go on with, unmixed", async (_, ends) => {
    const path = newPath();
    const [here, there] = [openHere(path), await openThere(path)];
    const anna = await signIn(here, "anna");
    operate(path, `VACUUM INTO '${path}.backup'`);
    const alice = await signIn(there, "alice");
    remove(path, ...ends);
    renameSync(`${path}.backup`, path);
    await there.minute();
    await here.minute();
    expect(await messages(path)).toEqual([expect.stringContaining("Another SQLite file stands at")]);
    expect([await refresh(here, alice), await refresh(there, alice)]).toEqual([GONE, GONE]);
    expect(await refresh(there, anna)).toBe("ok");
    expect(await areOneWorld(here, there)).toBe(true);
    expect(isWhole(path)).toBe(true);
  });

  test("the -wal is deleted under one process: it is written anew, and nothing is lost", async () => {
    const path = newPath();
    const here = openHere(path);
    const alice = await signIn(here, "alice");
    remove(path, "-wal");
    await here.minute();
    expect(await messages(path)).toEqual([expect.stringContaining("has been opened anew")]);
    const there = await openThere(path);
    expect(await refresh(there, alice)).toBe("ok");
    expect(await areOneWorld(here, there)).toBe(true);
    expect(isWhole(path)).toBe(true);
  });

  test("the -wal is deleted under two: they go on and say so, and the last to run heals it", async () => {
    const path = newPath();
    const [here, there] = [openHere(path), await openThere(path)];
    await here.sessions.ready();
    const alice = await signIn(there, "alice");
    remove(path, "-wal");
    for (let count = 0; count < 2; count += 1) {
      await there.minute();
      await here.minute();
    }
    expect(await messages(path)).toEqual([expect.stringContaining("Stop every process that uses the database")]);
    expect(await areOneWorld(here, there)).toBe(true);
    await there.sessions.close();
    await here.minute();
    expect(await messages(path)).toHaveLength(2);
    expect(await refresh(await openThere(path), alice)).toBe("ok");
    expect(isWhole(path)).toBe(true);
  });

  // It has signed with a key of the old file, so that its session could not be refreshed.
  test("a sign-in that waits for the lock meanwhile fails rather than be done in the new file", async () => {
    const path = newPath();
    const here = openHere(path);
    await here.sessions.ready();
    const rival = new DatabaseSync(path);
    onTestFinished(() => rival.close());
    rival.exec("BEGIN IMMEDIATE");
    const waiting = outcomeOf(signIn(here, "alice"));
    for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
    remove(path, "");
    await here.minute();
    expect(await waiting).toBe("GENERAL_ERROR/STORE_UNAVAILABLE");
    expect(await areOneWorld(here, await openThere(path))).toBe(true);
  });

  test("its tables are dropped: SCHEMA_MISSING once, and the next call makes them", async () => {
    const path = newPath();
    const [here, there] = [openHere(path), await openThere(path)];
    const alice = await signIn(here, "alice");
    await there.sessions.ready();
    operate(path, DROP_ALL);
    expect(await caught(here.sessions.refreshSession(alice))).toMatchObject({ code: "SCHEMA_MISSING", status: 503 });
    expect(await messages(path)).toEqual([expect.stringContaining("are no longer in")]);
    await here.sessions.ready();
    await there.minute();
    expect(await areOneWorld(here, there)).toBe(true);
    expect(await refresh(here, alice)).not.toBe("ok");
  });

  test.each(["session", "key", "lease", "replaced"])(
    "one of its tables is dropped: the next call makes it anew, and so does the next start: %s",
    async (table) => {
      const [path, whole] = [newPath(), newPath()];
      const here = openHere(path);
      await signIn(here, "alice");
      await openHere(whole).sessions.ready();
      operate(path, `DROP TABLE counterfoil_${table}`);
      await Promise.all([outcomeOf(here.sessions.sweep()), outcomeOf(here.sessions.rotateSigningKey())]);
      await here.minute();
      expect(await refresh(here, await signIn(here, "bob"))).toBe("ok");
      operate(path, `DROP TABLE counterfoil_${table}`);
      expect(await outcomeOf(openHere(path).sessions.createNewSession("carol"))).toBe("ok");
      expect(readTables(path)).toEqual(readTables(whole));
    },
  );

  test("its end is cut off: 503, and the same instance goes on when it is whole again", async () => {
    const path = newPath();
    const here = openHere(path);
    const alice = await signIn(here, "alice");
    operate(path, `VACUUM INTO '${path}.backup'`);
    // What is kept in memory of it is out of date by then.
    operate(path, "CREATE TABLE other (id INTEGER); PRAGMA wal_checkpoint(TRUNCATE)");
    truncateSync(path, 6000);
    const outcome = await refresh(here, alice);
    renameSync(`${path}.backup`, path);
    await here.minute();
    expect([outcome, await refresh(here, alice)]).toEqual(["GENERAL_ERROR/STORE_UNAVAILABLE", "ok"]);
  });

  // Without them another process that closes the file takes itself for the last, which SQLite
  // before 3.51 believes.
  test.skipIf(!existsSync("/proc/locks"))("a second instance of a process leaves the locks of the first", async () => {
    const path = newPath();
    const [first, second] = [openHere(path), openHere(path)];
    await signIn(first, "alice");
    const isLocked = (): boolean => readFileSync("/proc/locks", "utf8").includes(`:${statSync(path).ino} `);
    const before = isLocked();
    await second.sessions.ready();
    expect([before, isLocked()]).toEqual([true, true]);
  });
});

test("a database in memory is left alone", async () => {
  const here = open(sqlite({ path: ":memory:" }));
  const alice = await signIn(here, "alice");
  await here.minute();
  expect([here.notices, await refresh(here, alice)]).toEqual([[], "ok"]);
});

describe.each([
  ["node:sqlite", (path: string): SqliteDatabase => new DatabaseSync(path)],
  ["better-sqlite3", openBetterSqlite],
])("the app's own connection: %s", (_, openDatabase) => {
  function openGiven(mode: string): Instance & { readonly database: SqliteDatabase; readonly path: string } {
    const path = newPath();
    const database = openDatabase(path);
    database.exec(`PRAGMA journal_mode = ${mode}`);
    return { ...open(sqlite({ database })), database, path };
  }

  test.each([
    ["the file", "WAL", "", /was deleted.*Restart the process, or give a new connection/],
    ["the file, without WAL", "DELETE", "", /was deleted.*Restart the process, or give a new connection/],
    ["its -wal", "WAL", "-wal", /-wal was deleted.*Stop every process/],
  ])("%s is deleted: it is told once, with what to do", async (_name, mode, end, says) => {
    const given = openGiven(mode);
    const alice = await signIn(given, "alice");
    remove(given.path, end);
    await given.minute();
    await given.minute();
    expect(await messages(given.path)).toEqual([expect.stringMatching(says)]);
    if (mode === "WAL") expect(await refresh(given, alice)).toBe("ok");
  });

  test("the app goes over to another journal, and nothing is told", async () => {
    const given = openGiven("WAL");
    await signIn(given, "alice");
    for (const mode of ["DELETE", "WAL"]) {
      given.database.exec(`PRAGMA journal_mode = ${mode}`);
      await given.minute();
      await signIn(given, "alice");
    }
    expect(await messages(given.path)).toEqual([]);
  });

  test("the app has closed it: 503, in words", async () => {
    const given = openGiven("WAL");
    const alice = await signIn(given, "alice");
    given.database.close();
    for (let count = 0; count < 2; count += 1) {
      expect(await caught(given.sessions.refreshSession(alice))).toMatchObject({
        code: "STORE_UNAVAILABLE",
        message: expect.stringContaining("the connection that the app gave has been closed") as string,
        cause: expect.any(Error) as Error,
      });
    }
    // The one of Node can be opened again.
    if (given.database instanceof DatabaseSync) {
      given.database.open();
      expect(await refresh(given, alice)).toBe("ok");
    }
  });

  test("its tables are dropped: SCHEMA_MISSING once, and the next call makes them", async () => {
    const given = openGiven("WAL");
    const alice = await signIn(given, "alice");
    given.database.exec(DROP_ALL);
    expect(await refresh(given, alice)).toBe("GENERAL_ERROR/SCHEMA_MISSING");
    expect(await refresh(given, await signIn(given, "bob"))).toBe("ok");
  });
});
