import { deadlineWithin } from "../../call.ts";
import { generalError } from "../../errors.ts";
import { type MigrationSource, newestOf, readMigrations, stepsToRun, tableNames, versionTable } from "../migrations.ts";
import { SQLITE_PATIENCE } from "../default-store.ts";
import { createRetry, type Retry } from "../retries.ts";
import { isUsable, type SchemaVersion, toSchemaVersion } from "../schema-version.ts";
import { markUntouched } from "../../session/store-error.ts";
import type { StoreTrouble } from "../../session/session-store.ts";
import { hasMissingTable, inTransaction, isBusy, isClosed, isFileError, probeRows } from "./sqlite-driver.ts";
import type { SqliteDatabase, SqliteStatement } from "./sqlite-driver.ts";
import {
  changeOf,
  type FileChange,
  type FileMarks,
  isLeftBehind,
  type Mark,
  markFiles,
  markOf,
  removeStale,
} from "./sqlite-file.ts";
import { explainFile } from "./sqlite-errors.ts";
import { fileNotice } from "./sqlite-notice.ts";

export interface SqliteConnectionOptions {
  /** Provides the connection. Our own connection is opened again after an error. */
  readonly open: () => Promise<SqliteDatabase>;
  /** The absolute path of the file, if the connection is ours and has one. */
  readonly path: string | undefined;
  /** Whether the connection is ours, so that `close` closes it, and an error reopens it. */
  readonly isOwn: boolean;
  /** Whether another connection would find the same sessions. */
  readonly durable: boolean;
  readonly synchronous: "full" | "normal";
  /** The prefix of table names. */
  readonly prefix: string;
  /** Default: the steps of this version. */
  readonly source?: MigrationSource | undefined;
}

interface Connection<Name extends string> {
  readonly database: SqliteDatabase;
  readonly statements: Readonly<Record<Name, SqliteStatement>>;
  /** Undefined without a file. */
  marks: FileMarks | undefined;
}

/** One connection to a database, with migrated tables and prepared statements. */
export interface SqliteConnection<Name extends string> {
  /** Opens it, and creates missing tables. */
  readonly prepare: () => Promise<void>;
  /** Runs `work`, and repeats it while another connection has the lock. */
  readonly run: <T>(
    work: (statements: Readonly<Record<Name, SqliteStatement>>, database: SqliteDatabase) => T,
  ) => Promise<T>;
  /**
   * Checks whether the open file is still the one at the path. Our own connection switches to a new
   * file.
   */
  readonly look: () => Promise<void>;
  readonly watch: (tell: (trouble: StoreTrouble) => void) => () => void;
  readonly close: () => Promise<void>;
}

// SQLite's own busy wait blocks the event loop, so it is off. This code retries with pauses
// instead.
const BUSY_TIMEOUT = 0;
/** For a file that is replaced each time. */
const MOST_OPENINGS = 10;

/** @param texts of the statements to prepare */
export function createSqliteConnection<Name extends string>(
  { open, path, isOwn, durable, synchronous, prefix, source = readMigrations }: SqliteConnectionOptions,
  texts: Readonly<Record<Name, { readonly text: string }>>,
): SqliteConnection<Name> {
  const listeners = new Set<(trouble: StoreTrouble) => void>();
  let connecting: Promise<Connection<Name>> | undefined;
  /** The last reported change while the connection cannot be reopened. */
  let toldOf: FileChange | undefined;

  function connect(): Promise<Connection<Name>> {
    connecting ??= openConnection().catch((error: unknown) => {
      connecting = undefined;
      throw markUntouched(error);
    });
    return connecting;
  }

  async function openConnection(): Promise<Connection<Name>> {
    const { database, before } = await openMarked();
    try {
      if (isOwn) database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT}`);
      await patiently(() => probeRows(database));
      if (isOwn) {
        await patiently(() => database.exec("PRAGMA journal_mode = WAL"));
        database.exec(`PRAGMA synchronous = ${synchronous}`);
      }
      await patiently(() => migrate(database, prefix, source));
      const entries = Object.entries<{ readonly text: string }>(texts);
      const prepared = entries.map(([name, { text }]) => [name, database.prepare(text)]);
      const statements = Object.fromEntries(prepared) as Connection<Name>["statements"];
      const file = fileOf(database);
      return { database, statements, marks: file === undefined ? undefined : markFiles(path ?? file, file, before) };
    } catch (error) {
      if (isOwn) database.close();
      throw isClosed(error) ? closedByApp(error) : explainFile(error, path);
    }
  }

  /**
   * Marks the file before and after opening, so the mark fits unless it was replaced within a
   * fraction of a ms.
   */
  async function openMarked(): Promise<{ readonly database: SqliteDatabase; readonly before: Mark }> {
    for (let attempt = 1; ; attempt += 1) {
      const before = path === undefined ? undefined : markOf(path);
      const database = await open();
      const isSame = !before || path === undefined || markOf(path) === before;
      if (isSame || !isOwn || attempt === MOST_OPENINGS) return { database, before };
      // Otherwise the -wal of the open file would later count as that of the previous one.
      database.close();
    }
  }

  async function disconnect(): Promise<void> {
    const opened = connecting;
    connecting = undefined;
    const connection = await opened?.catch(() => undefined);
    if (isOwn) connection?.database.close();
  }

  function tell(trouble: StoreTrouble): void {
    for (const listener of listeners) listener(trouble);
  }

  async function look(): Promise<void> {
    const opened = connecting;
    const connection = await opened?.catch(() => undefined);
    if (connection?.marks === undefined || connecting !== opened) return;
    const { database, marks } = connection;
    const change = changeOf(marks);
    if (change === undefined || (change === "wal-deleted" && modeOf(database) !== "wal")) {
      // The files beside it come and go with the journal mode.
      connection.marks = markFiles(marks.path, marks.opened, marks.main);
      toldOf = undefined;
      return;
    }
    if (isOwn && (change !== "wal-deleted" || bringIn(database) || isLeftBehind(marks))) {
      if (change !== "wal-deleted") removeStale(marks);
      await disconnect();
      tell(fileNotice(change, marks.path, "reopened"));
    } else if (toldOf !== change) {
      toldOf = change;
      tell(fileNotice(change, marks.path, isOwn ? "shared" : "given"));
    }
  }

  /** An error that makes the connection or the file unusable. */
  async function recover(error: unknown, opened: Promise<Connection<Name>>): Promise<unknown> {
    const isMissing = hasMissingTable(error, prefix);
    if (connecting !== opened || !durable || !(isMissing || isFileError(error) || isClosed(error))) return error;
    await look();
    if (connecting === opened && (isOwn || !isFileError(error))) {
      const { marks } = await opened;
      await disconnect();
      if (isMissing) tell(fileNotice("tables-missing", marks?.path ?? "the database", "reopened"));
    }
    if (isClosed(error)) return closedByApp(error);
    return isMissing ? schemaMissing(error) : error;
  }

  const run: SqliteConnection<Name>["run"] = async (work) => {
    const opened = connect();
    const { statements, database, marks } = await opened;
    const retry = retryWhileLocked();
    for (;;) {
      try {
        return work(statements, database);
      } catch (error) {
        if (isBusy(error) && (await retry())) continue;
        // A response cannot get lost within a process: a failed operation was undone.
        const told = await recover(error, opened);
        throw markUntouched(explainFile(told, marks?.path));
      }
    }
  };

  return {
    // The app's transaction may have created the tables and rolled them back.
    prepare: () => run((_, database) => migrate(database, prefix, source)),
    run,
    look,
    watch(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close: disconnect,
  };
}

const closedByApp = (cause: unknown): Error =>
  generalError(
    "STORE_UNAVAILABLE",
    "sqlite: the connection that the app gave has been closed; keep it open for as long as there are sessions on it",
    cause,
  );

const schemaMissing = (cause: unknown): Error =>
  generalError(
    "SCHEMA_MISSING",
    "the tables of counterfoil, or some of them, are no longer in this SQLite database; what is missing is made anew by the next call, empty",
    cause,
  );

const newerMissing = (): Error =>
  generalError(
    "SCHEMA_MISSING",
    "some tables of counterfoil are no longer in this SQLite database, whose schema a newer version has made; start the newer version, which makes them anew",
  );

/**
 * The absolute path of the database file; undefined if there is none or the driver does not tell
 * it.
 */
function fileOf(database: SqliteDatabase): string | undefined {
  const rows = database.prepare("PRAGMA database_list").all() as { readonly name?: unknown; readonly file?: unknown }[];
  const file = rows.find(({ name }) => name === "main")?.file;
  return typeof file === "string" && file !== "" ? file : undefined;
}

function modeOf(database: SqliteDatabase): unknown {
  try {
    return (database.prepare("PRAGMA journal_mode").get() as { readonly journal_mode?: unknown }).journal_mode;
  } catch {
    return undefined;
  }
}

/**
 * Writes a deleted `-wal` into the file, atomically, which works only if no other process has the
 * database open. @returns whether it worked
 */
function bringIn(database: SqliteDatabase): boolean {
  try {
    database.exec("PRAGMA journal_mode = DELETE");
    return modeOf(database) === "delete";
  } catch {
    return false;
  }
}

function migrate(database: SqliteDatabase, prefix: string, source: MigrationSource): void {
  const migrations = source("sqlite", prefix);
  const { create, note } = versionTable("sqlite", prefix);
  const newest = newestOf(migrations);
  const found = readVersion(database, prefix);
  const isLost = lostTables(database, prefix).length > 0;
  const isMade = isUsable(found, newest);
  if (isMade && !isLost) return;
  // A table that this code creates would lack columns of the newer version.
  if (found.version > newest) throw newerMissing();
  inTransaction(database, () => {
    database.exec(create);
    // Read again under the lock: another process may have been faster, and be newer.
    const done = readVersion(database, prefix);
    isUsable(done, newest);
    const lost = done.version === 0 ? [] : lostTables(database, prefix);
    for (const text of stepsToRun(migrations, { done: done.version, lost, note })) database.exec(text);
  });
}

/** The tables that are missing, whatever the stored version says. */
const lostTables = (database: SqliteDatabase, prefix: string): readonly string[] =>
  tableNames(prefix).filter((name) => !hasTable(database, name));

function hasTable(database: SqliteDatabase, name: string): boolean {
  const row = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name = ?").get(name);
  return row !== undefined && row !== null;
}

function readVersion(database: SqliteDatabase, prefix: string): SchemaVersion {
  if (!hasTable(database, `${prefix}migration`)) return toSchemaVersion(undefined);
  const row = database.prepare(versionTable("sqlite", prefix).read).get() as Partial<SchemaVersion> | null | undefined;
  return toSchemaVersion(row?.version === undefined ? undefined : [row.version, row.oldest]);
}

/**
 * Retries while another connection has the lock. Switching to WAL fails at once, whatever the busy
 * timeout, if another process starts on the same file.
 */
async function patiently<T>(work: () => T): Promise<T> {
  const retry = retryWhileLocked();
  for (;;) {
    try {
      return work();
    } catch (error) {
      if (!isBusy(error) || !(await retry())) throw error;
    }
  }
}

const retryWhileLocked = (): Retry =>
  createRetry(deadlineWithin(SQLITE_PATIENCE), (attempts) => Math.min(2 * attempts, 20));
