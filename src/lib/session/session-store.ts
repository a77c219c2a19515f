import type { KeyStore } from "../key/key-store.ts";
import type { AuditStore } from "../revocation/audit-store.ts";
import type { Journal, LogStore } from "../revocation/log-store.ts";
import type { SessionLimit } from "../policy.ts";
import type { NoticeCode } from "../notices.ts";
import type { SessionRecord, SessionSummary } from "./record.ts";
import { everyField } from "../every-field.ts";
import type { RotationState } from "./rotation.ts";

// The port names them, so an author of a store gets them beside it.
export type { AuditNote, Journal, LogEntry, LogPage, NewLogEntry } from "../revocation/log-store.ts";
export type { AuditPosition, AuditQuery, AuditRow, NewAuditRow } from "../revocation/audit-store.ts";

/** The fields that a successful refresh writes. */
export interface RefreshWrite extends RotationState {
  /** When the session was refreshed, in ms since the epoch. */
  readonly lastSeenAt: number;
  /** When the session ends if it is not refreshed, in ms since the epoch. */
  readonly expiresAt: number;
  /** `DeviceFacts` as JSON text. */
  readonly device: string;
}

/** The fields that a new sign-in in the same session writes. */
export type SignInWrite = Pick<SessionRecord, "authTime" | "amr">;

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

/** A row, as it was read. */
export interface FoundSession extends SessionRecord {
  /**
   * The time of the database when it read the row, in ms since the epoch. Only if the database
   * serves several machines, whose clocks differ: rotation uses it, so all servers decide alike
   * (docs/decisions/003).
   */
  readonly storeTime?: number;
}

/** The position of a session in a user's list. The session itself may be gone. */
export interface SessionPosition {
  readonly createdAt: number;
  readonly handle: string;
}

/** Which part of a user's list to read. */
export interface ListPage {
  /** The most rows, 1 or more. */
  readonly limit: number;
  /** Where the page begins: behind this position. Undefined: at the newest session. */
  readonly after?: SessionPosition | undefined;
}

/** The result of `createSession`. */
export interface CreateOutcome {
  /**
   * False if the user has `max` live sessions and `onLimit` is "refuse"; then nothing was written.
   */
  readonly created: boolean;
  /** The handles of the sessions that were removed to make room. */
  readonly ended: readonly string[];
  /** Whether the session `replaces` existed, and was removed. */
  readonly replaced: boolean;
}

/** What a sign-in writes beside its row, in the same atomic step. */
export interface SignInJournal {
  /** For the session that it replaces. */
  readonly replaced: Journal;
  /** For the sessions that it ends to make room. */
  readonly ended: Journal;
  /** For the new session, which needs no entry in the log. */
  readonly begun: Journal;
}

/**
 * Runs a statement on the app's own connection.
 *
 * @param sql the statement, with `?` for MySQL, MariaDB and SQLite, and `$1` for PostgreSQL
 * @param values of its placeholders
 * @param hint `returnsRows`: whether the statement returns rows, for drivers that have a function
 *   for each
 * @returns what the driver returned, or a promise of it
 */
export type TransactionQuery = (
  sql: string,
  values: (string | number | null | Uint8Array)[],
  hint: { readonly returnsRows: boolean },
) => unknown;

/** The part of a store that works within a transaction of the app. */
export type TransactionStore = Pick<
  SessionStore,
  | "createSession"
  | "findSession"
  | "replaceClaims"
  | "replaceData"
  | "deleteSession"
  | "deleteSessionsOfUser"
  | "rememberDevice"
>;

/** Something that happened to the database outside the store. The store has warned of it. */
export interface StoreTrouble {
  /** The code of the warning. */
  readonly notice: NoticeCode;
  /** Whether the store has opened another database, with other keys and sessions. */
  readonly isReopened: boolean;
}

/**
 * The contract between sessions and a database. The author of a store follows these rules:
 *
 * - Errors are for broken systems only (no connection, disk full). Absence, conflict and repetition
 *   are results. The caller wraps errors; a store need not translate them. After an error the same
 *   store works again as soon as the database does, also if the database was down from the start.
 * - Each operation is atomic, also between processes, and takes effect before its promise resolves.
 *   Its effect survives the death of the process.
 * - No operation takes a second connection while it holds one.
 * - Times are arguments. A store compares with nothing else, and runs no timer that outlives an
 *   operation.
 * - Nothing hangs: if the database does not respond for a while, the operation fails.
 * - A handle begins with the shard of its user (session/handle.ts), by which a store may put all
 *   rows of a user on one node.
 * - Text is compared byte by byte and comes back byte for byte; `alice`, `ALICE`, `Alicé` and
 *   `alice ` are four users.
 * - A session is live while `expiresAt > now`. Only operations that take `now` look at that; an
 *   expired row that was not swept yet is found like any other.
 */
export interface SessionStore extends KeyStore, LogStore, AuditStore {
  /**
   * Makes or checks the schema. It is called before all other operations, and again if it failed.
   * Many processes may call it at once, also if the schema exists.
   */
  prepare(): Promise<void>;

  /**
   * Adds a session, in one atomic step.
   *
   * The handle is random and new. The session with the handle `replaces`, of any user, is removed.
   * With `limit` the user's other live sessions are counted, and the oldest by `createdAt` are
   * removed to make room: no order of concurrent calls leaves more than `limit.max` live sessions,
   * and a refused call removes nothing. If more sessions have to go than fit into a short step,
   * earlier steps remove the oldest, and leave `limit.max` live sessions or more.
   *
   * With a soft limit ("trim") at most `limit.atOnce` sessions are removed, the oldest first. That
   * may be a step of its own after the sign-in. It takes no lock that delays sign-ins of other
   * users, and costs little if there is nothing to remove.
   */
  createSession(
    record: SessionRecord,
    limit: SessionLimit | undefined,
    replaces?: string,
    journal?: SignInJournal,
  ): Promise<CreateOutcome>;

  /**
   * Reads a row. It never reads a replica or node that may lag behind a write.
   *
   * @returns undefined if there is no such row
   */
  findSession(handle: string): Promise<FoundSession | undefined>;

  /**
   * Writes the outcome of a refresh and adds 1 to `version`, if the row exists with this `version`.
   *
   * @returns false if not; then nothing was written, and a deleted row never comes back
   */
  commitRefresh(handle: string, version: number, write: RefreshWrite): Promise<boolean>;

  /**
   * Writes the claims and adds 1 to `version` and `claimsVersion`, if the row exists with this
   * `version`.
   *
   * @returns false if not; then nothing was written
   */
  replaceClaims(handle: string, version: number, claims: string, journal?: Journal): Promise<boolean>;

  /**
   * Writes the data and adds 1 to `version`, if the row exists with this `version`.
   *
   * @returns false if not; then nothing was written
   */
  replaceData(handle: string, version: number, data: string): Promise<boolean>;

  /**
   * Writes the label, or that there is none, and adds 1 to `version`, if the row exists with this
   * `version`.
   *
   * @returns false if not; then nothing was written
   */
  replaceLabel(handle: string, version: number, label: string | null): Promise<boolean>;

  /**
   * Writes when and how the user signed in, and adds 1 to `version`, if the row exists with this
   * `version`.
   *
   * @returns false if not; then nothing was written
   */
  replaceSignIn(handle: string, version: number, signIn: SignInWrite): Promise<boolean>;

  /**
   * Removes a session of any version.
   *
   * @returns whether it existed; of concurrent calls exactly one returns true
   */
  deleteSession(handle: string, journal?: Journal): Promise<boolean>;

  /**
   * Removes a session if the row exists with this `version`.
   *
   * @returns false if not; then nothing was removed
   */
  deleteSessionAtVersion(handle: string, version: number, journal?: Journal): Promise<boolean>;

  /**
   * Removes sessions of a user, live or not, except the one with the handle `except`: at most
   * `limit`, in a step that is short. The log gets one entry for the user, also if none is left.
   *
   * @returns the removed handles, each from exactly one of concurrent calls. Fewer than `limit`
   *   mean that no session is left that existed when the call began
   */
  deleteSessionsOfUser(
    userKey: string,
    except: string | undefined,
    limit: number,
    journal?: Journal,
  ): Promise<readonly string[]>;

  /**
   * A page of the live sessions of a user, newest first by `createdAt`, those of one time by
   * `handle` in descending byte order. Rows come without `claims` and `data`, which may be large.
   * Fewer rows than `page.limit` mean that the list ends with them. A page behind a position is
   * right also when the session of that position is gone.
   */
  listSessionsOfUser(userKey: string, now: number, page: ListPage): Promise<readonly SessionSummary[]>;

  /**
   * Remembers until `until` that a new sign-in has replaced the session `handle`. Late refreshes of
   * that session are told so.
   */
  rememberReplaced(handle: string, until: number): Promise<void>;

  /**
   * Remembers until `until` that the name `once`, which is like a handle, was used.
   *
   * @returns true for exactly one of all calls with one name, also concurrent ones
   */
  rememberOnce(once: string, until: number): Promise<boolean>;

  /**
   * Remembers until `until` that a user has signed in from a device. Of each user at most
   * `MOST_DEVICES` (session/device-limit.ts) are remembered: another one displaces those that
   * expire first.
   *
   * @returns true if the device was remembered at `now`; undefined if none of the user was. Of
   *   concurrent calls with one device that was not, exactly one does not return true
   */
  rememberDevice(userKey: string, device: string, now: number, until: number): Promise<boolean | undefined>;

  /**
   * Forgets all devices of a user.
   *
   * @returns how many
   */
  forgetDevices(userKey: string): Promise<number>;

  /**
   * Never reads a node that may lag behind a write.
   *
   * @returns whether `handle` is remembered as replaced, and `now` is before the end of that
   */
  wasReplaced(handle: string, now: number): Promise<boolean>;

  /**
   * Removes at most `limit` sessions that are not live at `now`, in a short step. When no more are
   * left it also forgets replaced sessions and devices that were remembered until `now`, of the
   * latter as many as a short step can.
   *
   * @returns how many sessions it removed
   */
  deleteExpiredSessions(now: number, limit: number): Promise<number>;

  /**
   * Takes the lease `name` for `owner` until `until`, or prolongs it. A lease only saves work: an
   * owner may not notice that it has lost the lease.
   *
   * @returns true if the lease was free, had expired at `now`, or was the owner's; of concurrent
   *   calls of different owners exactly one returns true
   */
  takeLease(name: "sweep", owner: string, now: number, until: number): Promise<boolean>;

  /**
   * Returns the time of the database, in ms since the epoch, by the clock of `storeTime`. Only if
   * the database serves several machines: there a session is removed for its age only if both
   * clocks say so, this one and that of the process.
   */
  readClock?(): Promise<number>;

  /**
   * Checks the settings of a database that works. One process asks once a minute.
   *
   * @returns sentences for the operator, without a secret; undefined if nothing is wrong
   */
  findFault?(): Promise<string | undefined>;

  /**
   * Calls `tell` if the store notices that its database is another one than before.
   *
   * @returns a function that stops it
   */
  watch?(notify: (trouble: StoreTrouble) => void): () => void;

  /**
   * Makes a store that does everything by `query`, in a transaction that the app has begun and will
   * end. Only of SQL databases, and only after `prepare`. It takes no connection, and repeats
   * nothing: after an error the app has to roll back. A conflict with another transaction is
   * `STORE_CONTENDED`.
   */
  within?(query: TransactionQuery): TransactionStore | undefined;

  /**
   * Closes everything that the store itself opened, not the app's connections. A second call does
   * nothing.
   */
  close(): Promise<void>;

  /**
   * How long all operations of one call of the library may take together, in ms. No operation
   * begins later, and `close()` waits this long for calls that have begun. Undefined: each
   * operation has its own limit.
   */
  readonly timeout?: number | undefined;

  /** The kind of database, for operators, for instance `PostgreSQL`. */
  readonly kind?: string | undefined;

  /**
   * Where the default secret is kept: beside the database of an embedded store. At the first start
   * it is made under this name with a leading dot, unless there is a file of one of the two names.
   * Such a file is as private and as durable as the database, and so good enough for production.
   * Undefined: `./counterfoil.secret`, in development and tests only; elsewhere the config must
   * bring a secret. Null: the store keeps nothing, so a secret for the life of the process will do.
   */
  readonly secretFile?: string | null | undefined;
}
