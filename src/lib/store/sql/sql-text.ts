/**
 * A fixed text with placeholders. Drivers prepare it once per connection, by its name if they need
 * one.
 */
export interface SqlStatement {
  readonly name: string;
  readonly text: string;
  /**
   * Whether its rows decide something, so that they must not come from a server that may lag. Such
   * a server returns a first row that begins with NULL (`refuseReplica`).
   */
  readonly decides?: boolean;
  /**
   * The statements of a step for a database without transactions (D1), which runs all of them or
   * none. The rows are those of all, in order; the changes are those of the last.
   */
  readonly batch?: readonly BatchedStatement[];
}

export interface BatchedStatement {
  readonly text: string;
  /** For each placeholder the index of its value. */
  readonly values: readonly number[];
}

export type SqlValue = string | number | null;
