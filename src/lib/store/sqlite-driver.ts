type SqliteValue = string | number | null;

export interface SqliteStatement {
  run(...values: SqliteValue[]): { readonly changes: number | bigint };
  get(...values: SqliteValue[]): unknown;
  all(...values: SqliteValue[]): unknown[];
}

/** The three methods of a SQLite connection that are called; `node:sqlite` and better-sqlite3 both have them. */
export interface SqliteDatabase {
  exec(sql: string): unknown;
  prepare(sql: string): SqliteStatement;
  close(): unknown;
}

/** Runs `work` in a transaction that takes the write lock at once, so that it cannot fail for a rival half-way. */
export function inTransaction<T>(database: SqliteDatabase, work: () => T): T {
  database.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    try {
      database.exec("ROLLBACK");
    } catch {
      // SQLite has rolled back by itself after some faults; the first error is the one to tell.
    }
    throw error;
  }
}

/** Another connection holds the lock, and did so longer than the busy timeout. */
export function isBusy(error: unknown): boolean {
  return error instanceof Error && /database is (?:locked|busy)|database table is locked/.test(error.message);
}
