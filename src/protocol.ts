/**
 * The wire between browser and server: every name and format of it, and nothing else. Imports nothing, so that the
 * browser half can share it.
 */

/** Version of this wire; the first field of the marker. */
export const WIRE_VERSION = 1;

/** The readable cookie of {@link SessionMarker}. */
export const MARKER_COOKIE = "sIdRefreshToken";

/** Names of the cookies, without the `__Host-` prefix. */
export const COOKIES = {
  access: "sAccessToken",
  refresh: "sRefreshToken",
  marker: MARKER_COOKIE as typeof MARKER_COOKIE,
} as const;

/** Before each cookie's name when `cookie.hostPrefix` is on (RFC 6265bis 4.1.3.2). */
export const HOST_PREFIX = "__Host-";

/** Browsers drop a cookie whose name and value together are longer, in bytes (RFC 6265bis 5.6). */
export const MAX_COOKIE_BYTES = 4096;

/** Unsafe requests carry the anti-CSRF token in it, and sign-in and refresh hand it out. */
export const ANTI_CSRF_HEADER = "anti-csrf";

/** Custom header that stands in for the anti-CSRF token where that is off. */
export const CUSTOM_HEADER = "rid";

/** What the browser half writes into it. */
export const CUSTOM_VALUE = "1";

/** The marker that an answer brings, for pages that cannot read the cookie of another origin; {@link NO_SESSION} when it ends the session. */
export const SESSION_HEADER = "counterfoil-session";

/** Whose session it is: {@link ClientSession} as JSON in ASCII. */
export const USER_HEADER = "counterfoil-user";

/** Names of the headers, in lower case. Those of the browser half stand above, so that a page loads no others. */
export const HEADERS = {
  antiCsrf: ANTI_CSRF_HEADER as typeof ANTI_CSRF_HEADER,
  custom: CUSTOM_HEADER as typeof CUSTOM_HEADER,
  session: SESSION_HEADER as typeof SESSION_HEADER,
  user: USER_HEADER as typeof USER_HEADER,
  /** `cookie` or `header`: how the client wants its tokens to travel. */
  mode: "st-auth-mode",
  /** The tokens themselves where they travel in headers; empty in an answer that ends a session. */
  access: "st-access-token",
  refresh: "st-refresh-token",
  /** What SuperTokens web clients learn of a session from: `<marker>;<expiry ms>`, or {@link REMOVED}. */
  idRefresh: "id-refresh-token",
  /** The same for newer ones: base64 of `{"uid","ate","up"}`, or {@link REMOVED}. */
  front: "front-token",
  /** Exact error code of a refusal, in development. */
  reason: "counterfoil-reason",
} as const;

/** Request headers that a page of another origin may send, and that SuperTokens clients send. */
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
];

/** Answer headers that a page of another origin may read. */
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

/** In place of a marker in {@link HEADERS}`.session`. */
export const NO_SESSION = "none";

/** Before the names of the lock and of the channel that the tabs of a browser share, and of what a page remembers. */
export const SHARED_NAME = "counterfoil:";

/** Tells SuperTokens web clients that the session is over. */
export const REMOVED = "remove";

/** Ends of the two routes that SuperTokens web clients call, below their `apiBasePath`. */
export const SUPERTOKENS_ROUTES = { base: "/auth", refresh: "/session/refresh", signOut: "/signout" } as const;

/** Names in the query of a page load that goes through the refresh route. */
export const PAGE_PARAMETERS = {
  /** Path and query to come back to. */
  to: "to",
  /** The refresh route has been asked before, and answered that another request was faster. */
  again: "again",
  /** When the page came back from the refresh route, ms since the epoch; it is not sent there again. */
  refreshed: "session-refreshed",
  /**
   * When the page was asked to load again because duplicate cookies had been cleared, ms since the
   * epoch; it is asked once.
   */
  cleared: "session-cleared",
} as const;

/** In the `WWW-Authenticate` of each refusal that a refresh may cure, and of no other. */
export const REFRESH_CHALLENGE = 'realm="session"';

/** The sign-out route. */
export const SIGN_OUT_ROUTE = "/session/signout";

/** Fixed routes; the refresh route is `tokens.refreshToken.renewTokenPath`. */
export const ROUTES = {
  signOut: SIGN_OUT_ROUTE as typeof SIGN_OUT_ROUTE,
  sessions: "/session/sessions",
  revoke: "/session/sessions/revoke",
  jwks: "/.well-known/jwks.json",
} as const;

/**
 * Name in the query of `GET` {@link ROUTES}`.sessions`: {@link SessionCursor}, `next` of the page
 * before.
 */
export const CURSOR_PARAMETER = "after";

/** `message` of a refusal that tells of a theft. */
export const THEFT_MESSAGE = "token theft detected";

/** `message` of an answer's JSON body. */
export const MESSAGES = {
  tryRefreshToken: "try refresh token",
  unauthorised: "unauthorised",
  theft: THEFT_MESSAGE as typeof THEFT_MESSAGE,
  retry: "retry",
  csrf: "csrf",
  transport: "transport refused",
  conflict: "transport conflict",
  stepUp: "insufficient_user_authentication",
  unavailable: "unavailable",
} as const;

/** What the page may know of a session: who it belongs to, and the claims in its access token. */
export interface ClientSession<Claims = unknown> {
  /** Public name of the session. */
  readonly handle: string;
  /** The user, as the app gave it at sign-in. */
  readonly userId: string | number;
  /** The app's `jwtPayload`. */
  readonly claims: Claims;
}

/** JSON that a header can carry: whatever is not ASCII is escaped. */
export function formatClientSession(session: ClientSession): string {
  return JSON.stringify(session).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** What the readable cookie `sIdRefreshToken` says. Nothing in it is secret. */
export interface SessionMarker {
  /** Public name of the session. */
  readonly handle: string;
  /** Generation of the refresh token that came with it; grows with each rotation. */
  readonly generation: number;
  /** The server's time when it was made, ms since the epoch; with `accessExpires` it gives the life of the access token. */
  readonly issuedAt: number;
  /** When the access token that came with it expires, ms since the epoch. */
  readonly accessExpires: number;
}

/**
 * Text of a marker: `1.<handle>.<generation>.<issuedAt>.<accessExpires>`.
 *
 * @example
 * ```ts
 * formatMarker({ handle: "q1c…", generation: 3, issuedAt: 1790000000000, accessExpires: 1790000900000 });
 * ```
 */
export function formatMarker({ handle, generation, issuedAt, accessExpires }: SessionMarker): string {
  return [WIRE_VERSION, handle, generation, issuedAt, accessExpires].join(".");
}

/** The marker in a text; undefined when it is none, or of another wire version. */
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

/** Where a page of the list of sessions begins: behind this session, which may be gone by then. */
export interface SessionCursor {
  /** Its sign-in, ms since the epoch. */
  readonly createdAt: number;
  readonly handle: string;
}

/**
 * Text of a cursor: `<createdAt>.<handle>`. Clients send it back as it came.
 *
 * @example
 * ```ts
 * formatSessionCursor({ createdAt: 1790000000000, handle: "q1c…" });
 * ```
 */
export function formatSessionCursor({ createdAt, handle }: SessionCursor): string {
  return `${createdAt}.${handle}`;
}

/** The cursor in a text; undefined when it is none. */
export function parseSessionCursor(text: string): SessionCursor | undefined {
  const [, createdAt, handle] = /^(\d{1,16})\.([A-Za-z0-9_-]{24})$/.exec(text) ?? [];
  if (handle === undefined || !Number.isSafeInteger(Number(createdAt))) return undefined;
  return { createdAt: Number(createdAt), handle };
}
