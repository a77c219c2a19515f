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
import type { Sessions } from "./lib/session/sessions.ts";
import type { HandlePage, PageOptions, SessionInfo, SessionPage } from "./lib/session/list-sessions.ts";
import type { Update, Updater } from "./lib/session/manage-sessions.ts";
import type { SessionEventName, SessionListener } from "./lib/session/events.ts";
import type { UserId } from "./lib/session/user-id.ts";
import { sqlite } from "./sqlite.ts";

/**
 * Makes an instance of its own; the functions of this module work on the one that `init` makes.
 * Opens nothing yet: the store is opened by the first call, or by `ready()`.
 *
 * @throws ConfigError with everything that is wrong with the config
 * @example
 * ```ts
 * interface Claims { role: "admin" | "member" }
 * const sessions = createSessions<Claims>({ secret: process.env.COUNTERFOIL_SECRET });
 * const { session } = await sessions.createNewSession("alice", { role: "admin" });
 * ```
 */
export function createSessions<Claims = unknown, Data = unknown>(
  config: CounterfoilConfig = {},
): Sessions<Claims, Data> {
  const { store, ...policy } = parseConfig(config);
  if (store === undefined && process.env["NODE_ENV"] === "production") {
    process.emitWarning(
      "no store is configured, so sessions go to ./counterfoil.db in the working directory; write store: sqlite({ path }) to say where",
      {
        code: "COUNTERFOIL_DEFAULT_STORE",
      },
    );
  }
  return assembleSessions<Claims, Data>(policy, store ?? sqlite());
}

/**
 * Makes the default instance and opens its store. When the store cannot be opened this rejects, but the instance is in place all the same
 * and recovers by itself when the store is back. A second call replaces the instance and closes the first, whose
 * listeners go with it.
 *
 * @throws ConfigError with everything that is wrong with the config
 * @throws SessionError `GENERAL_ERROR`: `STORE_UNAVAILABLE`, `STORE_UNSUITABLE`, `DRIVER_MISSING`, `SCHEMA_MISSING`, `SCHEMA_TOO_NEW`, `SECRET_MISMATCH`
 * @example
 * ```ts
 * await init({ secret: process.env.COUNTERFOIL_SECRET, http: { publicOrigin: "https://example.com" } });
 * ```
 */
export async function init(config: CounterfoilConfig = {}): Promise<void> {
  const sessions = createSessions(config);
  const before = setDefaultInstance(sessions);
  await before?.close();
  await sessions.ready();
}

type Method<Name extends keyof Sessions, Claims = unknown, Data = unknown> = Sessions<Claims, Data>[Name];

// The app says what its claims and data are, as it does with createSessions.
const current = <Claims = unknown, Data = unknown>(): Sessions<Claims, Data> =>
  getDefaultInstance() as Sessions<Claims, Data>;

/**
 * See {@link Sessions.cookieNames}; of the default instance. @throws SessionError `NOT_INITIALISED`
 */
export function getCookieNames(): CookieNames {
  return current().cookieNames;
}

/** See {@link Sessions.createNewSession}; on the default instance. */
export async function createNewSession<Claims = unknown, Data = unknown>(
  ...args: Parameters<Method<"createNewSession", Claims, Data>>
): ReturnType<Method<"createNewSession", Claims, Data>> {
  return current<Claims, Data>().createNewSession(...args);
}

/** See {@link Sessions.getSession}; on the default instance. */
export async function getSession<Claims = unknown>(
  ...args: Parameters<Method<"getSession", Claims>>
): ReturnType<Method<"getSession", Claims>> {
  return current<Claims>().getSession(...args);
}

/** See {@link Sessions.refreshSession}; on the default instance. */
export async function refreshSession<Claims = unknown>(
  ...args: Parameters<Method<"refreshSession", Claims>>
): ReturnType<Method<"refreshSession", Claims>> {
  return current<Claims>().refreshSession(...args);
}

/** See {@link Sessions.revokeSessionUsingSessionHandle}; on the default instance. */
export async function revokeSessionUsingSessionHandle(
  ...args: Parameters<Method<"revokeSessionUsingSessionHandle">>
): ReturnType<Method<"revokeSessionUsingSessionHandle">> {
  return current().revokeSessionUsingSessionHandle(...args);
}

/** See {@link Sessions.revokeAllSessionsForUser}; on the default instance. */
export async function revokeAllSessionsForUser(
  ...args: Parameters<Method<"revokeAllSessionsForUser">>
): ReturnType<Method<"revokeAllSessionsForUser">> {
  return current().revokeAllSessionsForUser(...args);
}

/** See {@link Sessions.revokeAllSessions}; on the default instance. */
export async function revokeAllSessions(
  ...args: Parameters<Method<"revokeAllSessions">>
): ReturnType<Method<"revokeAllSessions">> {
  return current().revokeAllSessions(...args);
}

/** See {@link Sessions.getAllSessionHandlesForUser}; on the default instance. */
export async function getAllSessionHandlesForUser(userId: UserId): Promise<string[]>;
export async function getAllSessionHandlesForUser(userId: UserId, page: PageOptions): Promise<HandlePage>;
export async function getAllSessionHandlesForUser(userId: UserId, page?: PageOptions): Promise<string[] | HandlePage> {
  return current().getAllSessionHandlesForUser(userId, page as PageOptions);
}

/** See {@link Sessions.getSessionsForUser}; on the default instance. */
export async function getSessionsForUser(userId: UserId): Promise<SessionInfo[]>;
export async function getSessionsForUser(userId: UserId, page: PageOptions): Promise<SessionPage>;
export async function getSessionsForUser(userId: UserId, page?: PageOptions): Promise<SessionInfo[] | SessionPage> {
  return current().getSessionsForUser(userId, page as PageOptions);
}

/** See {@link Sessions.getSessionData}; on the default instance. */
export async function getSessionData<Data = unknown>(
  ...args: Parameters<Method<"getSessionData", unknown, Data>>
): ReturnType<Method<"getSessionData", unknown, Data>> {
  return current<unknown, Data>().getSessionData(...args);
}

/** See {@link Sessions.updateSessionData}; on the default instance. */
export async function updateSessionData<Data = unknown>(handle: string, update: Updater<Data>): Promise<Data>;
export async function updateSessionData<Data = unknown>(handle: string, value: Data): Promise<Data>;
export async function updateSessionData<Data = unknown>(handle: string, update: Update<Data>): Promise<Data> {
  return current<unknown, Data>().updateSessionData(handle, update as Data);
}

/** See {@link Sessions.getSessionInfo}; on the default instance. */
export async function getSessionInfo<Data = unknown>(
  ...args: Parameters<Method<"getSessionInfo", unknown, Data>>
): ReturnType<Method<"getSessionInfo", unknown, Data>> {
  return current<unknown, Data>().getSessionInfo(...args);
}

/** See {@link Sessions.updateSessionInfo}; on the default instance. */
export async function updateSessionInfo<Data = unknown>(handle: string, update: Updater<Data>): Promise<Data>;
export async function updateSessionInfo<Data = unknown>(handle: string, value: Data): Promise<Data>;
export async function updateSessionInfo<Data = unknown>(handle: string, update: Update<Data>): Promise<Data> {
  return current<unknown, Data>().updateSessionInfo(handle, update as Data);
}

/** See {@link Sessions.updateJwtPayload}; on the default instance. */
export async function updateJwtPayload<Claims = unknown>(handle: string, update: Updater<Claims>): Promise<Claims>;
export async function updateJwtPayload<Claims = unknown>(handle: string, value: Claims): Promise<Claims>;
export async function updateJwtPayload<Claims = unknown>(handle: string, update: Update<Claims>): Promise<Claims> {
  return current<Claims>().updateJwtPayload(handle, update as Claims);
}

/** See {@link Sessions.sweep}; on the default instance. */
export async function sweep(...args: Parameters<Method<"sweep">>): ReturnType<Method<"sweep">> {
  return current().sweep(...args);
}

/** See {@link Sessions.rotateSigningKey}; on the default instance. */
export async function rotateSigningKey(
  ...args: Parameters<Method<"rotateSigningKey">>
): ReturnType<Method<"rotateSigningKey">> {
  return current().rotateSigningKey(...args);
}

/** See {@link Sessions.getJwks}; on the default instance. */
export async function getJwks(...args: Parameters<Method<"getJwks">>): ReturnType<Method<"getJwks">> {
  return current().getJwks(...args);
}

/** See {@link Sessions.close}; on the default instance. */
export async function close(...args: Parameters<Method<"close">>): ReturnType<Method<"close">> {
  return current().close(...args);
}

/** See {@link Sessions.on}; on the default instance. @throws SessionError `NOT_INITIALISED` */
export function on<E extends SessionEventName>(event: E, listener: SessionListener<E>): () => void {
  return current().on(event, listener);
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
