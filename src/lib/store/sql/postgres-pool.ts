/** The used parts of pg and postgres.js. */
import type { SqlValue } from "./sql-text.ts";

/** A client of a pool of pg. */
export interface PgClient {
  query(query: PgQuery): Promise<PgResult>;
  release(destroy?: boolean): unknown;
  on(event: "error", listener: () => void): unknown;
  off(event: "error", listener: () => void): unknown;
}

/** The used method of a `Pool` of pg. */
export interface PgPool {
  connect(): Promise<PgClient>;
}

export interface PgResult {
  readonly rows: unknown[];
  readonly rowCount: number | null;
}

export interface PgQuery {
  readonly text: string;
  readonly values?: SqlValue[];
  readonly name?: string;
  readonly rowMode: "array";
  readonly types: { getTypeParser(): (text: string) => string };
}

/**
 * The used part of postgres.js: the function of its default export, and the one in a transaction.
 */
export interface PostgresJs extends PostgresJsScope {
  begin(options: string, work: (scope: PostgresJsScope) => Promise<void>): Promise<unknown>;
}

export interface PostgresJsScope {
  unsafe(text: string, values?: SqlValue[], options?: { readonly prepare?: boolean }): PostgresJsQuery;
}

export interface PostgresJsQuery {
  /** Rows as arrays of bytes, without the app's types and transformations. */
  raw(): PromiseLike<unknown[][] & { readonly count?: number | null }>;
}

export type PostgresPool = PgPool | PostgresJs;
