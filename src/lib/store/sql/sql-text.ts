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
}

export type SqlValue = string | number | null;
