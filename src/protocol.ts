/**
 * The wire between browser and server: every name and format of it, and nothing else. Imports
 * nothing, so that the browser half can share it.
 *
 * @module
 */

/** The version of this wire, and the first field of the marker. */
export const WIRE_VERSION = 1;

/** The name of the cookie that scripts can read, see {@link SessionMarker}. */
export const MARKER_COOKIE = "sIdRefreshToken";

/** The names of the cookies, without `__Host-` and `cookie.prefix`. */
export const COOKIES = {
  access: "sAccessToken",
  refresh: "sRefreshToken",
  marker: MARKER_COOKIE as typeof MARKER_COOKIE,
} as const;

/** The prefix of cookie names with `cookie.hostPrefix` (RFC 6265bis 4.1.3.2). */
export const HOST_PREFIX = "__Host-";

/**
 * The most bytes of a cookie's name and value together; browsers drop longer ones (RFC 6265bis
 * 5.6).
 */
export const MAX_COOKIE_BYTES = 4096;

/** The header of the anti-CSRF token: unsafe requests send it, sign-in and refresh return it. */
export const ANTI_CSRF_HEADER = "anti-csrf";

/** The header that replaces the anti-CSRF token if `tokens.enableAntiCsrf` is false. */
export const CUSTOM_HEADER = "rid";

/** The value of `CUSTOM_HEADER` that this browser client sends. */
export const CUSTOM_VALUE = "1";

/**
 * The header with the marker, for pages that cannot read the cookie of another origin;
 * {@link NO_SESSION} if the session is over.
 */
export const SESSION_HEADER = "counterfoil-session";

/** The header with the user of the session: {@link ClientSession} as JSON in ASCII. */
export const USER_HEADER = "counterfoil-user";

/**
 * The header with the new label of a session, as `encodeURIComponent` writes it; empty removes the
 * label. A label may be personal, so it is in no URL.
 */
export const LABEL_HEADER = "counterfoil-label";

/**
 * Names of the headers, in lower case. Those of the browser half stand above, so that a page loads
 * no others.
 */
export const HEADERS = {
  antiCsrf: ANTI_CSRF_HEADER as typeof ANTI_CSRF_HEADER,
  custom: CUSTOM_HEADER as typeof CUSTOM_HEADER,
  session: SESSION_HEADER as typeof SESSION_HEADER,
  user: USER_HEADER as typeof USER_HEADER,
  label: LABEL_HEADER as typeof LABEL_HEADER,
  /** `cookie` or `header`: how the client wants its tokens to travel. */
  mode: "st-auth-mode",
  /** The tokens themselves where they travel in headers; empty in an answer that ends a session. */
  access: "st-access-token",
  refresh: "st-refresh-token",
  /**
   * What SuperTokens web clients learn of a session from: `<marker>;<expiry ms>`, or {@link
   * REMOVED}.
   */
  idRefresh: "id-refresh-token",
  /** The same for newer ones: base64 of `{"uid","ate","up"}`, or {@link REMOVED}. */
  front: "front-token",
  /** Exact error code of a refusal, in development. */
  reason: "counterfoil-reason",
} as const;

/**
 * The request headers that pages of trusted origins may send, including those of SuperTokens
 * clients.
 */
export const REQUEST_HEADERS: readonly string[] = [
  "anti-csrf",
  "rid",
  "fdi-version",
  "supertokens-sdk-name",
  "supertokens-sdk-version",
  "st-auth-mode",
  "st-access-token",
  "st-refresh-token",
  "authorization",
  "content-type",
  "counterfoil-label",
];

/** The response headers that pages of trusted origins may read. */
export const RESPONSE_HEADERS: readonly string[] = [
  "anti-csrf",
  "id-refresh-token",
  "front-token",
  "st-access-token",
  "st-refresh-token",
  "retry-after",
  "www-authenticate",
  "counterfoil-session",
  "counterfoil-user",
  "counterfoil-reason",
];

/** The value of {@link SESSION_HEADER} if the session is over. */
export const NO_SESSION = "none";

/** The prefix of the names of the lock, the channel and the storage that tabs share. */
export const SHARED_NAME = "counterfoil:";

/** The header value that tells SuperTokens web clients that the session is over. */
export const REMOVED = "remove";

/** The routes that SuperTokens web clients call: `base` is their default `apiBasePath`. */
export const SUPERTOKENS_ROUTES = { base: "/auth", refresh: "/session/refresh", signOut: "/signout" } as const;

/** The query parameters of a page load that goes through the refresh route. */
export const PAGE_PARAMETERS = {
  /** The path and query to come back to. */
  to: "to",
  /** The refresh route was asked before, and another request was faster. */
  again: "again",
  /**
   * When the page came back from the refresh route, in ms since the epoch; it is not sent there
   * again.
   */
  refreshed: "session-refreshed",
  /**
   * When the page was told to load again because duplicate cookies were cleared, in ms since the
   * epoch; it is told once.
   */
  cleared: "session-cleared",
} as const;

/**
 * The part of `WWW-Authenticate` that only refusals have which a refresh may cure (RFC 9110
 * 11.6.1).
 */
export const REFRESH_CHALLENGE = 'realm="session"';

/** The path of the sign-out route. */
export const SIGN_OUT_ROUTE = "/session/signout";

/** The path of the list of a user's sessions. */
export const SESSIONS_ROUTE = "/session/sessions";

/** The path of the route that revokes sessions of the user. */
export const REVOKE_ROUTE = "/session/sessions/revoke";

/** The path of the route that renames a session of the user. */
export const RENAME_ROUTE = "/session/sessions/rename";

/** The path of the stream that tells open pages of the end of their session. */
export const EVENTS_ROUTE = "/session/events";

/** The paths of the fixed routes. The refresh route is `tokens.refreshToken.renewTokenPath`. */
export const ROUTES = {
  signOut: SIGN_OUT_ROUTE as typeof SIGN_OUT_ROUTE,
  sessions: SESSIONS_ROUTE as typeof SESSIONS_ROUTE,
  revoke: REVOKE_ROUTE as typeof REVOKE_ROUTE,
  rename: RENAME_ROUTE as typeof RENAME_ROUTE,
  events: EVENTS_ROUTE as typeof EVENTS_ROUTE,
  jwks: "/.well-known/jwks.json",
} as const;

/** The query parameter of `GET` {@link ROUTES}`.sessions`: `next` of the page before. */
export const CURSOR_PARAMETER = "after";

/** The `message` of a refusal after reuse of a refresh token. */
export const THEFT_MESSAGE = "token theft detected";

/** The `error` of a demand for a fresher or stronger sign-in (RFC 9470 3). */
export const STEP_UP_MESSAGE = "insufficient_user_authentication";

/** The `message` in the JSON body of a refusal. */
export const MESSAGES = {
  tryRefreshToken: "try refresh token",
  unauthorised: "unauthorised",
  theft: THEFT_MESSAGE as typeof THEFT_MESSAGE,
  retry: "retry",
  csrf: "csrf",
  actor: "actor refused",
  transport: "transport refused",
  conflict: "transport conflict",
  claim: "invalid claim",
  stepUp: STEP_UP_MESSAGE as typeof STEP_UP_MESSAGE,
  unavailable: "unavailable",
} as const;

/** What the page knows of a session: its user, and the claims in its access token. */
export interface ClientSession<Claims = unknown> {
  /** The public name of the session. */
  readonly handle: string;
  /** The user, exactly as the app gave it at sign-in. */
  readonly userId: string | number;
  /** The app's `jwtPayload`. */
  readonly claims: Claims;
  /** False if the session's cookies end with the browser; otherwise absent. */
  readonly persistent?: false;
}

/** Writes a session as JSON in ASCII, for {@link USER_HEADER}. */
export function formatClientSession(session: ClientSession): string {
  return JSON.stringify(session).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** The content of the marker cookie. Nothing in it is secret. */
export interface SessionMarker {
  /** The public name of the session. */
  readonly handle: string;
  /** How often the refresh token has been replaced. */
  readonly generation: number;
  /**
   * When the server made it, in ms since the epoch. The time from here to `accessExpires` is the
   * life of the access token.
   */
  readonly issuedAt: number;
  /** When the access token expires, in ms since the epoch. */
  readonly accessExpires: number;
}

/**
 * Writes a marker: `1.<handle>.<generation>.<issuedAt>.<accessExpires>`.
 *
 * @example
 * ```ts
 * import { formatMarker } from "counterfoil/protocol";
 *
 * const handle = "q1cWmB0o3vH5mXk2Zr8T9AyD";
 * const [issuedAt, accessExpires] = [1790000000000, 1790000900000];
 * console.log(formatMarker({ handle, generation: 3, issuedAt, accessExpires }));
 * ```
 */
export function formatMarker({ handle, generation, issuedAt, accessExpires }: SessionMarker): string {
  return [WIRE_VERSION, handle, generation, issuedAt, accessExpires].join(".");
}

/**
 * Reads a marker.
 *
 * @returns undefined if the text is no marker, or a marker of another wire version
 */
export function parseMarker(text: string): SessionMarker | undefined {
  const [, handle, generation, issuedAt, accessExpires] =
    /^1\.([\w-]{24})\.(\d{1,16})\.(\d{1,16})\.(\d{1,16})$/.exec(text) ?? [];
  if (handle === undefined) return undefined;
  return {
    handle,
    generation: Number(generation),
    issuedAt: Number(issuedAt),
    accessExpires: Number(accessExpires),
  };
}

/** Where a page of the session list begins: behind this session, which may be gone. */
export interface SessionCursor {
  /** When the session began, in ms since the epoch. */
  readonly createdAt: number;
  /** The public name of the session. */
  readonly handle: string;
}

/**
 * Writes a cursor: `<createdAt>.<handle>`. Clients send it back unchanged.
 *
 * @example
 * ```ts
 * import { formatSessionCursor } from "counterfoil/protocol";
 *
 * const handle = "q1cWmB0o3vH5mXk2Zr8T9AyD";
 * console.log(formatSessionCursor({ createdAt: 1790000000000, handle }));
 * ```
 */
export function formatSessionCursor({ createdAt, handle }: SessionCursor): string {
  return `${createdAt}.${handle}`;
}

/**
 * Reads a cursor.
 *
 * @returns undefined if the text is no cursor
 */
export function parseSessionCursor(text: string): SessionCursor | undefined {
  const [, createdAt, handle] = /^(\d{1,16})\.([A-Za-z0-9_-]{24})$/.exec(text) ?? [];
  if (handle === undefined || !Number.isSafeInteger(Number(createdAt))) return undefined;
  return { createdAt: Number(createdAt), handle };
}
