/**
 * Sessions for Node backends: short-lived access tokens, rotating refresh tokens, CSRF protection, revocation, and
 * detection of stolen sessions.
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
import type { Updater } from "./lib/session/manage-sessions.ts";
import type { SessionEventName, SessionListener } from "./lib/session/events.ts";
import type { UserId } from "./lib/session/user-id.ts";
import type { CreatedSession, CreateOptions } from "./lib/session/create-session.ts";
import type { PendingKey } from "./lib/key/key-ring.ts";
import type { Jwks } from "./lib/key/jwks.ts";
import type { RefreshedSession, RefreshOptions } from "./lib/session/refresh-session.ts";
import type { SweepOptions } from "./lib/session/sweep-now.ts";
import type { VerifiedSession, VerifyOptions } from "./lib/session/verify-session.ts";

/**
 * Makes an instance of its own; the functions of this module work on the one that `init` makes.
 * Opens nothing yet: the store is opened by the first call, or by `ready()`.
 *
 * `Claims`, `Data` and `Id` are the types of your `jwtPayload`, `sessionData` and user ids. Say them once, here; whatever
 * is given and returned is checked against them, also in routes, by `sessionsFor(sessions)` of your framework's module.
 *
 * @throws ConfigError with everything that is wrong with the config
 * @example
 * ```ts
 * interface Claims { role: "admin" | "member" }
 * const sessions = createSessions<Claims>({ secret: process.env.COUNTERFOIL_SECRET });
 * const { session } = await sessions.createNewSession("alice", { role: "admin" });
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
 * Makes the default instance and opens its store. When the store cannot be opened this rejects, but the instance is in place all the same
 * and recovers by itself when the store is back. A second call replaces the instance and closes the first, whose
 * listeners go with it.
 *
 * @returns the instance, with your types. The functions of this module do not know them: to them claims and data are `unknown`
 * @throws ConfigError with everything that is wrong with the config
 * @throws SessionError `GENERAL_ERROR`: `STORE_UNAVAILABLE`, `STORE_UNSUITABLE`, `DRIVER_MISSING`, `SCHEMA_MISSING`, `SCHEMA_TOO_NEW`, `SECRET_MISMATCH`
 * @example
 * ```ts
 * await init({ secret: process.env.COUNTERFOIL_SECRET, http: { publicOrigin: "https://example.com" } });
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
 * Names of the cookies of the default instance, as `cookie.hostPrefix` makes them.
 *
 * @throws SessionError `NOT_INITIALISED`
 */
export function getCookieNames(): CookieNames {
  return getDefaultInstance().cookieNames;
}

/**
 * Starts a session of the default instance for a user who has just proved who they are.
 *
 * @param userId a non-empty string of at most 256 characters, or a finite number; comes back exactly as given
 * @param jwtPayload JSON that the access token carries, readable by the client. Default `{}`
 * @param sessionData JSON that stays on the server, at most 1,000,000 characters. Default `{}`
 * @param options `authTime`: when the user signed in, ms since the epoch; `device`: what the request tells of its device
 * @throws SessionError `GENERAL_ERROR`: `USER_ID_INVALID`, `VALUE_NOT_JSON`, `VALUE_TOO_LARGE`, `TOKEN_TOO_LARGE`, `SESSION_LIMIT_REACHED`
 * @example
 * ```ts
 * const { session, accessToken, refreshToken, idRefreshToken, antiCsrfToken } = await createNewSession("alice", { role: "admin" });
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
 * Verifies an access token; asks the store only where `revocation` says so. On the default instance.
 *
 * @param accessToken value of the cookie `getCookieNames().access`
 * @param antiCsrfToken value of the header `anti-csrf`. A string is checked. `null` skips the check; so does `undefined`, with a
 *   warning outside production
 * @param options `antiCsrf: "required"` refuses a request without the token; `maxAuthAge`: greatest age of the sign-in, for instance `"10m"`
 * @throws SessionError `TRY_REFRESH_TOKEN`: expired, not ours, wrong anti-CSRF token, or `ANTI_CSRF_MISSING`; `UNAUTHORISED`: revoked
 *   (with `revocation`); `STEP_UP_REQUIRED`: the sign-in is older than `options.maxAuthAge` (RFC 9470)
 * @example
 * ```ts
 * const { session, newAccessToken } = await getSession(accessToken, antiCsrfToken, { antiCsrf: "required" });
 * ```
 */
export async function getSession(
  accessToken: string,
  antiCsrfToken?: string | null,
  options?: VerifyOptions,
): Promise<VerifiedSession>;
// An argument that is left out is told apart from one that is undefined.
export async function getSession(...given: Parameters<Sessions["getSession"]>): Promise<VerifiedSession> {
  return getDefaultInstance().getSession(...given);
}

/**
 * Exchanges a refresh token for a new access token and, unless it is too young, a new refresh token (RFC 9700 4.14). On the default instance.
 *
 * @param refreshToken value of the cookie `getCookieNames().refresh`
 * @param options `device`: what the request tells of its device
 * @throws SessionError `UNAUTHORISED`: gone, expired or not ours; `TOKEN_THEFT_DETECTED`: two parties hold tokens of this session, which is now
 *   revoked; `RETRY`: another request has just rotated this token, nothing is lost
 * @example
 * ```ts
 * const { newAccessToken, newRefreshToken, newIdRefreshToken, newAntiCsrfToken } = await refreshSession(refreshToken);
 * ```
 */
export async function refreshSession(refreshToken: string, options?: RefreshOptions): Promise<RefreshedSession> {
  return getDefaultInstance().refreshSession(refreshToken, options);
}

/**
 * Revokes a session of the default instance (RFC 7009).
 *
 * @returns whether it existed
 */
export async function revokeSessionUsingSessionHandle(handle: string): Promise<boolean> {
  return getDefaultInstance().revokeSessionUsingSessionHandle(handle);
}

/**
 * Revokes all sessions of a user, on the default instance, 200 at a time.
 *
 * @param options `except`: handle of a session that stays
 * @returns how many there were
 */
export async function revokeAllSessionsForUser(
  userId: UserId,
  options?: { readonly except?: string },
): Promise<number> {
  return getDefaultInstance().revokeAllSessionsForUser(userId, options);
}

/**
 * Revokes every session of every user and replaces all keys, on the default instance. Other processes follow within a
 * minute; users who sign in there until then, or during this call, have to sign in again.
 *
 * @returns how many rows were removed
 */
export async function revokeAllSessions(): Promise<number> {
  return getDefaultInstance().revokeAllSessions();
}

/**
 * Handles of a user's live sessions, newest first: all of them, or with a `limit` a page and the
 * cursor of the next. On the default instance.
 *
 * @throws SessionError `GENERAL_ERROR` `ARGUMENT_INVALID`: the limit is not 1 to 1000, or `after` is not a cursor
 * @example
 * ```ts
 * const handles = await getAllSessionHandlesForUser("alice");
 * const page = await getAllSessionHandlesForUser("alice", { limit: 100 });
 * const second = await getAllSessionHandlesForUser("alice", { limit: 100, after: page.next });
 * ```
 */
export async function getAllSessionHandlesForUser(userId: UserId): Promise<string[]>;
export async function getAllSessionHandlesForUser(userId: UserId, page: PageOptions): Promise<HandlePage>;
export async function getAllSessionHandlesForUser(userId: UserId, page?: PageOptions): Promise<string[] | HandlePage> {
  return getDefaultInstance().getAllSessionHandlesForUser(userId, page as PageOptions);
}

/**
 * A user's live sessions with their devices, newest first: all of them, or a page. On the default instance.
 *
 * @throws SessionError as `getAllSessionHandlesForUser`
 */
export async function getSessionsForUser(userId: UserId): Promise<SessionInfo[]>;
export async function getSessionsForUser(userId: UserId, page: PageOptions): Promise<SessionPage>;
export async function getSessionsForUser(userId: UserId, page?: PageOptions): Promise<SessionInfo[] | SessionPage> {
  return getDefaultInstance().getSessionsForUser(userId, page as PageOptions);
}

/**
 * The server-side data of a session of the default instance.
 *
 * @throws SessionError `UNAUTHORISED` `SESSION_NOT_FOUND`
 */
export async function getSessionData(handle: string): Promise<unknown> {
  return getDefaultInstance().getSessionData(handle);
}

/**
 * Replaces the server-side data, on the default instance; a function gets the old value, and runs again when another change
 * came in between.
 *
 * @returns the new value
 * @throws SessionError `UNAUTHORISED` `SESSION_NOT_FOUND`; `GENERAL_ERROR` `VALUE_NOT_JSON`, `VALUE_TOO_LARGE`
 * @example
 * ```ts
 * await updateSessionData(handle, { items: 1 });
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

/** `updateSessionData` under the name that the first SuperTokens library gave it. */
export async function updateSessionInfo(handle: string, update: Updater<unknown>): Promise<unknown>;
export async function updateSessionInfo(handle: string, value: unknown): Promise<unknown>;
export async function updateSessionInfo(handle: string, update: unknown): Promise<unknown> {
  return getDefaultInstance().updateSessionInfo(handle, update);
}

/**
 * Replaces the claims, on the default instance. The next refresh signs them; with `revocation` the next `getSession`
 * returns them with a `newAccessToken`.
 *
 * @returns the new value
 * @throws SessionError as `updateSessionData`, and `TOKEN_TOO_LARGE`
 */
export async function updateJwtPayload(handle: string, update: Updater<unknown>): Promise<unknown>;
export async function updateJwtPayload(handle: string, value: unknown): Promise<unknown>;
export async function updateJwtPayload(handle: string, update: unknown): Promise<unknown> {
  return getDefaultInstance().updateJwtPayload(handle, update);
}

/**
 * Removes sessions of the default instance that have expired, in small steps, until none is left or there were `limit`.
 *
 * @returns how many it removed
 * @throws SessionError `GENERAL_ERROR` `ARGUMENT_INVALID`: the limit is not a whole number from 1
 * @example
 * ```ts
 * const removed = await sweep({ limit: 1_000_000 });
 * ```
 */
export async function sweep(options?: SweepOptions): Promise<number> {
  return getDefaultInstance().sweep(options);
}

/**
 * Publishes the next signing key of the default instance, which takes over after `keys.publishAhead`; nobody is logged out.
 *
 * @returns the key; one that is waiting already is returned
 */
export async function rotateSigningKey(): Promise<PendingKey> {
  return getDefaultInstance().rotateSigningKey();
}

/** Public keys of the default instance, for other services that verify access tokens (RFC 7517); empty with HS256. */
export async function getJwks(): Promise<Jwks> {
  return getDefaultInstance().getJwks();
}

/**
 * Ends what the default instance has started; the process can exit. Safe to call twice.
 *
 * @throws SessionError `STORE_UNAVAILABLE` when the store could not give back all that it opened;
 *   the instance is closed all the same
 */
export async function close(): Promise<void> {
  return getDefaultInstance().close();
}

/**
 * Listens to an event of the default instance. A listener that throws is reported as a process warning.
 *
 * @returns a function that stops it
 * @throws SessionError `NOT_INITIALISED`
 * @example
 * ```ts
 * on("reuse-detected", ({ userId, presentingDevice }) => alertSecurityTeam(userId, presentingDevice));
 * ```
 */
export function on<E extends SessionEventName>(event: E, listener: SessionListener<E>): () => void {
  return getDefaultInstance().on(event, listener);
}

/** The kinds of error and the test for them; every error is a real `Error` with `errType`, `code` and `cause`. */
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
/** The same under a name that leaves the global `Error` alone. */
export { AuthError };
export { AuthError as Error };

export type { CounterfoilConfig } from "./lib/config/config.ts";
export type { CookieNames } from "./lib/cookie-names.ts";
export type { Duration } from "./lib/options/duration.ts";
export {
  ConfigError,
  RefreshRedirectError,
  SessionError,
  StepUpError,
  TokenTheftError,
  type ConfigFault,
  type ErrorCode,
  type ErrorType,
} from "./lib/errors.ts";
export type { PendingKey } from "./lib/key/key-ring.ts";
export type { Jwks } from "./lib/key/jwks.ts";
export type { CreatedSession, CreateOptions } from "./lib/session/create-session.ts";
export type { DeviceInput } from "./lib/session/device.ts";
export type { SessionEventName, SessionEvents, SessionListener } from "./lib/session/events.ts";
export type { SweepOptions } from "./lib/session/sweep-now.ts";
export type { HandlePage, PageOptions, SessionInfo, SessionPage } from "./lib/session/list-sessions.ts";
export type { Updater } from "./lib/session/manage-sessions.ts";
export type { DeviceFacts } from "./lib/session/record.ts";
export type { RefreshedSession, RefreshOptions } from "./lib/session/refresh-session.ts";
export type { Sessions } from "./lib/session/sessions.ts";
export type { TokenInfo } from "./lib/session/tokens.ts";
export type { UserId } from "./lib/session/user-id.ts";
export type { Session, VerifiedSession, VerifyOptions } from "./lib/session/verify-session.ts";
export type { SigningAlgorithm } from "./lib/policy.ts";
