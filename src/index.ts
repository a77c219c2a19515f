/**
 * User sessions for Node backends: short-lived access tokens, rotating refresh tokens, CSRF
 * protection, revocation, and detection of stolen sessions.
 *
 * The functions of this module work on the default instance, which `init` makes. Before that they
 * throw a `SessionError` with `NOT_INITIALISED`. They do not know the types of your claims and
 * data; the methods of an instance do.
 *
 * @module
 */
import type { CounterfoilConfig } from "./lib/config/config.ts";
import type { CookieNames } from "./lib/cookie-names.ts";
import { parseConfig } from "./lib/config/parse-config.ts";
import { getDefaultInstance, setDefaultInstance } from "./lib/session/default-instance.ts";
import { ERROR_TYPES, type ErrorType, isErrorFromAuth } from "./lib/errors.ts";
import { assembleSessions } from "./lib/session/assemble-sessions.ts";
import { defaultStore } from "./lib/store/default-store.ts";
import type { Sessions } from "./lib/session/sessions.ts";
import type { HandlePage, PageOptions, SessionInfo, SessionPage } from "./lib/session/list-sessions.ts";
import type { ForgottenUser } from "./lib/session/forget-user.ts";
import type { Updater } from "./lib/session/manage-sessions.ts";
import type { SessionEventName, SessionListener } from "./lib/session/events.ts";
import type { UserId } from "./lib/session/user-id.ts";
import type { CreatedSession, CreateOptions } from "./lib/session/create-session.ts";
import type { PendingKey } from "./lib/key/key-ring.ts";
import type { Jwks } from "./lib/key/jwks.ts";
import type { ReauthenticatedSession, ReauthenticateOptions } from "./lib/session/reauthenticate.ts";
import type { RefreshedSession, RefreshOptions } from "./lib/session/refresh-session.ts";
import type { SweepOptions } from "./lib/session/sweep-now.ts";
import type { VerifiedSession, VerifyOptions } from "./lib/session/verify-session.ts";

/**
 * Makes an instance. The first call of one of its methods opens the store; so does `ready()`.
 *
 * `Claims`, `Data` and `Id` are the types of your `jwtPayload`, `sessionData` and user ids. The
 * methods of the instance check them, and so do routes that use `sessionsFor(sessions)` of your
 * framework's module.
 *
 * @param config the options. Default: SQLite in `./counterfoil.db`, and safe settings
 * @throws ConfigError (`CONFIG_INVALID`) with every fault of the config
 * @example
 * ```ts
 * import { createSessions } from "counterfoil";
 *
 * interface Claims {
 *   role: "admin" | "member";
 * }
 * const sessions = createSessions<Claims>({ secret: process.env.COUNTERFOIL_SECRET });
 * const { session } = await sessions.createNewSession("alice", { role: "admin" });
 * console.log(session.jwtPayload.role);
 * ```
 */
export function createSessions<Claims = unknown, Data = unknown, Id extends UserId = UserId>(
  config: CounterfoilConfig = {},
): Sessions<Claims, Data, Id> {
  const { store, ...policy } = parseConfig(config);
  if (store === undefined && process.env["NODE_ENV"] === "production") {
    process.emitWarning(
      "no store is configured, so sessions go to ./counterfoil.db in the working directory; write store: sqlite({ path }) to say where",
      {
        code: "COUNTERFOIL_DEFAULT_STORE",
      },
    );
  }
  // The one place where the app's word for its types is taken: all that goes in is checked by them.
  return assembleSessions(
    policy,
    store ?? defaultStore(async (path) => (await import("./sqlite.ts")).sqlite({ path })),
  ) as Sessions<Claims, Data, Id>;
}

/**
 * Makes the default instance and opens its store. If the store cannot be opened, `init` throws, but
 * the instance stays in place and works as soon as the store does. A second call replaces the
 * instance and closes the first, with its listeners.
 *
 * @param config the options. Default: SQLite in `./counterfoil.db`, and safe settings
 * @returns the instance, whose methods know your types
 * @throws ConfigError (`CONFIG_INVALID`) with every fault of the config
 * @throws SessionError `STORE_UNAVAILABLE`, `STORE_UNSUITABLE`, `DRIVER_MISSING`, `SCHEMA_MISSING`,
 *   `SCHEMA_TOO_NEW`, `SECRET_MISMATCH` if the store cannot be used
 * @example
 * ```ts
 * import { init } from "counterfoil";
 *
 * await init({
 *   secret: process.env.COUNTERFOIL_SECRET,
 *   http: { publicOrigin: "https://example.com" },
 * });
 * ```
 */
export async function init<Claims = unknown, Data = unknown, Id extends UserId = UserId>(
  config: CounterfoilConfig = {},
): Promise<Sessions<Claims, Data, Id>> {
  const sessions = createSessions<Claims, Data, Id>(config);
  const before = setDefaultInstance(sessions);
  await before?.close();
  await sessions.ready();
  return sessions;
}

/**
 * Returns the names of the cookies. They follow `cookie.hostPrefix` and `cookie.prefix`.
 *
 * @throws SessionError `NOT_INITIALISED` before `init`
 */
export function getCookieNames(): CookieNames {
  return getDefaultInstance().cookieNames;
}

/**
 * Starts a session for a user who has just signed in. Your code sends the tokens to the client; the
 * framework modules, such as `counterfoil/express`, have a `createNewSession` that does it for you.
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
 * import { createNewSession } from "counterfoil";
 *
 * const { accessToken, refreshToken } = await createNewSession("alice", { role: "admin" });
 * console.log(accessToken.value, refreshToken.expires);
 * ```
 */
export async function createNewSession(
  userId: UserId,
  jwtPayload?: unknown,
  sessionData?: unknown,
  options?: CreateOptions,
): Promise<CreatedSession> {
  return getDefaultInstance().createNewSession(userId, jwtPayload, sessionData, options);
}

/**
 * Verifies an access token. It reads the store only with `revocation: "store"`, or with `"feed"`
 * where the log of revocations cannot decide.
 *
 * @param accessToken the value of the cookie `getCookieNames().access`
 * @param antiCsrfToken the value of the header `anti-csrf`. Pass `null` to skip the check, for a
 *   request that changes nothing. `undefined` skips it too, with a process warning outside
 *   production
 * @param options whether the anti-CSRF token is required, and the greatest age of the sign-in
 * @returns the session, and a new access token if the claims have changed
 * @throws SessionError of the kind `TRY_REFRESH_TOKEN` if the access token is missing, expired or
 *   not ours, or the anti-CSRF token is missing or wrong; `SESSION_NOT_FOUND` if the session was
 *   revoked, with a revocation check; `STEP_UP_REQUIRED` if the sign-in is older than
 *   `maxAuthAge` (RFC 9470); `ACTOR_REFUSED` with `refuseActor`; `CLAIM_REQUIRED` with `claims`
 * @example
 * ```ts
 * import { createNewSession, getSession } from "counterfoil";
 *
 * const { accessToken, antiCsrfToken } = await createNewSession("alice");
 * const { session } = await getSession(accessToken.value, antiCsrfToken, { antiCsrf: "required" });
 * console.log(session.userId);
 * ```
 */
export async function getSession(
  accessToken: string,
  antiCsrfToken?: string | null,
  options?: VerifyOptions,
): Promise<VerifiedSession>;
// An omitted argument differs from an undefined one.
export async function getSession(...given: Parameters<Sessions["getSession"]>): Promise<VerifiedSession> {
  return getDefaultInstance().getSession(...given);
}

/**
 * Exchanges a refresh token for new tokens (RFC 9700 4.14). A refresh token that an earlier refresh
 * issued less than three `rotation.window`s ago comes back unchanged.
 *
 * @param refreshToken the value of the cookie `getCookieNames().refresh`
 * @param options the device, for the list of sessions
 * @returns the session and its tokens
 * @throws SessionError of the kind `UNAUTHORISED` if the session has ended or the token is not
 *   ours; `TOKEN_THEFT_DETECTED` if two parties hold tokens of the session, which is now revoked;
 *   `RETRY` if another request was faster: the client should try again
 * @example
 * ```ts
 * import { createNewSession, refreshSession } from "counterfoil";
 *
 * const { refreshToken } = await createNewSession("alice");
 * const { newAccessToken, newRefreshToken } = await refreshSession(refreshToken.value);
 * console.log(newAccessToken.value, newRefreshToken.value);
 * ```
 */
export async function refreshSession(refreshToken: string, options?: RefreshOptions): Promise<RefreshedSession> {
  return getDefaultInstance().refreshSession(refreshToken, options);
}

/**
 * Revokes a session (RFC 7009).
 *
 * @returns whether it existed
 * @example
 * ```ts
 * import { createNewSession, revokeSessionUsingSessionHandle } from "counterfoil";
 *
 * const { session } = await createNewSession("alice");
 * await revokeSessionUsingSessionHandle(session.handle);
 * ```
 */
export async function revokeSessionUsingSessionHandle(handle: string): Promise<boolean> {
  return getDefaultInstance().revokeSessionUsingSessionHandle(handle);
}

/**
 * Revokes all sessions of a user, 200 at a time, each part with its own event.
 *
 * @param options `except`: the handle of a session to keep
 * @returns how many sessions it revoked
 * @example
 * ```ts
 * import { revokeAllSessionsForUser } from "counterfoil";
 *
 * await revokeAllSessionsForUser("alice"); // after a change of the password
 * ```
 */
export async function revokeAllSessionsForUser(
  userId: UserId,
  options?: { readonly except?: string },
): Promise<number> {
  return getDefaultInstance().revokeAllSessionsForUser(userId, options);
}

/**
 * Removes everything that the store has about a user: sessions, remembered devices and rows of
 * the audit table, in short steps. The sessions end as by `revokeAllSessionsForUser`. First see to
 * it that the user cannot sign in again.
 *
 * What names the user only as an actor stays: audit rows about other users, and the sessions in
 * which the user acts for others until they end. So does an entry in the log of revocations,
 * until no access token of the user can be valid.
 *
 * @returns how much it removed
 * @throws SessionError `STORE_UNAVAILABLE`; what was removed before stays removed, and the same
 *   call made again does the rest
 */
export async function forgetUser(userId: UserId): Promise<ForgottenUser> {
  return getDefaultInstance().forgetUser(userId);
}

/**
 * Revokes every session of every user and replaces all keys. Other processes notice within a
 * minute. Users who sign in there before that, or during this call, have to sign in again.
 *
 * @returns how many rows it removed
 */
export async function revokeAllSessions(): Promise<number> {
  return getDefaultInstance().revokeAllSessions();
}

/** Lists the handles of all live sessions of a user, newest first. */
export async function getAllSessionHandlesForUser(userId: UserId): Promise<string[]>;
/**
 * Lists one page of the handles of a user's live sessions, newest first.
 *
 * @param page the size of the page, and the cursor where it begins
 * @returns the handles, and the cursor of the next page
 * @throws SessionError `ARGUMENT_INVALID` if the limit is not 1 to 1000, or `after` is no cursor
 */
export async function getAllSessionHandlesForUser(userId: UserId, page: PageOptions): Promise<HandlePage>;
export async function getAllSessionHandlesForUser(userId: UserId, page?: PageOptions): Promise<string[] | HandlePage> {
  return getDefaultInstance().getAllSessionHandlesForUser(userId, page as PageOptions);
}

/** Lists all live sessions of a user with their devices, newest first. */
export async function getSessionsForUser(userId: UserId): Promise<SessionInfo[]>;
/**
 * Lists one page of a user's live sessions with their devices, newest first.
 *
 * @param page the size of the page, and the cursor where it begins
 * @returns the sessions, and the cursor of the next page
 * @throws SessionError `ARGUMENT_INVALID` if the limit is not 1 to 1000, or `after` is no cursor
 * @example
 * ```ts
 * import { getSessionsForUser } from "counterfoil";
 *
 * const first = await getSessionsForUser("alice", { limit: 100 });
 * const second = await getSessionsForUser("alice", { limit: 100, after: first.next });
 * console.log(second.sessions.map(({ device }) => device.userAgent));
 * ```
 */
export async function getSessionsForUser(userId: UserId, page: PageOptions): Promise<SessionPage>;
export async function getSessionsForUser(userId: UserId, page?: PageOptions): Promise<SessionInfo[] | SessionPage> {
  return getDefaultInstance().getSessionsForUser(userId, page as PageOptions);
}

/**
 * Reads the data of a session on the server.
 *
 * @throws SessionError `SESSION_NOT_FOUND` (`UNAUTHORISED`) if the session has ended
 */
export async function getSessionData(handle: string): Promise<unknown> {
  return getDefaultInstance().getSessionData(handle);
}

/**
 * Replaces the data of a session on the server.
 *
 * @param update the new value, or a function of the old value. The function runs again if another
 *   request changed the session meanwhile
 * @returns the new value
 * @throws SessionError `SESSION_NOT_FOUND` (`UNAUTHORISED`) if the session has ended;
 *   `VALUE_NOT_JSON`, `VALUE_TOO_LARGE`; `STORE_CONTENDED` (`RETRY`) if other changes kept winning
 * @example
 * ```ts
 * import { createNewSession, updateSessionData } from "counterfoil";
 *
 * const { session } = await createNewSession("alice");
 * await updateSessionData(session.handle, { items: 1 });
 * ```
 */
export async function updateSessionData(handle: string, update: Updater<unknown>): Promise<unknown>;
export async function updateSessionData(handle: string, value: unknown): Promise<unknown>;
export async function updateSessionData(handle: string, update: unknown): Promise<unknown> {
  return getDefaultInstance().updateSessionData(handle, update);
}

/** `getSessionData` under the name that the first SuperTokens library gave it. */
export async function getSessionInfo(handle: string): Promise<unknown> {
  return getDefaultInstance().getSessionInfo(handle);
}

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
 * import { createNewSession, reauthenticate } from "counterfoil";
 *
 * const { session } = await createNewSession("alice");
 * const { newAccessToken } = await reauthenticate(session.handle, { amr: ["pwd", "otp", "mfa"] });
 * console.log(newAccessToken.value);
 * ```
 */
export async function reauthenticate(handle: string, options?: ReauthenticateOptions): Promise<ReauthenticatedSession> {
  return getDefaultInstance().reauthenticate(handle, options);
}

/**
 * Gives the device of a session a name, for the list of sessions.
 *
 * @param label a name, cut after 100 characters; null or an empty text removes it
 * @returns the name as it is kept; null if there is none
 * @throws SessionError `SESSION_NOT_FOUND` (`UNAUTHORISED`) if the session has ended;
 *   `STORE_CONTENDED` (`RETRY`) if other changes kept winning
 * @example
 * ```ts
 * import { createNewSession, renameSession } from "counterfoil";
 *
 * const { session } = await createNewSession("alice");
 * await renameSession(session.handle, "Work laptop");
 * ```
 */
export async function renameSession(handle: string, label: string | null): Promise<string | null> {
  return getDefaultInstance().renameSession(handle, label);
}

/** `updateSessionData` under the name that the first SuperTokens library gave it. */
export async function updateSessionInfo(handle: string, update: Updater<unknown>): Promise<unknown>;
export async function updateSessionInfo(handle: string, value: unknown): Promise<unknown>;
export async function updateSessionInfo(handle: string, update: unknown): Promise<unknown> {
  return getDefaultInstance().updateSessionInfo(handle, update);
}

/**
 * Replaces the claims of a session. The next refresh puts them into the access token. With
 * `revocation: "store"` or `"feed"` the next `getSession` does, as `newAccessToken`.
 *
 * @param update the new claims, or a function of the old claims. The function runs again if another
 *   request changed the session meanwhile
 * @returns the new claims
 * @throws SessionError as `updateSessionData`; `TOKEN_TOO_LARGE` if the token fits no cookie
 */
export async function updateJwtPayload(handle: string, update: Updater<unknown>): Promise<unknown>;
export async function updateJwtPayload(handle: string, value: unknown): Promise<unknown>;
export async function updateJwtPayload(handle: string, update: unknown): Promise<unknown> {
  return getDefaultInstance().updateJwtPayload(handle, update);
}

/**
 * Removes expired sessions in small steps, until none is left or `limit` is reached. Requests do
 * the same from time to time, so it is for a job after an outage.
 *
 * @returns how many sessions it removed
 * @throws SessionError `ARGUMENT_INVALID` if the limit is not a whole number from 1
 * @example
 * ```ts
 * import { sweep } from "counterfoil";
 *
 * const removed = await sweep({ limit: 1_000_000 });
 * console.log(removed);
 * ```
 */
export async function sweep(options?: SweepOptions): Promise<number> {
  return getDefaultInstance().sweep(options);
}

/**
 * Publishes the next signing key, which begins to sign after `keys.publishAhead`. All sessions go
 * on.
 *
 * @returns the new key, or the key that is waiting already
 */
export async function rotateSigningKey(): Promise<PendingKey> {
  return getDefaultInstance().rotateSigningKey();
}

/**
 * Returns the public keys (RFC 7517 5), for other services that verify access tokens. The list is
 * empty with HS256.
 *
 * @example
 * ```ts
 * import { createServer } from "node:http";
 * import { getJwks } from "counterfoil";
 *
 * createServer(async (_req, res) => res.end(JSON.stringify(await getJwks())));
 * ```
 */
export async function getJwks(): Promise<Jwks> {
  return getDefaultInstance().getJwks();
}

/**
 * Closes the default instance, so the process can exit. Calls that have begun may finish, within
 * the `timeout` of the store; later calls fail with `CLOSED`. A second `close()` does nothing.
 *
 * @throws SessionError `STORE_UNAVAILABLE` if the store could not close all that it opened. The
 *   instance is closed all the same
 */
export async function close(): Promise<void> {
  return getDefaultInstance().close();
}

/**
 * Calls a listener on an event. An error of the listener becomes a process warning.
 *
 * @returns a function that removes the listener
 * @throws SessionError `ARGUMENT_INVALID` if there is no such event
 * @example
 * ```ts
 * import { on } from "counterfoil";
 *
 * on("reuse-detected", ({ userId, presentingDevice }) => {
 *   console.warn("stolen session", userId, presentingDevice);
 * });
 * ```
 */
export function on<E extends SessionEventName>(event: E, listener: SessionListener<E>): () => void {
  return getDefaultInstance().on(event, listener);
}

/**
 * The six kinds of error, and `isErrorFromAuth`, which tells the errors of this library from
 * others.
 *
 * @example
 * ```ts
 * import { AuthError, getSession } from "counterfoil";
 *
 * try {
 *   await getSession("no token", null);
 * } catch (error) {
 *   if (!AuthError.isErrorFromAuth(error)) throw error;
 *   if (error.errType === AuthError.TRY_REFRESH_TOKEN) console.log("refresh", error.code);
 * }
 * ```
 */
const AuthError: Readonly<
  typeof ERROR_TYPES & {
    /** `TOKEN_THEFT_DETECTED` under the name that the first SuperTokens library gave it. */
    readonly UNAUTHORISED_AND_TOKEN_THEFT_DETECTED: ErrorType;
    readonly isErrorFromAuth: typeof isErrorFromAuth;
  }
> = Object.freeze({
  ...ERROR_TYPES,
  UNAUTHORISED_AND_TOKEN_THEFT_DETECTED: ERROR_TYPES.TOKEN_THEFT_DETECTED,
  isErrorFromAuth,
});
/** `Error` under a name that does not hide the global `Error`. */
export { AuthError };
export { AuthError as Error };

export type { CounterfoilConfig } from "./lib/config/config.ts";
export type { Clock } from "./lib/clock.ts";
export type { CookieNames } from "./lib/cookie-names.ts";
export type { Duration, KnownDuration } from "./lib/options/duration.ts";
export type { GraphqlExtensions } from "./lib/graphql-extensions.ts";
export {
  ConfigError,
  ClaimError,
  RefreshRedirectError,
  SessionError,
  StepUpError,
  TokenTheftError,
  type ConfigFault,
  type ErrorCode,
  type ErrorType,
} from "./lib/errors.ts";
export type { PendingKey } from "./lib/key/key-ring.ts";
export type { NoticeCode } from "./lib/notices.ts";
export type { Jwks, PublicJwk } from "./lib/key/jwks.ts";
export type { Actor } from "./lib/session/actor.ts";
export type { AuditEvent } from "./lib/session/audit.ts";
export type { ClaimsFunction, ClaimsRequirement, RequiredClaims } from "./lib/session/claims-requirement.ts";
export type { CreatedSession, CreateOptions } from "./lib/session/create-session.ts";
export type { DeviceInput } from "./lib/session/device.ts";
export type { SessionEventName, SessionEvents, SessionListener } from "./lib/session/events.ts";
export type { CountedRefusals, SessionStats } from "./lib/session/stats.ts";
export type { StoreObserver, StoreOperation } from "./lib/session/store-observers.ts";
export type { SweepOptions } from "./lib/session/sweep-now.ts";
export type { HandlePage, PageOptions, SessionInfo, SessionPage } from "./lib/session/list-sessions.ts";
export type { ForgottenUser } from "./lib/session/forget-user.ts";
export type { Updater } from "./lib/session/manage-sessions.ts";
export type { DeviceFacts } from "./lib/session/record.ts";
export type { AuditEntry, AuditOptions, AuditPage } from "./lib/session/read-audit.ts";
export type { NewSignIn, ReauthenticatedSession, ReauthenticateOptions } from "./lib/session/reauthenticate.ts";
export type { RefreshedSession, RefreshOptions } from "./lib/session/refresh-session.ts";
export type { TransactionOptions } from "./lib/session/app-transaction.ts";
export type { TransactionQuery } from "./lib/session/session-store.ts";
export type { Sessions, SessionsInTransaction } from "./lib/session/sessions.ts";
export type { TokenInfo } from "./lib/session/tokens.ts";
export type { UserId } from "./lib/session/user-id.ts";
export type { Session, VerifiedSession, VerifyOptions } from "./lib/session/verify-session.ts";
export type { SigningAlgorithm } from "./lib/policy.ts";
