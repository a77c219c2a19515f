import type { SqlStatement, SqlValue } from "./sql-statements.ts";

export interface SqlResult {
  /** Each row as an array, in the order of the columns. */
  readonly rows: readonly (readonly unknown[])[];
  /** How many rows the statement changed or found to be changed. */
  readonly changes: number;
}

/** One connection, for one user at a time. */
export interface SqlConnection {
  /** A prepared statement. */
  readonly run: (statement: SqlStatement, values: readonly SqlValue[]) => Promise<SqlResult>;
  /** A text without placeholders that is not worth preparing. */
  readonly execute: (text: string) => Promise<SqlResult>;
  /**
   * Begins a transaction, whose every statement sees what others have committed before it took its
   * turn. `causal` stands in front of the statement (`SqlTraits`); default: nothing.
   */
  readonly begin: (causal?: string) => Promise<unknown>;
  readonly commit: () => Promise<unknown>;
  readonly rollback: () => Promise<unknown>;
  /** Gives it back to its pool. */
  readonly release: () => void;
  /** Ends it, since nobody knows what state it is in. */
  readonly destroy: () => void;
}

/**
 * The answer to a statement, unless it comes from a server that may lag.
 *
 * @throws Error which both drivers diagnose as that of a server that takes no writes
 */
export function refuseReplica({ decides }: SqlStatement, result: SqlResult): SqlResult {
  const [first] = result.rows;
  if (decides === true && first !== undefined && (first[0] ?? null) === null) throw replicaError();
  return result;
}

export const replicaError = (): Error =>
  Object.assign(new Error("the server is a replica, or set to be read-only"), { code: "25006", errno: 1290 });

/** What the SQL store asks of a database: a pool of connections, and what its errors mean. */
export interface SqlDriver {
  /** A connection of the pool; waits for one. */
  readonly connect: () => Promise<SqlConnection>;
  /** The error that keeps `connect` waiting, as far as the pool tells. */
  readonly reason?: () => unknown;
  /** What to make of an error; undefined: nothing is known about it. */
  readonly diagnose: (error: unknown) => SqlDiagnosis | undefined;
  /** Whether an error is an answer of the database, by which it did nothing. */
  readonly isRefusal: (error: unknown) => boolean;
  /** How many connections the pool makes at most; undefined where it does not say. */
  readonly poolSize: () => number | undefined;
  /** Ends the pool if it is ours. Safe to call twice. */
  readonly close: () => Promise<void>;
}

export type SqlDiagnosis =
  /**
   * The database has undone the statement, or the whole transaction, for the sake of another: it
   * may be tried again.
   */
  | { readonly kind: "conflict" }
  /** A table is not there. */
  | { readonly kind: "no-table" }
  /** This user may not do that. */
  | { readonly kind: "no-right" }
  /** What is at fault, and what to do about it. */
  | { readonly kind: "fault"; readonly message: string };

export const CLOSED_POOL: SqlDiagnosis = {
  kind: "fault",
  message: "the pool has been closed by the app, which gave it; close the sessions first, and the pool last",
};
