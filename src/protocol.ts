/**
 * The wire between browser and server: every name and format of it, and nothing else. Imports nothing, so that the
 * browser half can share it.
 */

/** Version of this wire; the first field of the marker. */
export const WIRE_VERSION = 1;

/** Names of the cookies, without the `__Host-` prefix. */
export const COOKIES = {
  access: "sAccessToken",
  refresh: "sRefreshToken",
  marker: "sIdRefreshToken",
} as const;

/** Before each cookie's name when `cookie.hostPrefix` is on (RFC 6265bis 4.1.3.2). */
export const HOST_PREFIX = "__Host-";

/** Browsers drop a cookie whose name and value together are longer, in bytes (RFC 6265bis 5.6). */
export const MAX_COOKIE_BYTES = 4096;

/** Names of the headers, in lower case. */
export const HEADERS = {
  antiCsrf: "anti-csrf",
  /** Custom header that stands in for the anti-CSRF token where that is off. */
  custom: "rid",
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
  "counterfoil-reason",
];

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
} as const;

/** Fixed routes; the refresh route is `tokens.refreshToken.renewTokenPath`. */
export const ROUTES = {
  signOut: "/session/signout",
  sessions: "/session/sessions",
  revoke: "/session/sessions/revoke",
  jwks: "/.well-known/jwks.json",
} as const;

/** `message` of an answer's JSON body. */
export const MESSAGES = {
  tryRefreshToken: "try refresh token",
  unauthorised: "unauthorised",
  theft: "token theft detected",
  retry: "retry",
  csrf: "csrf",
  stepUp: "insufficient_user_authentication",
  unavailable: "unavailable",
} as const;

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
  const match = /^1\.([A-Za-z0-9_-]{24})\.(\d{1,10})\.(\d{1,16})\.(\d{1,16})$/.exec(text);
  const handle = match?.[1];
  if (handle === undefined) return undefined;
  return { handle, generation: Number(match?.[2]), issuedAt: Number(match?.[3]), accessExpires: Number(match?.[4]) };
}
