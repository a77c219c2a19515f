import type { KeyStore } from "../key/key-store.ts";
import type { SessionLimit } from "../policy.ts";
import type { NoticeCode } from "../notices.ts";
import type { SessionRecord, SessionSummary } from "./record.ts";
import { everyField } from "../every-field.ts";
import type { RotationState } from "./rotation.ts";

/** What a successful refresh writes. */
export interface RefreshWrite extends RotationState {
  readonly lastSeenAt: number;
  readonly expiresAt: number;
  readonly device: string;
}

/** In the order in which stores keep them; one that is added later comes last. */
export const REFRESH_FIELDS: readonly (keyof RefreshWrite)[] = everyField<RefreshWrite>({
  generation: true,
  currentHash: true,
  parentHash: true,
  childMintedAt: true,
  childSeenAt: true,
  confirmedAt: true,
  lastSeenAt: true,
  expiresAt: true,
  device: true,
});

/** A row as it was read. */
export interface FoundSession extends SessionRecord {
  /**
   * What time it was at the database when it read the row, ms since the epoch; only where the database serves several machines,
   * whose clocks differ. Rotation is decided by it, so that two servers decide alike (docs/decisions/003).
   */
  readonly storeTime?: number;
}

/** A position in the list of a user's sessions: that of a session, which may be gone by now. */
export interface SessionPosition {
  readonly createdAt: number;
  readonly handle: string;
}

/** A part of the list of a user's sessions. */
export interface ListPage {
  /** Greatest number of rows, 1 or more. */
  readonly limit: number;
  /** The list goes on behind this position. Undefined: it begins with the newest session. */
  readonly after?: SessionPosition | undefined;
}

export interface CreateOutcome {
  /** False: the user has `max` live sessions, `onLimit` is "refuse", and nothing was written. */
  readonly created: boolean;
  /** Handles of the sessions that ended to make room. */
  readonly ended: readonly string[];
  /** Whether there was a session in whose place this one came. */
  readonly replaced: boolean;
}

/**
 * Something that has happened to the database behind a store's back, of which the store has warned.
 */
export interface StoreTrouble {
  /** The code of the warning. */
  readonly notice: NoticeCode;
  /** Whether the store has gone over to another database, whose keys and sessions are others. */
  readonly isReopened: boolean;
}

/**
 * The port between sessions and a database. The author of a store keeps to this:
 *
 * - Errors are for broken systems only (no connection, disk full). Absence, conflict and repetition are results.
 *   The caller wraps whatever is thrown; a store need not translate it. After a fault the same store object works
 *   again as soon as the database does, also when the database was down from the start.
 * - Each operation is atomic by itself, also between processes, and takes effect before its promise resolves.
 *   What has resolved survives the death of the process.
 * - No operation takes a second connection while it holds one.
 * - Times come in as arguments. A store compares with nothing else, and runs no timer that outlives an operation.
 * - Nothing hangs: a database that does not answer is a fault after a while.
 * - A handle begins with the shard of its user (session/handle.ts), by which a store may put all rows of one user on one node.
 * - Text is compared byte by byte and comes back byte for byte; `alice`, `ALICE`, `Alicé` and `alice ` are four users.
 * - A session is live while `expiresAt > now`. Only the operations that take `now` look at that; an expired row that has
 *   not been swept yet is found like any other.
 */
export interface SessionStore extends KeyStore {
  /**
   * Makes the schema or checks it; called before anything else, and again after it failed.
   * Safe to run from many processes at once, and when the schema is there already.
   */
  prepare(): Promise<void>;

  /**
   * Adds a session. The handle is random and new. The session with the handle `replaces`, of
   * whichever user, is removed. With `limit` the other live sessions of the user are counted, and
   * the oldest by `createdAt` are removed to make room. All in one atomic step: no order of
   * concurrent calls leaves more than `limit.max` live sessions, and a call that is refused removes
   * nothing. Where far more are to be removed than a step may that stalls nobody, steps before it
   * remove some, the oldest first, and leave `limit.max` live sessions or more.
   *
   * With a soft limit ("trim") at most `limit.atOnce` sessions are removed, the oldest first. That
   * may be a step of its own after the sign-in, takes no lock for which sign-ins of other users
   * wait, and costs little where there is nothing to remove.
   */
  createSession(record: SessionRecord, limit: SessionLimit | undefined, replaces?: string): Promise<CreateOutcome>;

  /** The row; undefined when there is none. Never from a replica, or a node of a cluster, that may lag behind a write. */
  findSession(handle: string): Promise<FoundSession | undefined>;

  /**
   * Compare-and-set: writes the outcome of a refresh and adds 1 to `version`, if the row exists and its version is `version`.
   * False when not, and then nothing was written: a deleted row never comes back.
   */
  commitRefresh(handle: string, version: number, write: RefreshWrite): Promise<boolean>;

  /** Compare-and-set of the claims: adds 1 to `version` and to `claimsVersion`. False as in `commitRefresh`. */
  replaceClaims(handle: string, version: number, claims: string): Promise<boolean>;

  /** Compare-and-set of the data: adds 1 to `version`. False as in `commitRefresh`. */
  replaceData(handle: string, version: number, data: string): Promise<boolean>;

  /** Removes a session, whatever its version. Whether there was one; of concurrent calls exactly one gets true. */
  deleteSession(handle: string): Promise<boolean>;

  /** Compare-and-delete: removes the session if its version is `version`. False when not; then it is untouched. */
  deleteSessionAtVersion(handle: string, version: number): Promise<boolean>;

  /**
   * Removes sessions of a user, live or not, but for the one with the handle `except`: at most
   * `limit` of them, in a step short enough to stall nobody. Returns the handles that were removed,
   * each by exactly one of concurrent calls. Fewer than `limit` mean that no session is left that
   * was there when the call began.
   */
  deleteSessionsOfUser(userKey: string, except: string | undefined, limit: number): Promise<readonly string[]>;

  /**
   * A page of the live sessions of a user, newest first by `createdAt`, those of one time by
   * `handle` in descending byte order. Rows come without `claims` and `data`, which may be large.
   * Fewer rows than `page.limit` mean that the list ends with them. A page behind a position is
   * right also when the session of that position is gone.
   */
  listSessionsOfUser(userKey: string, now: number, page: ListPage): Promise<readonly SessionSummary[]>;

  /** Remembers until `until` that a new sign-in takes the place of the session `handle`, whose late refreshes must be told so. */
  rememberReplaced(handle: string, until: number): Promise<void>;

  /**
   * Remembers until `until` that the handle-like name `once` has been used. Of all calls with one name, concurrent ones among them, exactly one
   * gets true.
   */
  rememberOnce(once: string, until: number): Promise<boolean>;

  /** Whether `handle` is remembered as replaced, and `now` is before the end of that. Never from a node that may lag behind a write. */
  wasReplaced(handle: string, now: number): Promise<boolean>;

  /**
   * Removes at most `limit` sessions that are not live at `now`, in a step short enough to stall nobody. How many. May also forget what was
   * to be remembered until `now`.
   */
  deleteExpiredSessions(now: number, limit: number): Promise<number>;

  /**
   * Takes the lease `name` for `owner` until `until`, or prolongs it. True when it was free, had
   * run out at `now`, or was the owner's already; of concurrent calls of different owners exactly
   * one gets true. A lease saves work, and guards nothing: an owner that has lost it may not know
   * yet.
   */
  takeLease(name: "sweep", owner: string, now: number, until: number): Promise<boolean>;

  /**
   * What time it is at the database, ms since the epoch, by the clock of `storeTime`. Only where
   * the
   * database serves several machines: there a session is removed for its age when it is over by
   * both clocks, this one and that of the process.
   */
  readClock?(): Promise<number>;

  /**
   * What is wrong with the settings of the database as they are now, although it serves: sentences
   * for the operator, without a secret. Undefined: nothing. Asked once a minute, by one process.
   */
  findFault?(): Promise<string | undefined>;

  /**
   * Calls `tell` with what the store notices about its database by itself: that it is not the one
   * of before. What it returns ends that.
   */
  watch?(notify: (trouble: StoreTrouble) => void): () => void;

  /** Gives back what the store itself opened; the app's own connections stay open. Safe to call twice. */
  close(): Promise<void>;

  /**
   * How long all operations of one call of the library may take together, in ms. No operation
   * begins later, and `close()` waits so long for calls that are under way. Undefined: as long as
   * the store lets each of them take.
   */
  readonly timeout?: number | undefined;

  /**
   * Where the default secret is kept: beside the database of an embedded store. At the first start
   * it is made under this name with a leading dot, unless there is a file of one of the two names.
   * Such a file is as private and as durable as the database, and so good enough for production.
   * Undefined: `./counterfoil.secret`, in development and tests only; elsewhere the config must
   * bring a secret. Null: the store keeps nothing, so a secret for the life of the process will do.
   */
  readonly secretFile?: string | null | undefined;
}
