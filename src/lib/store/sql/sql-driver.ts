import type { SqlStatement, SqlValue } from "./sql-statements.ts";

export interface SqlResult {
  /** Each row as an array, in column order. */
  readonly rows: readonly (readonly unknown[])[];
  /** How many rows the statement changed or found to be changed. */
  readonly changes: number;
}

/** One connection, used by one caller at a time. */
export interface SqlConnection {
  /** Runs a prepared statement. */
  readonly run: (statement: SqlStatement, values: readonly SqlValue[]) => Promise<SqlResult>;
  /** Runs a text without placeholders, unprepared. */
  readonly execute: (text: string) => Promise<SqlResult>;
  /**
   * Begins a transaction. Each of its statements sees the data that was committed before the
   * statement got its locks. `causal` precedes the statement (`SqlTraits`); default: empty.
   */
  readonly begin: (causal?: string) => Promise<unknown>;
  readonly commit: () => Promise<unknown>;
  readonly rollback: () => Promise<unknown>;
  /** Returns it to its pool. */
  readonly release: () => void;
  /** Ends it, because its state is unknown. */
  readonly destroy: () => void;
}

/**
 * Returns the result of a statement, unless the server may lag.
 *
 * @throws Error which both drivers diagnose as one of a server that takes no writes
 */
export function refuseReplica({ decides }: SqlStatement, result: SqlResult): SqlResult {
  const [first] = result.rows;
  if (decides === true && first !== undefined && (first[0] ?? null) === null) throw replicaError();
  return result;
}

export const replicaError = (): Error =>
  Object.assign(new Error("the server is a replica, or set to be read-only"), { code: "25006", errno: 1290 });

/** A value as a driver takes it. */
export type SqlParameter = SqlValue | Uint8Array;

/** A database for the SQL store: a pool of connections, and the meaning of its errors. */
export interface SqlDriver {
  /** Waits for a connection of the pool. */
  readonly connect: () => Promise<SqlConnection>;
  /** The error that delays `connect`, if the pool tells it. */
  readonly reason?: () => unknown;
  /**
   * Listens for messages of a channel, on a connection of its own. Undefined: the database has no
   * messages.
   *
   * @param url another address; default: that of the pool
   */
  readonly listen?: (channel: string, wake: () => void, url: string | undefined) => Promise<() => Promise<void>>;
  /** The form of a value that comes back as it went in. */
  readonly toParameter: (value: SqlValue) => SqlParameter;
  /** The meaning of an error; undefined if it is unknown. */
  readonly diagnose: (error: unknown) => SqlDiagnosis | undefined;
  /** Whether the database sent the error, and did nothing. */
  readonly isRefusal: (error: unknown) => boolean;
  /** The greatest number of connections of the pool; undefined if it is unknown. */
  readonly poolSize: () => number | undefined;
  /** Ends the pool that the store made. Safe to call twice. */
  readonly close: () => Promise<void>;
}

export type SqlDiagnosis =
  /**
   * The database undid the statement or the transaction in favour of another one; it can be
   * repeated.
   */
  | { readonly kind: "conflict" }
  /** A table is missing. */
  | { readonly kind: "no-table" }
  /** The user lacks a right. */
  | { readonly kind: "no-right" }
  /** The cause of the error, and its solution. */
  | { readonly kind: "fault"; readonly message: string };

export const CLOSED_POOL: SqlDiagnosis = {
  kind: "fault",
  message: "the pool has been closed by the app, which gave it; close the sessions first, and the pool last",
};
