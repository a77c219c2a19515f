import { type ClientSession, MARKER_COOKIE, REFRESH_CHALLENGE, SHARED_NAME, SIGN_OUT_ROUTE } from "../../protocol.ts";
import { SessionClientError } from "./session-client-error.ts";

/** The part of a `Response` that decides what the client does. */
export interface ResponseHead {
  /** The headers of the response. */
  readonly headers: { get(name: string): string | null };
}

/** Options of `createSessionClient`. */
export interface SessionClientOptions<Claims = unknown> {
  /**
   * Origin of the API, for instance `"https://api.shop.example"`, or a list of origins, of which
   * the first has the session routes. Requests to any other origin are sent unchanged. Default: the
   * origin of the page.
   */
  readonly api?: string | readonly [string, ...string[]];
  /**
   * `http.basePath` of the server, for instance `"/shop"`. It is put in front of `refreshPath` and
   * `signOutPath`. Default: none.
   */
  readonly basePath?: string;
  /** `cookie.prefix` of the server, for instance `"shop_"`. Default: none. */
  readonly cookiePrefix?: string;
  /**
   * Path of the refresh route, `tokens.refreshToken.renewTokenPath` of the server. Default
   * `"/session/refresh"`.
   */
  readonly refreshPath?: string;
  /** Path of the sign-out route. Default `"/session/signout"`. */
  readonly signOutPath?: string;
  /**
   * The session for which the server has rendered this page, so that the page knows the user at
   * once. It counts while the browser has that session. Default: none.
   */
  readonly initialSession?: ClientSession<Claims> | null | undefined;
  /**
   * How long to wait for another tab's refresh before refreshing without the lock, in ms. Default
   * 5000.
   */
  readonly lockTimeout?: number;
  /** How long a refresh may take, in ms. Default 10000. */
  readonly refreshTimeout?: number;
  /**
   * Whether a response asks for a refresh. Default: `WWW-Authenticate` has `realm="session"`, as
   * every such refusal of the library has.
   */
  readonly isRefused?: (response: ResponseHead) => boolean;
}

/** The options as the client uses them. */
export interface ClientSettings {
  /** Empty on a server, where calls are sent unchanged. */
  readonly origins: readonly string[];
  readonly refreshUrl: string;
  readonly signOutUrl: string;
  /** Name of the readable cookie, without `__Host-`. */
  readonly markerName: string;
  /** The name of the lock, the channel and the storage for this API. */
  readonly name: string;
  /** Whether the session cookies belong to this page's origin, so that it can read the marker. */
  readonly isOwnOrigin: boolean;
  /**
   * How the session routes are called. It adds no header, so that another origin needs no
   * preflight.
   */
  readonly routeCall: RequestInit;
  readonly initialSession?: ClientSession | null | undefined;
  readonly lockTimeout: number;
  readonly refreshTimeout: number;
  readonly isRefused: (response: ResponseHead) => boolean;
}

const NOWHERE = "http://x";

/** @throws SessionClientError `OPTIONS_INVALID` */
export function readOptions(options: SessionClientOptions): ClientSettings {
  const here = globalThis.location?.origin;
  // On a server there is no page, and all users share one client, so it holds no session.
  const {
    api = here ?? NOWHERE,
    basePath = "",
    cookiePrefix = "",
    refreshPath = "/session/refresh",
    signOutPath = SIGN_OUT_ROUTE,
  } = options;
  const origins = [api].flat();
  for (const origin of origins) {
    // Only an absolute URL keeps its own origin against this base.
    if (new URL(origin, NOWHERE).origin !== origin || /^[^/]/.test(basePath))
      throw new SessionClientError("OPTIONS_INVALID", `api, basePath: ${origin + basePath} is no origin`);
  }
  const [first] = origins as [string];
  const refreshUrl = first + basePath + refreshPath;
  const isOwnOrigin = first === here;
  return {
    lockTimeout: 5000,
    refreshTimeout: 10_000,
    isRefused: (response) => challengeOf(response).includes(REFRESH_CHALLENGE),
    ...options,
    origins: here ? origins : [],
    refreshUrl,
    signOutUrl: first + basePath + signOutPath,
    markerName: cookiePrefix + MARKER_COOKIE,
    name: SHARED_NAME + cookiePrefix + refreshUrl,
    isOwnOrigin,
    routeCall: {
      method: "POST",
      credentials: "include",
      // Next.js redirects a path to the one with a trailing slash. Redirects to another origin
      // fail.
      ...(isOwnOrigin ? { mode: "same-origin" } : { redirect: "error" }),
    },
  };
}

/** Whether the refused request had a token (RFC 6750 3.1). */
export const hasToken = (response: ResponseHead): boolean => challengeOf(response).includes("error=");

const challengeOf = (response: ResponseHead): string => response.headers.get("www-authenticate") ?? "";
