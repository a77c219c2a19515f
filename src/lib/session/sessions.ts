import type { CookieNames } from "../cookie-names.ts";
import type { Jwks } from "../key/jwks.ts";
import type { PendingKey } from "../key/key-ring.ts";
import type { CreatedSession, NewSessionRest } from "./create-session.ts";
import type { SessionEventName, SessionListener } from "./events.ts";
import type { Updater } from "./manage-sessions.ts";
import type { HandlePage, PageOptions, SessionInfo, SessionPage } from "./list-sessions.ts";
import type { RefreshedSession, RefreshOptions } from "./refresh-session.ts";
import type { SweepOptions } from "./sweep-now.ts";
import type { UserId } from "./user-id.ts";
import type { VerifiedSession, VerifyOptions } from "./verify-session.ts";

/**
 * Everything that can be done with sessions. `Claims`, `Data` and `Id` are the app's types of `jwtPayload`, `sessionData` and user ids.
 *
 * Every method may throw a `SessionError`: `STORE_UNAVAILABLE` (`GENERAL_ERROR`) when the store fails, `CLOSED` after `close()`;
 * the others are named with each method.
 */
export interface Sessions<Claims = unknown, Data = unknown, Id extends UserId = UserId> {
  /**
   * Names of the cookies, as `cookie.hostPrefix` makes them: for middleware of your own that reads
   * or sets them.
   *
   * @example
   * ```ts
   * const accessToken = request.cookies[sessions.cookieNames.access];
   * ```
   */
  readonly cookieNames: CookieNames;

  /**
   * Starts a session for a user who has just proved who they are.
   *
   * @param userId a non-empty string of at most 256 characters, or a finite number; comes back exactly as given
   * @param jwtPayload JSON that the access token carries, readable by the client. Default `{}`
   * @param sessionData JSON that stays on the server, at most 1,000,000 characters. Default `{}`
   * @throws SessionError `GENERAL_ERROR`: `USER_ID_INVALID`, `VALUE_NOT_JSON`, `VALUE_TOO_LARGE`, `TOKEN_TOO_LARGE`, `SESSION_LIMIT_REACHED`
   * @example
   * ```ts
   * const { session, accessToken, refreshToken, idRefreshToken, antiCsrfToken } = await createNewSession("alice", { role: "admin" });
   * ```
   */
  createNewSession(userId: Id, ...rest: NewSessionRest<Claims, Data>): Promise<CreatedSession<Claims, Id>>;

  /**
   * Verifies an access token; asks the store only where `revocation` says so.
   *
   * @param accessToken value of the cookie `cookieNames.access`
   * @param antiCsrfToken value of the header `anti-csrf`. A string is checked. `null` skips the check, for a request that changes nothing;
   *   so does `undefined`, with a warning outside production (`COUNTERFOIL_ANTI_CSRF`), since a header that is absent must not switch the
   *   check off by accident
   * @param options `antiCsrf: "required"` refuses a request without the token
   * @throws SessionError `TRY_REFRESH_TOKEN`: expired, not ours, wrong anti-CSRF token, or `ANTI_CSRF_MISSING`; `UNAUTHORISED`: revoked
   *   (with `revocation`); `STEP_UP_REQUIRED`: the sign-in is older than `options.maxAuthAge` (RFC 9470); `GENERAL_ERROR`
   *   `ARGUMENT_INVALID`
   * @example
   * ```ts
   * // A request that changes something
   * const { session, newAccessToken } = await getSession(accessToken, antiCsrfToken, { antiCsrf: "required" });
   * // One that reads
   * await getSession(accessToken, null);
   * ```
   */
  getSession(
    accessToken: string,
    antiCsrfToken?: string | null,
    options?: VerifyOptions,
  ): Promise<VerifiedSession<Claims, Id>>;

  /**
   * Exchanges a refresh token for a new access token and, unless it is too young, a new refresh token (RFC 9700 4.14).
   *
   * @throws SessionError `UNAUTHORISED`: gone, expired or not ours; `TOKEN_THEFT_DETECTED`: two parties hold tokens of this session, which is now
   *   revoked; `RETRY`: another request has just rotated this token, nothing is lost
   * @example
   * ```ts
   * const { newAccessToken, newRefreshToken, newIdRefreshToken, newAntiCsrfToken } = await refreshSession(refreshToken);
   * ```
   */
  refreshSession(refreshToken: string, options?: RefreshOptions): Promise<RefreshedSession<Claims, Id>>;

  /** Ends a session (RFC 7009). Whether there was one. */
  revokeSessionUsingSessionHandle(handle: string): Promise<boolean>;

  /**
   * Ends all sessions of a user, but for the one with the handle `except`. How many. Removes 200
   * at a time, each part in a step and with an event of its own.
   */
  revokeAllSessionsForUser(userId: Id, options?: { readonly except?: string }): Promise<number>;

  /**
   * Ends every session of everybody and replaces all keys. How many rows were removed. Other
   * processes follow within a minute; until then they sign with the keys of before, so a user who
   * signs in there, or in these very moments, must do so again.
   */
  revokeAllSessions(): Promise<number>;

  /**
   * Handles of a user's live sessions, newest first: all of them, or with a `limit` a page and
   * the cursor of the next.
   *
   * @throws SessionError `GENERAL_ERROR` `ARGUMENT_INVALID`: the limit is not 1 to 1000, or `after`
   *   is not a cursor
   * @example
   * ```ts
   * const handles = await getAllSessionHandlesForUser("alice");
   * const page = await getAllSessionHandlesForUser("alice", { limit: 100 });
   * const second = await getAllSessionHandlesForUser("alice", { limit: 100, after: page.next });
   * ```
   */
  getAllSessionHandlesForUser(userId: Id): Promise<string[]>;
  getAllSessionHandlesForUser(userId: Id, page: PageOptions): Promise<HandlePage>;

  /**
   * A user's live sessions with their devices, newest first: all of them, or a page. As
   * `getAllSessionHandlesForUser`.
   */
  getSessionsForUser(userId: Id): Promise<SessionInfo<Id>[]>;
  getSessionsForUser(userId: Id, page: PageOptions): Promise<SessionPage<Id>>;

  /** The server-side data of a session. @throws SessionError `UNAUTHORISED` `SESSION_NOT_FOUND` */
  getSessionData(handle: string): Promise<Data>;

  /**
   * Replaces the server-side data; a function gets the old value, and runs again when another change came in between.
   * The new value.
   *
   * @throws SessionError `UNAUTHORISED` `SESSION_NOT_FOUND`; `GENERAL_ERROR` `VALUE_NOT_JSON`, `VALUE_TOO_LARGE`
   * @example
   * ```ts
   * await sessions.updateSessionData(handle, (cart) => ({ ...cart, items: cart.items + 1 }));
   * ```
   */
  updateSessionData(handle: string, update: Updater<Data>): Promise<Data>;
  updateSessionData(handle: string, value: Data): Promise<Data>;

  /** `getSessionData` under the name that the first SuperTokens library gave it. */
  getSessionInfo(handle: string): Promise<Data>;

  /** `updateSessionData` under the name that the first SuperTokens library gave it. */
  updateSessionInfo(handle: string, update: Updater<Data>): Promise<Data>;
  updateSessionInfo(handle: string, value: Data): Promise<Data>;

  /**
   * Replaces the claims. The next refresh signs them; with `revocation` the next `getSession` returns them with a `newAccessToken`.
   * The new value.
   *
   * @throws SessionError as `updateSessionData`, and `TOKEN_TOO_LARGE`
   */
  updateJwtPayload(handle: string, update: Updater<Claims>): Promise<Claims>;
  updateJwtPayload(handle: string, value: Claims): Promise<Claims>;

  /** Publishes the next signing key, which takes over after `keys.publishAhead`; nobody is logged out. One that is waiting already is returned. */
  rotateSigningKey(): Promise<PendingKey>;

  /** Public keys for other services that verify access tokens (RFC 7517); empty with HS256. */
  getJwks(): Promise<Jwks>;

  /**
   * Listens to an event; the function that is returned stops it. A listener that throws is reported as a process warning.
   *
   * @example
   * ```ts
   * on("reuse-detected", ({ userId, presentingDevice }) => alertSecurityTeam(userId, presentingDevice));
   * ```
   */
  on<E extends SessionEventName>(event: E, listener: SessionListener<E, Id>): () => void;

  /**
   * Removes sessions that have expired, in small steps, until none is left or there were `limit`.
   * How many, but for those that a sweep removes which a request has begun: it is waited for first.
   * For a job after an outage, since requests begin the same now and then by themselves.
   * `npx counterfoil sweep` does it without an app.
   *
   * @throws SessionError `GENERAL_ERROR` `ARGUMENT_INVALID`: the limit is not a whole number from 1
   * @example
   * ```ts
   * const removed = await sweep({ limit: 1_000_000 });
   * ```
   */
  sweep(options?: SweepOptions): Promise<number>;

  /** Opens the store and loads the keys now rather than with the first call. After a failure the next call tries again. */
  ready(): Promise<void>;

  /**
   * Ends what was started; the process can exit. Calls that are under way go on to their end, for
   * no longer than the `timeout` of the store; those that come later fail with `CLOSED`. Safe to
   * call twice.
   *
   * @throws SessionError `STORE_UNAVAILABLE` when the store could not give back all that it opened;
   *   the instance is closed all the same
   */
  close(): Promise<void>;
}
