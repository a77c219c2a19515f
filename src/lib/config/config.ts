import type { SigningAlgorithm } from "../policy.ts";
import type { SessionStore } from "../session/session-store.ts";
import type { Clock } from "../clock.ts";
import type { Duration } from "../options/duration.ts";

/**
 * Everything that can be set. Each option may be left out; the defaults stand in `parse-config.ts` and in each comment.
 *
 * @example
 * ```ts
 * await init({
 *   secret: process.env.COUNTERFOIL_SECRET,
 *   tokens: { accessToken: { validity: "10m" } },
 *   http: { publicOrigin: "https://example.com" },
 * });
 * ```
 */
export interface CounterfoilConfig {
  /** Where sessions are kept. Default: `sqlite({ path: "./counterfoil.db" })`. */
  readonly store?: SessionStore | undefined;
  /**
   * Encrypts the keys in the store: at least 32 characters, for instance from `openssl rand -base64 32`. A list rotates it: the first
   * encrypts, the others still open. Default: made once into a file beside the embedded database; needed in production on any other store.
   */
  readonly secret?: string | readonly string[] | undefined;
  /**
   * Timeouts by assurance level (NIST SP 800-63B-4): `standard` ends sessions after 24 h or 1 h without use; `strict` after 12 h or 15 min
   * without use, and turns on `cookie.hostPrefix` and `blacklisting: "store"`. Options given beside it win. Default: none; 365 days or
   * 100 days without use.
   */
  readonly preset?: "standard" | "strict" | undefined;
  readonly tokens?:
    | {
        readonly accessToken?:
          | {
              /** Life of an access token, `"1s"` to `"1d"`. Default `"15m"`; `"5m"` in `strict`. */
              readonly validity?: Duration | undefined;
              /** Default `"HS256"`. The others publish their public halves as a JWKS. */
              readonly signing?: SigningAlgorithm | undefined;
              /**
               * Revocation checking. `off`: a revoked session's access token works until it expires. `store`: one read per `getSession`, immediate.
               * `true` is `"store"`, and `false` is `"off"`. Default `"off"`; `"store"` in
               * `strict`.
               */
              readonly blacklisting?: "off" | "store" | boolean | undefined;
              /**
               * Claim `iss`; tokens of another are refused, refresh tokens too, so a change signs
               * everybody out. Default: none.
               */
              readonly issuer?: string | undefined;
              /**
               * Claim `aud`; tokens of another are refused, refresh tokens too, so a change signs
               * everybody out. Default: none.
               */
              readonly audience?: string | undefined;
              /** How many verified tokens are remembered, about 1 kB each; 0 remembers none. Default 10000. */
              readonly cacheSize?: number | undefined;
            }
          | undefined;
        readonly refreshToken?:
          | {
              /** How long a session lives without a refresh, `"1s"` to `"400d"`. The same as `session.idleTimeout`: name one. Default `"100d"`. */
              readonly validity?: Duration | undefined;
              /**
               * Path of the refresh route, without `http.basePath`; also that of the refresh
               * cookie, with it. Default `"/session/refresh"`.
               */
              readonly renewTokenPath?: string | undefined;
            }
          | undefined;
        /** Whether unsafe requests must carry the anti-CSRF token. Default true. False: they must carry a custom header `rid` instead. */
        readonly enableAntiCsrf?: boolean | undefined;
      }
    | undefined;
  readonly rotation?:
    | {
        /**
         * How long a request or its response may still be in flight, to `"5m"`. `"0s"` is strict
         * single use: a lost response, a repeated request or two refreshes at once end the session.
         * Default `"10s"`.
         */
        readonly window?: Duration | undefined;
        /**
         * On reuse of a refresh token: end the session, or emit `reuse-detected` only, for trying
         * it out. Default `"revoke"`.
         */
        readonly onReuse?: "revoke" | "report" | undefined;
        /**
         * Whose clock rotation is decided by. `store`: the database's, where it has one that all servers share, so that theirs may differ.
         * `process`: this process's. Default `"store"`; `"process"` where `clock` is given.
         */
        readonly clock?: "store" | "process" | undefined;
      }
    | undefined;
  readonly session?:
    | {
        /** How long a session lives without a refresh. Default `"100d"`. */
        readonly idleTimeout?: Duration | undefined;
        /** How long a session lives at all, from sign-in. Default `"365d"`. */
        readonly absoluteTimeout?: Duration | undefined;
        /**
         * Greatest number of live sessions of one user, 1 to 10000; false: no limit. Default: 100,
         * which concurrent sign-ins may exceed for a moment. A number that is named, or that of
         * `onMaxPerUser` by itself, is never exceeded.
         */
        readonly maxPerUser?: number | false | undefined;
        /** At that number: end the oldest session, or refuse the new one. Default `"end-oldest"`. */
        readonly onMaxPerUser?: "end-oldest" | "refuse" | undefined;
      }
    | undefined;
  readonly keys?:
    | {
        /** How long a key signs, `"1h"` to `"400d"`, less up to a tenth of jitter. Default `"30d"`. */
        readonly rotateEvery?: Duration | undefined;
        /** How long a key is published before it signs, `"10s"` to `"1d"`: longer than processes take to look for an unknown key. Default `"10m"`. */
        readonly publishAhead?: Duration | undefined;
      }
    | undefined;
  readonly cookie?:
    | {
        /** `Domain` of the cookies; left out, they belong to the very host, which is safer. Default: none. */
        readonly domain?: string | undefined;
        /** Default true. False only for development over http. */
        readonly secure?: boolean | undefined;
        /** Default `"lax"`. `"none"` needs `secure`. */
        readonly sameSite?: "lax" | "strict" | "none" | undefined;
        /**
         * Which cookies are named `__Host-...`, which no sibling sub-domain can set. `"auto"`: the
         * access cookie and the marker, where `secure` is on, there is no `domain`, and
         * `http.publicOrigin` is not http. `true`: the refresh cookie too, with `Path=/`. `false`:
         * none. Another value names other cookies, so everybody signs in once. Default `"auto"`;
         * false with SuperTokens clients; true in `strict`.
         */
        readonly hostPrefix?: "auto" | boolean | undefined;
        /**
         * What stands before the names of the cookies, after `__Host-` where they have that, for
         * instance `"shop_"`: a name for each of several apps on one host, whatever their paths and
         * ports. 1 to 32 letters, digits, `_` and `-`, the first a letter or digit. Pages give it
         * to `createSessionClient({ cookiePrefix })`. Another prefix names other cookies, so
         * everybody signs in once. Default: none.
         */
        readonly prefix?: string | undefined;
      }
    | undefined;
  readonly http?:
    | {
        /** The origin that browsers see, for instance `"https://example.com"`. Default: what the `Host` header says. */
        readonly publicOrigin?: string | undefined;
        /**
         * What browsers see in front of every path of the app, for instance `"/shop"`, whether a
         * proxy strips it or keeps it. The path of the refresh cookie begins with it, and so do the
         * addresses that pages are sent to; the session routes are found with it and without.
         * Pages give it to `createSessionClient({ basePath })`. Default: none.
         */
        readonly basePath?: string | undefined;
        /** Other origins whose pages may call, exact, for instance `["https://app.example.com"]`. Default `[]`. */
        readonly trustedOrigins?: readonly string[] | undefined;
        /** Whether cross-site requests are refused or only reported by event. Default `"enforce"`. */
        readonly csrf?: "enforce" | "report" | undefined;
        /**
         * Wire dialects that are spoken. With `"supertokens"` the published SuperTokens web clients work unchanged, and
         * `tokens.refreshToken.renewTokenPath` is `"/auth/session/refresh"` by default. Default `["counterfoil"]`.
         */
        readonly dialects?: readonly ("counterfoil" | "supertokens")[] | undefined;
        /** Status of an answer that asks for a refresh or says that the session is over; 440 for SuperTokens web clients that are set up so. Default 401. */
        readonly sessionExpiredStatus?: 401 | 440 | undefined;
        /**
         * Whether a request that has both our cookies and an `Authorization: Bearer` header is judged by its cookies, for apps behind a proxy that
         * sets that header for itself. Default false: the header counts, and two that name different sessions are refused.
         */
        readonly preferCookies?: boolean | undefined;
        /**
         * Whether responses of protected routes carry `Vary: Cookie, Authorization`, beside what
         * the app varies by, and `Cache-Control: private` where the app sets none (RFC 9110
         * 12.5.5, RFC 9111 5.2.2.7). False: a shared cache hands one user's response to another
         * unless the app says how it may be cached. Default true.
         */
        readonly cacheHeaders?: boolean | undefined;
        /**
         * How tokens may travel. With `["cookie"]` no token in a header is read; with `["header"]`
         * no cookie of ours is read or set; a sign-in that asks for the other is refused. Default
         * both (with `preset: "strict"` cookies only), and requests that browsers send
         * (`Sec-Fetch-Site`) sign in with tokens in headers only where this option is named or the
         * SuperTokens dialect is on. Beside `["header"]` the options of `cookie` and
         * `preferCookies: true` are refused, since they would do nothing.
         */
        readonly transports?: readonly ("cookie" | "header")[] | undefined;
        /**
         * Whether refusals tell the client their reason: the code in the header
         * `counterfoil-reason`, and a sentence in `WWW-Authenticate`. Default: only where
         * `NODE_ENV` is `development` or `test`, or `publicOrigin` is local (`localhost`, names
         * below it, 127.0.0.0/8, `[::1]`).
         */
        readonly diagnostics?: boolean | undefined;
      }
    | undefined;
  /** The time in ms since the epoch; for tests. Default `Date.now`. */
  readonly clock?: Clock | undefined;
}
