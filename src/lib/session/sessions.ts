import type { CookieNames } from "../cookie-names.ts";
import type { Jwks } from "../key/jwks.ts";
import type { PendingKey } from "../key/key-ring.ts";
import type { CreatedSession, NewSessionRest } from "./create-session.ts";
import type { SessionEventName, SessionListener } from "./events.ts";
import type { ForgottenUser } from "./forget-user.ts";
import type { Updater } from "./manage-sessions.ts";
import type { HandlePage, PageOptions, SessionInfo, SessionPage } from "./list-sessions.ts";
import type { AuditOptions, AuditPage } from "./read-audit.ts";
import type { ReauthenticatedSession, ReauthenticateOptions } from "./reauthenticate.ts";
import type { RefreshedSession, RefreshOptions } from "./refresh-session.ts";
import type { SessionStats } from "./stats.ts";
import type { StoreObserver } from "./store-observers.ts";
import type { SweepOptions } from "./sweep-now.ts";
import type { TransactionOptions } from "./app-transaction.ts";
import type { UserId } from "./user-id.ts";
import type { VerifiedSession, VerifyOptions } from "./verify-session.ts";

/**
 * An instance of the library. `Claims`, `Data` and `Id` are the app's types of `jwtPayload`,
 * `sessionData` and user ids.
 *
 * Each method may throw a `SessionError`: with `STORE_UNAVAILABLE` or `STORE_BUSY` when the store
 * fails, `CLOSED` after `close()`, and `ARGUMENT_INVALID` for an unknown option or an argument that
 * cannot be meant. Further codes are listed at each method.
 */
export interface Sessions<Claims = unknown, Data = unknown, Id extends UserId = UserId> {
  /**
   * The names of the cookies, for a middleware of your own. They follow `cookie.hostPrefix` and
   * `cookie.prefix`.
   */
  readonly cookieNames: CookieNames;

  /**
   * Starts a session for a user who has just signed in. The caller sends the tokens to the client.
   *
   * @param userId a non-empty string of at most 256 characters, or a finite number
   * @param jwtPayload the claims: JSON in the access token, which the client can read. Default `{}`
   * @param sessionData JSON that stays on the server, at most 1,000,000 characters. Default `{}`
   * @param options the time of the sign-in, the device for the list of sessions, and who acts for
   *   the user if somebody else does
   * @returns the session and its tokens
   * @throws SessionError `USER_ID_INVALID`, `VALUE_NOT_JSON`, `VALUE_TOO_LARGE`, `TOKEN_TOO_LARGE`
   *   when an argument does not fit; `SESSION_LIMIT_REACHED` with `onMaxPerUser: "refuse"`;
   *   `SESSION_NOT_FOUND`, `ACTOR_REFUSED` if the actor has no live session of the own
   * @example
   * ```ts
   * import { createSessions } from "counterfoil";
   *
   * const sessions = createSessions<{ role: string }>();
   * const { accessToken } = await sessions.createNewSession("alice", { role: "admin" });
   * console.log(accessToken.value, accessToken.expires);
   * ```
   */
  createNewSession(userId: Id, ...rest: NewSessionRest<Claims, Data>): Promise<CreatedSession<Claims, Id>>;

  /**
   * Verifies an access token. It reads the store only with `revocation: "store"`, or with `"feed"`
   * where the log of revocations cannot decide.
   *
   * @param accessToken the value of the cookie `cookieNames.access`
   * @param antiCsrfToken the value of the header `anti-csrf`. Pass `null` to skip the check, for a
   *   request that changes nothing. `undefined` skips it too, with the process warning
   *   `COUNTERFOIL_ANTI_CSRF` outside production, because the header may be missing by accident
   * @param options whether the anti-CSRF token is required, and the greatest age of the sign-in
   * @returns the session, and a new access token if the claims have changed
   * @throws SessionError `ACCESS_TOKEN_MISSING`, `ACCESS_TOKEN_INVALID`, `ACCESS_TOKEN_EXPIRED`,
   *   `ANTI_CSRF_MISSING`, `ANTI_CSRF_MISMATCH` (`TRY_REFRESH_TOKEN`): the client should refresh;
   *   `SESSION_NOT_FOUND` (`UNAUTHORISED`) if the session was revoked, with a revocation check;
   *   `STEP_UP_REQUIRED` if the sign-in is older than `maxAuthAge` (RFC 9470); `CLAIM_REQUIRED` if
   *   the claims do not have what `claims` demands; `ACTOR_REFUSED` with
   *   `refuseActor`
   * @example
   * ```ts
   * import { createSessions } from "counterfoil";
   *
   * const sessions = createSessions();
   * const { accessToken, antiCsrfToken } = await sessions.createNewSession("alice");
   * // A request that changes something
   * await sessions.getSession(accessToken.value, antiCsrfToken, { antiCsrf: "required" });
   * // A request that reads
   * const { session } = await sessions.getSession(accessToken.value, null);
   * console.log(session.userId);
   * ```
   */
  getSession(
    accessToken: string,
    antiCsrfToken?: string | null,
    options?: VerifyOptions<Claims>,
  ): Promise<VerifiedSession<Claims, Id>>;

  /**
   * Exchanges a refresh token for new tokens (RFC 9700 4.14). A refresh token that an earlier
   * refresh issued less than three `rotation.window`s ago comes back unchanged.
   *
   * @param refreshToken the value of the cookie `cookieNames.refresh`
   * @param options the device, for the list of sessions
   * @returns the session and its tokens
   * @throws SessionError `REFRESH_TOKEN_MISSING`, `REFRESH_TOKEN_INVALID`, `SESSION_NOT_FOUND`,
   *   `SESSION_EXPIRED`, `STORE_BEHIND` (`UNAUTHORISED`): the user has to sign in;
   *   `TOKEN_THEFT_DETECTED` if two parties hold tokens of the session, which is now revoked;
   *   `REFRESH_TOKEN_SUPERSEDED`, `STORE_CONTENDED` (`RETRY`) if another request was faster: the
   *   client should try again
   * @example
   * ```ts
   * import { createSessions } from "counterfoil";
   *
   * const sessions = createSessions();
   * const { refreshToken } = await sessions.createNewSession("alice");
   * const { newAccessToken, newRefreshToken } = await sessions.refreshSession(refreshToken.value);
   * console.log(newAccessToken.value, newRefreshToken.value);
   * ```
   */
  refreshSession(refreshToken: string, options?: RefreshOptions): Promise<RefreshedSession<Claims, Id>>;

  /**
   * Revokes a session (RFC 7009).
   *
   * @returns whether it existed
   */
  revokeSessionUsingSessionHandle(handle: string): Promise<boolean>;

  /**
   * Revokes all sessions of a user, 200 at a time, each part with its own event.
   *
   * @param options `except`: the handle of a session to keep
   * @returns how many sessions it revoked
   */
  revokeAllSessionsForUser(userId: Id, options?: { readonly except?: string }): Promise<number>;

  /**
   * Removes everything that the store has about a user: sessions, remembered devices and rows of
   * the audit table, in short steps. The sessions end as by `revokeAllSessionsForUser`. First see
   * to it that the user cannot sign in again.
   *
   * What names the user only as an actor stays: audit rows about other users, and the sessions in
   * which the user acts for others until they end. So does an entry in the log of revocations,
   * until no access token of the user can be valid.
   *
   * @returns how much it removed
   * @throws SessionError `STORE_UNAVAILABLE`; what was removed before stays removed, and the same
   *   call made again does the rest
   */
  forgetUser(userId: Id): Promise<ForgottenUser>;

  /**
   * Revokes every session of every user and replaces all keys. Other processes notice within a
   * minute. Users who sign in there before that, or during this call, have to sign in again.
   *
   * @returns how many rows it removed
   */
  revokeAllSessions(): Promise<number>;

  /** Lists the handles of all live sessions of a user, newest first. */
  getAllSessionHandlesForUser(userId: Id): Promise<string[]>;
  /**
   * Lists one page of the handles of a user's live sessions, newest first.
   *
   * @param page the size of the page, and the cursor where it begins
   * @returns the handles, and the cursor of the next page
   * @throws SessionError `ARGUMENT_INVALID` if the limit is not 1 to 1000, or `after` is no cursor
   */
  getAllSessionHandlesForUser(userId: Id, page: PageOptions): Promise<HandlePage>;

  /** Lists all live sessions of a user with their devices, newest first. */
  getSessionsForUser(userId: Id): Promise<SessionInfo<Id>[]>;
  /**
   * Lists one page of a user's live sessions with their devices, newest first.
   *
   * @param page the size of the page, and the cursor where it begins
   * @returns the sessions, and the cursor of the next page
   * @throws SessionError `ARGUMENT_INVALID` if the limit is not 1 to 1000, or `after` is no cursor
   * @example
   * ```ts
   * import { createSessions } from "counterfoil";
   *
   * const sessions = createSessions();
   * const first = await sessions.getSessionsForUser("alice", { limit: 100 });
   * const second = await sessions.getSessionsForUser("alice", { limit: 100, after: first.next });
   * console.log(second.sessions.map(({ device }) => device.userAgent));
   * ```
   */
  getSessionsForUser(userId: Id, page: PageOptions): Promise<SessionPage<Id>>;

  /**
   * Reads the data of a session on the server.
   *
   * @throws SessionError `SESSION_NOT_FOUND` (`UNAUTHORISED`) if the session has ended
   */
  getSessionData(handle: string): Promise<Data>;

  /**
   * Replaces the data of a session on the server.
   *
   * @param update the new value, or a function of the old value. The function runs again if another
   *   request changed the session meanwhile
   * @returns the new value
   * @throws SessionError `SESSION_NOT_FOUND` (`UNAUTHORISED`) if the session has ended;
   *   `VALUE_NOT_JSON`, `VALUE_TOO_LARGE`; `STORE_CONTENDED` (`RETRY`) if other changes kept
   *   winning
   * @example
   * ```ts
   * import { createSessions } from "counterfoil";
   *
   * const sessions = createSessions<unknown, { items: number }>();
   * const { session } = await sessions.createNewSession("alice", {}, { items: 0 });
   * await sessions.updateSessionData(session.handle, (cart) => ({ items: cart.items + 1 }));
   * ```
   */
  updateSessionData(handle: string, update: Updater<Data>): Promise<Data>;
  updateSessionData(handle: string, value: Data): Promise<Data>;

  /**
   * Renews the sign-in of a session, after the user has given the password or another proof again
   * (step-up). The session stays the same one. Tokens of before keep the old sign-in.
   *
   * @param options when and how the user signed in, and the client's refresh token
   * @returns the session and an access token with the new sign-in; with `refreshToken` also a new
   *   refresh token, if it could be rotated
   * @throws SessionError `SESSION_NOT_FOUND`, `SESSION_EXPIRED` (`UNAUTHORISED`) if the session has
   *   ended; `ACTOR_REFUSED` if somebody acts for the user in it; `STORE_CONTENDED` (`RETRY`) if
   *   other changes kept winning; `TOKEN_TOO_LARGE`
   * @example
   * ```ts
   * import { createSessions } from "counterfoil";
   *
   * const sessions = createSessions();
   * const { session, refreshToken } = await sessions.createNewSession("alice", {}, {}, { amr: ["pwd"] });
   * const { newAccessToken } = await sessions.reauthenticate(session.handle, {
   *   amr: ["pwd", "otp", "mfa"],
   *   refreshToken: refreshToken.value,
   * });
   * await sessions.getSession(newAccessToken.value, null, { maxAuthAge: "5m", requireAmr: ["mfa"] });
   * ```
   */
  reauthenticate(handle: string, options?: ReauthenticateOptions): Promise<ReauthenticatedSession<Claims, Id>>;

  /**
   * Gives the device of a session a name, for the list of sessions.
   *
   * @param label a name, cut after 100 characters; null or an empty text removes it
   * @returns the name as it is kept; null if there is none
   * @throws SessionError `SESSION_NOT_FOUND` (`UNAUTHORISED`) if the session has ended;
   *   `STORE_CONTENDED` (`RETRY`) if other changes kept winning
   * @example
   * ```ts
   * import { createSessions } from "counterfoil";
   *
   * const sessions = createSessions();
   * const { session } = await sessions.createNewSession("alice");
   * await sessions.renameSession(session.handle, "Work laptop");
   * ```
   */
  renameSession(handle: string, label: string | null): Promise<string | null>;

  /** `getSessionData` under the name that the first SuperTokens library gave it. */
  getSessionInfo(handle: string): Promise<Data>;

  /** `updateSessionData` under the name that the first SuperTokens library gave it. */
  updateSessionInfo(handle: string, update: Updater<Data>): Promise<Data>;
  updateSessionInfo(handle: string, value: Data): Promise<Data>;

  /**
   * Replaces the claims of a session. The next refresh puts them into the access token. With
   * `revocation: "store"` or `"feed"` the next `getSession` does, as `newAccessToken`.
   *
   * @param update the new claims, or a function of the old claims. The function runs again if
   *   another request changed the session meanwhile
   * @returns the new claims
   * @throws SessionError as `updateSessionData`; `TOKEN_TOO_LARGE` if the token fits no cookie
   */
  updateJwtPayload(handle: string, update: Updater<Claims>): Promise<Claims>;
  updateJwtPayload(handle: string, value: Claims): Promise<Claims>;

  /**
   * Works in a transaction that your code has begun and will end, on the connection of that
   * transaction. Only with the stores of SQL databases, whose tables are in the same database. Call
   * it once for each transaction, and await `ready()` before the first.
   *
   * @param options `query` runs a statement on that connection, and returns what the driver returns
   * @returns the operations, and `done`, which you await after the commit
   * @throws SessionError `STORE_UNSUITABLE` with another store; `NOT_INITIALISED` before `ready()`
   * @example
   * ```ts
   * import { createSessions } from "counterfoil";
   * import { postgres } from "counterfoil/postgres";
   * import { Pool } from "pg";
   *
   * const pool = new Pool({ connectionString: process.env.DATABASE_URL });
   * const sessions = createSessions({ store: postgres({ pool }) });
   * await sessions.ready();
   *
   * const client = await pool.connect();
   * const transaction = sessions.in({ query: (sql, values) => client.query(sql, values) });
   * try {
   *   await client.query("BEGIN");
   *   await client.query("UPDATE account SET locked = true WHERE name = 'alice'");
   *   await transaction.revokeAllSessionsForUser("alice");
   *   await client.query("COMMIT");
   * } catch (error) {
   *   await client.query("ROLLBACK");
   *   throw error;
   * } finally {
   *   client.release();
   * }
   * await transaction.done();
   * ```
   */
  in(options: TransactionOptions): SessionsInTransaction<Claims, Data, Id>;

  /**
   * Returns a page of what the audit table has about a user, newest first. The table has rows only
   * with `audit.retention`.
   *
   * @param page the size of the page, and the cursor where it begins
   * @throws SessionError `ARGUMENT_INVALID` if the limit is not 1 to 1000, or `after` is no cursor
   * @example
   * ```ts
   * import { createSessions } from "counterfoil";
   *
   * const sessions = createSessions({ audit: { retention: "90d" } });
   * const { entries } = await sessions.getAuditForUser("alice", { limit: 100 });
   * for (const { loggedAt, event, facts } of entries) console.log(new Date(loggedAt), event, facts);
   * ```
   */
  getAuditForUser(userId: Id, page: PageOptions): Promise<AuditPage<Id>>;

  /**
   * Returns a page of the whole audit table, newest first, for instance to export a day of it.
   *
   * @param options the size of the page, the cursor where it begins, and a range of time
   * @throws SessionError `ARGUMENT_INVALID` if the limit is not 1 to 1000, `after` is no cursor, or
   *   a time is not a whole number of ms
   */
  getAudit(options: AuditOptions): Promise<AuditPage<Id>>;

  /**
   * Publishes the next signing key, which begins to sign after `keys.publishAhead`. All sessions go
   * on.
   *
   * @returns the new key, or the key that is waiting already
   */
  rotateSigningKey(): Promise<PendingKey>;

  /**
   * Returns the public keys (RFC 7517 5), for other services that verify access tokens. The list is
   * empty with HS256.
   */
  getJwks(): Promise<Jwks>;

  /**
   * Calls a listener on an event. An error of the listener becomes a process warning.
   *
   * @returns a function that removes the listener
   * @example
   * ```ts
   * import { createSessions } from "counterfoil";
   *
   * const sessions = createSessions();
   * sessions.on("reuse-detected", ({ userId, presentingDevice }) => {
   *   console.warn("stolen session", userId, presentingDevice);
   * });
   * ```
   */
  on<E extends SessionEventName>(event: E, listener: SessionListener<E, Id>): () => void;

  /**
   * Returns what the instance has counted since it was made. It reads numbers of this process, and
   * asks no store. `observeSessions` of `counterfoil/opentelemetry` makes metrics of them.
   *
   * @example
   * ```ts
   * import { createSessions } from "counterfoil";
   *
   * const sessions = createSessions();
   * const { hits, misses } = sessions.stats().verifiedTokens;
   * console.log(hits / (hits + misses));
   * ```
   */
  stats(): SessionStats;

  /**
   * Calls an observer for each operation of the store, for metrics and spans of your own. The
   * observer gets the name of the operation, and a function that runs it and returns the promise of
   * its end. It must call that function at once. It cannot change what becomes of the operation: an
   * error of the observer becomes a process warning.
   *
   * @returns a function that removes the observer
   * @throws SessionError `ARGUMENT_INVALID` if it is no function
   * @example
   * ```ts
   * import { createSessions } from "counterfoil";
   *
   * const sessions = createSessions();
   * sessions.observeStore(async (operation, work) => {
   *   const begun = performance.now();
   *   try {
   *     await work();
   *   } finally {
   *     console.log(operation, performance.now() - begun);
   *   }
   * });
   * ```
   */
  observeStore(observer: StoreObserver): () => void;

  /**
   * Removes expired sessions in small steps, until none is left or `limit` is reached. Requests do
   * the same from time to time, so it is for a job after an outage. `npx counterfoil sweep` does it
   * without an app.
   *
   * @returns how many sessions it removed. It first waits for a sweep that a request has begun, and
   *   does not count that one's
   * @throws SessionError `ARGUMENT_INVALID` if the limit is not a whole number from 1
   */
  sweep(options?: SweepOptions): Promise<number>;

  /**
   * Opens the store and loads the keys now; otherwise the first call does it. After a failure the
   * next call tries again.
   */
  ready(): Promise<void>;

  /**
   * Closes the instance, so the process can exit. Calls that have begun may finish, within the
   * `timeout` of the store; later calls fail with `CLOSED`. A second `close()` does nothing.
   *
   * @throws SessionError `STORE_UNAVAILABLE` if the store could not close all that it opened. The
   *   instance is closed all the same
   */
  close(): Promise<void>;
}

/**
 * The operations that `in` of an instance runs in a transaction of the app. Each works as the
 * method of this name, with these differences: it makes one attempt, it neither refreshes nor
 * sweeps nor rotates keys, and nobody is told of it before `done`.
 *
 * Each may throw a `SessionError`: `STORE_CONTENDED` (`RETRY`) when another transaction was faster,
 * `STORE_UNAVAILABLE` when a statement fails, `NOT_INITIALISED` when the store is not open,
 * `ARGUMENT_INVALID` when `query` returned an unknown result or an operation has failed before.
 * After such an error roll the transaction back.
 */
export interface SessionsInTransaction<Claims = unknown, Data = unknown, Id extends UserId = UserId> extends Pick<
  Sessions<Claims, Data, Id>,
  | "createNewSession"
  | "revokeSessionUsingSessionHandle"
  | "revokeAllSessionsForUser"
  | "updateJwtPayload"
  | "updateSessionData"
> {
  /**
   * Await it after the commit, when the connection is back in its pool. Never call it after a
   * rollback. It emits the events, tells this process's feed, and writes what has ended or changed
   * into the log of revocations once more, on a connection of the store. Without it listeners hear
   * nothing, and with `revocation: "feed"` other processes may accept the access tokens of a
   * revoked session until they expire.
   *
   * @throws SessionError `STORE_UNAVAILABLE` if the log cannot be written; the events are out, and
   *   another call writes the rest. `ARGUMENT_INVALID` if an operation has failed or still runs
   */
  readonly done: () => Promise<void>;
}
