/** The used parts of pg and postgres.js. */
import type { SqlValue } from "./sql-text.ts";

/** A client of a pool of pg. */
export interface PgClient {
  query(query: PgQuery): Promise<PgResult>;
  release(destroy?: boolean): unknown;
  on(event: "error", listener: () => void): unknown;
  off(event: "error", listener: () => void): unknown;
}

/** The used methods of a `Pool` of pg. */
export interface PgPool {
  connect(): Promise<PgClient>;
  /** Reports each new connection before `connect` returns it. Pools of pg have this method. */
  on?(event: "connect", listener: (client: PgClient) => void): unknown;
}

const guarded = new WeakSet<PgPool>();

/**
 * Keeps a new connection from ending the process. A server that stops may say goodbye in the same
 * packet in which it says that it is ready. The connection then emits an error before `connect`
 * returns it, and nobody else listens yet.
 */
export function guardNewClients(pool: PgPool): void {
  if (guarded.has(pool)) return;
  guarded.add(pool);
  pool.on?.("connect", (client) => client.on("error", () => undefined));
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
