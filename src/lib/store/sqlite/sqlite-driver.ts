import { generalError } from "../../errors.ts";

type SqliteValue = string | number | null;

export interface SqliteStatement {
  run(...values: SqliteValue[]): { readonly changes: number | bigint };
  get(...values: SqliteValue[]): unknown;
  all(...values: SqliteValue[]): unknown[];
}

/**
 * The three used methods of a SQLite connection; `node:sqlite` and better-sqlite3 both have them.
 */
export interface SqliteDatabase {
  exec(sql: string): unknown;
  prepare(sql: string): SqliteStatement;
  close(): unknown;
}

/**
 * Runs `work` in a transaction that takes the write lock at once, so that no rival can make it fail
 * half-way. If the app has a transaction open, `work` becomes part of it, and is committed or
 * rolled back with it.
 *
 * @param joined called in that case
 */
export function inTransaction<T>(database: SqliteDatabase, work: () => T, joined?: () => void): T {
  const join = (): Ends => {
    joined?.();
    return joinIt(database);
  };
  return run(database, begin(database, "BEGIN IMMEDIATE", join), work);
}

/**
 * Like `inTransaction`, but never part of the app's transaction: the process would go on to use
 * results that the app may roll back.
 */
export function inOwnTransaction<T>(database: SqliteDatabase, work: () => T): T {
  return run(database, begin(database, "BEGIN IMMEDIATE", refuseToJoin), work);
}

/**
 * Reads only what is committed. While the app has a transaction open it fails, because the
 * connection would see what the app may roll back.
 */
export function readCommitted<T>(database: SqliteDatabase, work: () => T): T {
  return run(database, begin(database, "BEGIN", refuseToRead), work);
}

/** How to end a transaction, or a part of one. */
interface Ends {
  readonly end: string;
  readonly undo: string;
}

/** Finds out by trying, because not every driver tells whether a transaction is open. */
function begin(database: SqliteDatabase, how: "BEGIN" | "BEGIN IMMEDIATE", whenNested: () => Ends): Ends {
  try {
    database.exec(how);
    return { end: "COMMIT", undo: "ROLLBACK" };
  } catch (error) {
    if (error instanceof Error && error.message.includes("within a transaction")) return whenNested();
    throw error;
  }
}

function joinIt(database: SqliteDatabase): Ends {
  database.exec("SAVEPOINT counterfoil");
  return { end: "RELEASE counterfoil", undo: "ROLLBACK TO counterfoil; RELEASE counterfoil" };
}

function refuseToJoin(): never {
  throw generalError(
    "STORE_UNAVAILABLE",
    "sqlite: the app has a transaction open on its connection, and a signing key that is made in it would go with it; await ready() before the first transaction, and rotate keys outside of one",
  );
}

function refuseToRead(): never {
  throw generalError(
    "STORE_UNAVAILABLE",
    "sqlite: the app has a transaction open on its connection, and the log of revocations is not read in it, because the app may roll back what it would see",
  );
}

function run<T>(database: SqliteDatabase, { end, undo }: Ends, work: () => T): T {
  try {
    const result = work();
    database.exec(end);
    return result;
  } catch (error) {
    try {
      database.exec(undo);
    } catch {
      // SQLite has rolled back by itself after some errors. The first error is reported.
    }
    throw error;
  }
}

/** Whether another connection had the lock longer than the busy timeout. Then nothing was done. */
export function isBusy(error: unknown): boolean {
  // SQLITE_BUSY and SQLITE_LOCKED: a number with node:sqlite, a name with better-sqlite3. Excluded
  // is a transaction of the app that has read outdated data: it can never get the lock.
  const code = primaryCode(error);
  if (code !== undefined) return (code === 5 || code === 6) && !isOutOfDate(error);
  return (
    error instanceof Error &&
    "code" in error &&
    typeof error.code === "string" &&
    /^SQLITE_(?:BUSY(?!_SNAPSHOT)|LOCKED)/.test(error.code)
  );
}

const isOutOfDate = (error: unknown): boolean => error instanceof Error && "errcode" in error && error.errcode === 517;

/** Without the upper bits, which are details. */
function primaryCode(error: unknown): number | undefined {
  const isCoded = error instanceof Error && "errcode" in error && typeof error.errcode === "number";
  return isCoded ? (error.errcode as number) % 256 : undefined;
}

// SQLITE_READONLY, IOERR, CORRUPT, CANTOPEN and NOTADB.
const FILE_FAULTS: ReadonlySet<number> = new Set([8, 10, 11, 14, 26]);

/** Whether the file is the cause, so that another connection may work once it is repaired. */
export function isFileError(error: unknown): boolean {
  const code = primaryCode(error);
  return code !== undefined && FILE_FAULTS.has(code);
}

/** A table was removed after the statements were prepared. */
export const hasMissingTable = (error: unknown, prefix: string): boolean =>
  error instanceof Error && /^no such table: (?:main\.)?/.test(error.message) && error.message.includes(prefix);

/** The connection was closed, or closed and reopened, which ends its statements. */
export const isClosed = (error: unknown): boolean =>
  error instanceof Error &&
  /^(?:database is not open|statement has been finalized|the database connection is not open)/i.test(error.message);

/** Refuses a connection that returns rows or numbers in another form than the drivers' defaults. */
export function probeRows(database: SqliteDatabase): void {
  const row: unknown = database.prepare("SELECT 1 AS probe").get();
  if (typeof row === "object" && row !== null && "probe" in row && row.probe === 1) return;
  throw generalError(
    "ARGUMENT_INVALID",
    "sqlite: the database hands out rows that are not objects, or numbers that are not numbers; give a connection without readBigInts, returnArrays, defaultSafeIntegers or the like",
  );
}
