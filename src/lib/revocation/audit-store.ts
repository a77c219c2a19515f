import type { AuditNote } from "./log-store.ts";

/** The position of a row in the audit table. The row itself may be gone. */
export interface AuditPosition {
  /** When the row was written, in ms since the epoch by the clock of the store. */
  readonly loggedAt: number;
  readonly id: string;
}

/** A row of the audit table, as it was read. */
export interface AuditRow extends AuditPosition {
  /** The name of the event. */
  readonly event: string;
  readonly handle: string | null;
  readonly userKey: string | null;
  readonly actorKey: string | null;
  /** Further facts as JSON text. */
  readonly facts: string;
}

/** A row that belongs to no change of a session. */
export interface NewAuditRow extends AuditNote {
  readonly handle: string | null;
  readonly userKey: string | null;
  readonly actorKey: string | null;
}

/** Which rows to read. */
export interface AuditQuery {
  /** Undefined: the rows of everybody, and those about no user. */
  readonly userKey: string | undefined;
  /** Only rows of this time or later, by the clock of the store. */
  readonly from: number;
  /** The most rows, 1 or more. */
  readonly limit: number;
  /** Where the page begins: behind this position. Undefined: at the newest row. */
  readonly after: AuditPosition | undefined;
}

/**
 * The contract of the audit table with a database: a part of `SessionStore`, whose rules apply.
 *
 * Operations that get a `Journal` with `audit` write one row for each session that they end, begin
 * or change, in their own atomic step. An operation that loses a race writes none. A row has the
 * time of the store, the user and the actor of the session's row, and an id that is `Journal.id`
 * and the handle.
 */
export interface AuditStore {
  /**
   * Writes a row.
   *
   * @param id unique: at most 32 characters of base64url
   */
  appendAudit(row: NewAuditRow, id: string): Promise<void>;

  /**
   * A page of the rows, newest first by `loggedAt`, those of one time by `id` in descending byte
   * order. Fewer rows than `limit` mean that none is left behind them. It never reads a replica or
   * node that may lag behind a write.
   */
  readAudit(query: AuditQuery): Promise<readonly AuditRow[]>;

  /**
   * Removes at most `limit` rows that are older than `age`, in ms by the clock of the store.
   *
   * @returns how many. Fewer than `limit` mean that none is left of before the call
   */
  deleteOldAudit(age: number, limit: number): Promise<number>;

  /**
   * Removes at most `limit` rows about a user from the audit table, in a short step.
   *
   * @returns how many. Fewer than `limit` mean that none is left of before the call
   */
  forgetAudit(userKey: string, limit: number): Promise<number>;

  /**
   * Returns why the audit table cannot be written, for instance because a right is missing.
   * Undefined: it can. Asked at the start, and only if the config wants the table.
   */
  findAuditFault?(): Promise<string | undefined>;
}
