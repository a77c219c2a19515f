/** What lies beside a database that was replaced, and belongs to another: never removed. */
import fs, { mkdirSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { createSessions, type Sessions } from "counterfoil";
import { sqlite } from "counterfoil/sqlite";
import { expect, onTestFinished, test } from "vitest";
import { T0 } from "../../src/lib/testing/store/rows.ts";
import { outcomeOf, SECRET, temporaryFolder } from "./fixtures.ts";

const MINUTE = 60_000;

interface Instance {
  readonly sessions: Sessions;
  /** A minute goes by, and the next request comes. */
  readonly minute: () => Promise<void>;
}

function open(path: string): Instance {
  let now = T0;
  const sessions = createSessions({ store: sqlite({ path }), secret: SECRET, clock: () => now });
  onTestFinished(() => sessions.close());
  const minute = async (): Promise<void> => {
    now += MINUTE;
    await outcomeOf(sessions.getSession("of nobody"));
  };
  return { sessions, minute };
}

/** Another process's connection: what it writes stays in the -wal. */
function openOther(path: string): DatabaseSync {
  const other = new DatabaseSync(path);
  onTestFinished(() => other.close());
  other.exec("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0");
  return other;
}

const tablesOf = (path: string): unknown => {
  const reader = new DatabaseSync(path);
  const names = reader.prepare("SELECT name FROM sqlite_schema WHERE name LIKE 'written%'").all();
  reader.close();
  return names.map(({ name }) => name);
};

/** Once, between the look at `path` and what comes of it. */
function afterLookAt(path: string, work: () => void): void {
  const { statSync } = fs;
  const use = (look: unknown): void => {
    Object.assign(fs, { statSync: look });
    syncBuiltinESMExports();
  };
  use((...args: Parameters<typeof statSync>) => {
    const found = statSync(...args);
    if (args[0] === path) {
      use(statSync);
      work();
    }
    return found;
  });
  onTestFinished(() => use(statSync));
}

test("two remove the -wal of a replaced file at once: the new one that the faster has begun stays", async () => {
  const path = join(temporaryFolder(), "sessions.db");
  const here = open(path);
  await here.sessions.createNewSession("alice");
  const operator = new DatabaseSync(path);
  operator.exec(`VACUUM INTO '${path}.backup'`);
  operator.close();
  renameSync(`${path}.backup`, path);
  let isDone = false;
  afterLookAt(`${path}-wal`, () => {
    for (const end of ["-wal", "-shm"]) rmSync(path + end);
    openOther(path).exec("CREATE TABLE written (id INTEGER)");
    isDone = true;
  });
  await here.minute();
  expect(isDone).toBe(true);
  expect(tablesOf(path)).toEqual(["written"]);
  expect(fs.readdirSync(join(path, "..")).sort()).toEqual(["", "-shm", "-wal"].map((end) => `sessions.db${end}`));
});

test("a link leads to another file: the one of before keeps its -wal, which others use", async () => {
  const folder = temporaryFolder();
  const [link, first, second] = ["current", "1", "2"].map((name) => join(folder, name)) as [string, string, string];
  for (const each of [first, second]) mkdirSync(each);
  symlinkSync(first, link);
  const here = open(join(link, "sessions.db"));
  await here.sessions.createNewSession("alice");
  openOther(join(first, "sessions.db")).exec("CREATE TABLE written (id INTEGER)");
  new DatabaseSync(join(second, "sessions.db")).close();
  rmSync(link);
  symlinkSync(second, link);
  await here.minute();
  expect(tablesOf(join(first, "sessions.db"))).toEqual(["written"]);
});

test("a file is put in the place of another while it is being opened: it keeps the -wal of its own", async () => {
  const path = join(temporaryFolder(), "sessions.db");
  for (const each of [path, `${path}.backup`]) new DatabaseSync(each).close();
  afterLookAt(path, () => {
    renameSync(`${path}.backup`, path);
    openOther(path).exec("CREATE TABLE written (id INTEGER)");
  });
  await open(path).sessions.ready();
  expect(tablesOf(path)).toEqual(["written"]);
});
