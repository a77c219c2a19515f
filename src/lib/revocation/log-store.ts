/**
 * An entry of the log of revocations. Times are ms since the epoch by the clock of the store.
 * Entries may be written and read more than once. `by` is the instance that wrote it: the first
 * 8 characters of `Journal.id`.
 */
export type LogEntry = { readonly until: number; readonly by: string } & (
  | { readonly kind: "ended"; readonly handle: string }
  | { readonly kind: "claims"; readonly handle: string; readonly claimsVersion: number }
  /**
   * All sessions of a user that began before `at`, but the one with the handle `except`. Two of one
   * ms differ in `id`, which is `Journal.id`.
   */
  | {
      readonly kind: "user";
      readonly userKey: string;
      readonly except: string | null;
      readonly at: number;
      readonly id: string;
    }
  /** All sessions that began before `at`. */
  | { readonly kind: "all"; readonly at: number; readonly id: string }
);

type BeforeWriting<Entry> = Entry extends unknown ? Omit<Entry, "at" | "id" | "until" | "by"> : never;

/** An entry before it is written. */
export type NewLogEntry = BeforeWriting<LogEntry>;

/**
 * The shortest `Journal.keep`, in ms. Processes of an earlier config may still sign tokens that
 * live longer than those of this one.
 */
export const LEAST_KEEP = 3_600_000;

/** How many characters of `Journal.id` name the instance. */
export const WRITER_LENGTH = 8;

/** The kinds of entries, by their number in a database. */
export const LOG_KINDS = { ended: 1, claims: 2, user: 3, all: 4 } as const;

/** A row of the audit table. The store adds its time, its id, and what the session's row says. */
export interface AuditNote {
  /** The name of the event. */
  readonly event: string;
  /** Further facts as JSON text. */
  readonly facts: string;
}

/** What an operation writes beside the rows that it changes, in the same atomic step. */
export interface Journal {
  /** Unique for each operation: at most 32 characters of base64url. */
  readonly id: string;
  /**
   * How long an entry of the log counts, in ms: at least as long as any access token of the
   * sessions.
   */
  readonly keep: number;
  /** One row of the audit table for each session that ends, begins or changes. Undefined: none. */
  readonly audit?: AuditNote | undefined;
}

/** A part of the log. */
export interface LogPage {
  readonly entries: readonly LogEntry[];
  /** The time of the store, read before the entries. */
  readonly storeTime: number;
  /**
   * How much later than its time an entry may become visible, in ms: the longest operation, and if
   * several machines write the times, the difference of their clocks.
   */
  readonly overlap: number;
}

/**
 * The contract of revocations with a database: a part of `SessionStore`, whose rules apply.
 * Operations that end sessions or change claims write the log in their own atomic step; the sweep
 * of expired sessions does not, and removes old entries.
 */
export interface LogStore {
  /** Adds an entry. The same one may be there already. */
  appendLog(entry: NewLogEntry, journal: Journal): Promise<void>;

  /**
   * Reads the entries that were written at `since` or later and still count, the oldest first. It
   * never reads a replica or node that may lag behind a write.
   *
   * @param since by the clock of the store
   * @param limit the most entries; a page of this length may have left some out
   */
  readLog(since: number, limit: number): Promise<LogPage>;

  /**
   * Whether the operation that got this journal became part of a transaction that the app may still
   * roll back; asked once after it. Default: none does.
   */
  isProvisional?(journal: Journal): boolean;

  /**
   * Why the log cannot be written, for instance because its table is missing; known after
   * `prepare`. Undefined: it can. Operations then go on without the log.
   */
  logFault?(): string | undefined;

  /**
   * Wakes other processes that watch the log. A hint: it may be lost.
   */
  announceLog?(): Promise<void>;

  /**
   * Calls `wake` when there may be new entries: late, twice or never.
   *
   * @param url another address of the database, for a pooler that delivers no messages
   * @param tell gets a sentence for the operator if no messages arrive
   * @returns a function that stops it
   */
  watchLog?(wake: () => void, url: string | undefined, tell: (fault: string) => void): Promise<() => Promise<void>>;
}
