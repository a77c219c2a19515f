import type { SigningAlgorithm } from "../policy.ts";
import type { SessionStore } from "../session/session-store.ts";
import type { Clock } from "../clock.ts";
import type { Duration } from "../options/duration.ts";

/**
 * All options. Each is optional, and its comment says the default.
 *
 * @example
 * ```ts
 * import { init } from "counterfoil";
 *
 * await init({
 *   secret: process.env.COUNTERFOIL_SECRET,
 *   tokens: { accessToken: { validity: "10m" } },
 *   http: { publicOrigin: "https://example.com" },
 * });
 * ```
 */
export interface CounterfoilConfig {
  /** The database that keeps the sessions. Default: `sqlite({ path: "./counterfoil.db" })`. */
  readonly store?: SessionStore | undefined;
  /**
   * The secret that encrypts the signing keys in the store: at least 32 characters, for instance
   * from `openssl rand -base64 32`. A list rotates it: the first encrypts, the others only decrypt.
   * Default: SQLite keeps one in a file beside the database. `memory()` needs this option in
   * production, other stores unless `NODE_ENV` is `development` or `test`.
   */
  readonly secret?: string | readonly string[] | undefined;
  /**
   * Timeouts by assurance level (NIST SP 800-63B-4). `"standard"`: a session ends 24 h after
   * sign-in, or after 1 h without a refresh. `"strict"`: 12 h and 15 min; it also turns on
   * `cookie.hostPrefix` and `revocation: "store"`. An option that you name wins over the preset.
   * Default: none, which is 365 days and 100 days.
   */
  readonly preset?: "standard" | "strict" | undefined;
  readonly tokens?:
    | {
        readonly accessToken?:
          | {
              /**
               * How long an access token is valid, `"1s"` to `"1d"`. Default `"15m"`; `"5m"` in
               * `strict`.
               */
              readonly validity?: Duration | undefined;
              /**
               * Algorithm of the signatures. The public keys of `"EdDSA"` and `"ES256"` are
               * published as a JWKS. Default `"HS256"`.
               */
              readonly signing?: SigningAlgorithm | undefined;
              /**
               * Whether each request checks that its session still exists. `"off"`: the access
               * token of a revoked session works until it expires. `"store"`: each request reads
               * the store once, and a revocation takes effect at once. `"feed"`: each process reads
               * the log of revocations, so a request reads nothing, and a revocation takes effect
               * within `feed.bound`. Default `"off"`; `"feed"` in `standard`; `"store"` in
               * `strict`.
               */
              readonly revocation?: "off" | "feed" | "store" | undefined;
              /**
               * `revocation` under the name that the first SuperTokens library gave it. `true` is
               * `"store"`, `false` is `"off"`.
               */
              readonly blacklisting?: "off" | "feed" | "store" | boolean | undefined;
              readonly feed?:
                | {
                    /**
                     * How long a revocation may take to reach this process, `"50ms"` to `"1m"`.
                     * Requests start the reads: about two in this time, none while nobody asks.
                     * Default `"1s"`.
                     */
                    readonly bound?: Duration | undefined;
                    /**
                     * What a request does while the log cannot be read within the bound. `"store"`:
                     * it reads the store, as with `revocation: "store"`. `"refuse"`: it fails with
                     * `STORE_UNAVAILABLE`. Default `"store"`.
                     */
                    readonly onLag?: "store" | "refuse" | undefined;
                    /**
                     * Whether revocations are announced and heard at once, and followed by a timer
                     * also without requests: PostgreSQL by LISTEN, Redis by SUBSCRIBE, each on one
                     * more connection; SQLite by a look at the file each 50 ms. A text is another
                     * address for it, for instance past PgBouncer. Default `false`.
                     */
                    readonly listen?: boolean | string | undefined;
                  }
                | undefined;
              /**
               * Claim `iss`. Access and refresh tokens of another issuer are refused, so a change
               * signs everybody out. Default: none.
               */
              readonly issuer?: string | undefined;
              /**
               * Claim `aud`. Access and refresh tokens for another audience are refused, so a
               * change signs everybody out. Default: none.
               */
              readonly audience?: string | undefined;
              /**
               * How many verified tokens the process remembers, at 0.7 kB each. 0 turns it off.
               * Default 10000.
               */
              readonly cacheSize?: number | undefined;
            }
          | undefined;
        readonly refreshToken?:
          | {
              /**
               * `session.idleTimeout` under the name that the first SuperTokens library gave it.
               * Name one of the two.
               */
              readonly validity?: Duration | undefined;
              /**
               * Path of the refresh route, without `http.basePath`. The refresh cookie has this
               * path with `http.basePath` in front. Default `"/session/refresh"`.
               */
              readonly renewTokenPath?: string | undefined;
            }
          | undefined;
        /**
         * Whether unsafe requests must carry the anti-CSRF token. False: they must carry the custom
         * header `rid` instead. Default true.
         */
        readonly enableAntiCsrf?: boolean | undefined;
      }
    | undefined;
  readonly rotation?:
    | {
        /**
         * How long a request or its response may still be in flight, `"0s"` to `"5m"`. A refresh
         * token that is presented again within this time counts as a retry, not as theft. `"0s"` is
         * strict single use: a lost response, a repeated request or two concurrent refreshes end
         * the session. Default `"10s"`.
         */
        readonly window?: Duration | undefined;
        /**
         * What happens when a refresh token is reused. `"revoke"` ends the session. `"report"` only
         * emits `reuse-detected`, for a trial. Default `"revoke"`.
         */
        readonly onReuse?: "revoke" | "report" | undefined;
        /**
         * The clock that decides about rotation. `"store"`: that of the database, which all servers
         * share, so that their own may differ; an embedded store uses the process's. `"process"`:
         * this process's. Default `"store"`; `"process"` where `clock` is given.
         */
        readonly clock?: "store" | "process" | undefined;
      }
    | undefined;
  readonly session?:
    | {
        /** How long a session lives without a refresh, `"1s"` to `"400d"`. Default `"100d"`. */
        readonly idleTimeout?: Duration | undefined;
        /**
         * How long a session lives after sign-in, refreshed or not; `"1s"` to `"3650d"`. Default
         * `"365d"`.
         */
        readonly absoluteTimeout?: Duration | undefined;
        /**
         * How long a session lives in which somebody acts for the user, refreshed or not; `"1s"` to
         * `"1d"`. It never outlives the actor's own session. Default `"1h"`.
         */
        readonly actorTimeout?: Duration | undefined;
        /**
         * Whether a sign-in tells if the user has signed in from this kind of device before. The
         * store remembers a hash of browser, system and label for each user, and each sign-in takes
         * one more call of it. False: nothing is stored and nothing read. Default false; true in
         * `strict`.
         */
        readonly knownDevices?: boolean | undefined;
        /**
         * How long a device is remembered after its last sign-in, `"1d"` to `"3650d"`. Only with
         * `knownDevices`. Default `"180d"`.
         */
        readonly deviceRetention?: Duration | undefined;
        /**
         * Finds the place of a client's IP address, for `location` of its device in events and
         * lists: a text, cut after 100 characters, or undefined. Called with each sign-in and
         * refresh over HTTP, and awaited for at most one second; an error becomes a process
         * warning. Default: none, so nothing is said of places.
         */
        readonly locate?: ((ip: string) => string | undefined | Promise<string | undefined>) | undefined;
        /**
         * The most live sessions of one user, 1 to 10000; false sets no limit. A number that you
         * set is never exceeded. Default: 100, which concurrent sign-ins may exceed for a moment
         * unless you set `onMaxPerUser`.
         */
        readonly maxPerUser?: number | false | undefined;
        /**
         * What a sign-in does at the limit: end the oldest session, or fail. Default
         * `"end-oldest"`.
         */
        readonly onMaxPerUser?: "end-oldest" | "refuse" | undefined;
        /**
         * Whether the cookies of a session outlive the browser. False: they have neither `Max-Age`
         * nor `Expires`. A sign-in that has the option `persistent` decides for its session.
         * Default true; false in `strict`.
         */
        readonly persistent?: boolean | undefined;
      }
    | undefined;
  readonly audit?:
    | {
        /**
         * How long rows of the audit table are kept, `"1d"` to `"3650d"`: who signed in, which
         * sessions ended and why, whose claims changed. Each row is written in the atomic step of
         * what it tells of. Write it in every process. Default: none, and no rows are written.
         */
        readonly retention?: Duration | undefined;
      }
    | undefined;
  readonly keys?:
    | {
        /**
         * How long a key signs, `"1h"` to `"400d"`, minus up to a tenth at random. Default `"30d"`.
         */
        readonly rotateEvery?: Duration | undefined;
        /**
         * How long a key is published before it signs, `"10s"` to `"1d"`, so that every verifier
         * has it in time. Default `"10m"`.
         */
        readonly publishAhead?: Duration | undefined;
      }
    | undefined;
  readonly cookie?:
    | {
        /**
         * `Domain` of the cookies. Without it they belong to one host, which is safer. Default:
         * none.
         */
        readonly domain?: string | undefined;
        /** `Secure` of the cookies. False is only for development over http. Default true. */
        readonly secure?: boolean | undefined;
        /** `SameSite` of the cookies. `"none"` needs `secure`. Default `"lax"`. */
        readonly sameSite?: "lax" | "strict" | "none" | undefined;
        /**
         * Which cookies have names that begin with `__Host-`, which no sibling sub-domain can set
         * (RFC 6265bis 4.1.3.2). `"auto"`: the access cookie and the marker, if `secure` is on, no
         * `domain` is set and `http.publicOrigin` is not http. `true`: the refresh cookie too, with
         * `Path=/`. `false`: none. A change renames the cookies, so everybody signs in once.
         * Default `"auto"`; false with the SuperTokens dialect; true in `strict`.
         */
        readonly hostPrefix?: "auto" | boolean | undefined;
        /**
         * Prefix of the cookie names, behind `__Host-`, for instance `"shop_"`. It keeps several
         * apps on one host apart, whatever their paths and ports. 1 to 32 letters, digits, `_` and
         * `-`; the first is a letter or digit. Pages pass it to `createSessionClient({ cookiePrefix
         * })`. A change renames the cookies, so everybody signs in once. Default: none.
         */
        readonly prefix?: string | undefined;
      }
    | undefined;
  readonly http?:
    | {
        /**
         * Origin of the app as browsers see it, for instance `"https://example.com"`. Default: that
         * of the `Host` header.
         */
        readonly publicOrigin?: string | undefined;
        /**
         * Path in front of every path of the app as browsers see it, for instance `"/shop"`. A
         * proxy may strip it or keep it: the session routes answer with it and without. The path of
         * the refresh cookie and the addresses of redirects begin with it. Pages pass it to
         * `createSessionClient({ basePath })`. Default: none.
         */
        readonly basePath?: string | undefined;
        /**
         * Other origins whose pages may call the app, for instance `["https://app.example.com"]`;
         * no wildcards. Default `[]`.
         */
        readonly trustedOrigins?: readonly string[] | undefined;
        /**
         * `"enforce"` refuses cross-site requests. `"report"` only emits `csrf-reported`. Default
         * `"enforce"`.
         */
        readonly csrf?: "enforce" | "report" | undefined;
        /**
         * Dialects of the wire. With `"supertokens"` the published SuperTokens web clients work
         * unchanged, and the default of `tokens.refreshToken.renewTokenPath` is
         * `"/auth/session/refresh"`. Default `["counterfoil"]`.
         */
        readonly dialects?: readonly ("counterfoil" | "supertokens")[] | undefined;
        /**
         * Status of a response that asks for a refresh or says that the session is over. 440 is for
         * SuperTokens web clients that expect it. Default 401.
         */
        readonly sessionExpiredStatus?: 401 | 440 | undefined;
        /**
         * Use the cookies when a request has both session cookies and `Authorization: Bearer`. For
         * apps behind a proxy that sets that header for itself. False: the header counts, and a
         * request whose two tokens name different sessions is refused. Default false.
         */
        readonly preferCookies?: boolean | undefined;
        /**
         * Whether responses of protected routes get `Vary: Cookie, Authorization`, and
         * `Cache-Control: private` where the app sets none (RFC 9110 12.5.5, RFC 9111 5.2.2.7).
         * Without them a shared cache may hand one user's response to another. Default true.
         */
        readonly cacheHeaders?: boolean | undefined;
        /**
         * How tokens may travel. `["cookie"]`: tokens in headers are ignored. `["header"]`: no
         * session cookie is read or set; the options of `cookie` and `preferCookies: true` are
         * refused beside it. A sign-in that asks for the other transport is refused. Where the
         * option is left out, browsers (`Sec-Fetch-Site`) sign in with headers only if the
         * SuperTokens dialect is on. Default
         * `["cookie", "header"]`; `["cookie"]` in `strict`.
         */
        readonly transports?: readonly ("cookie" | "header")[] | undefined;
        /**
         * Whether a refusal tells the client its reason: the code in the header
         * `counterfoil-reason`, and a sentence in `WWW-Authenticate`. Default: true if `NODE_ENV`
         * is `development` or `test`, or `publicOrigin` is local (`localhost`, names below it,
         * 127.0.0.0/8, `[::1]`); else false.
         */
        readonly diagnostics?: boolean | undefined;
        /**
         * Whether `GET /session/events` is a stream that tells open pages of the end of their
         * session, for `watchSession` of `counterfoil/open-pages`. Each browser with an open page
         * keeps one connection. Default `false`.
         */
        readonly openPages?: boolean | undefined;
      }
    | undefined;
  /** Returns the time in ms since the epoch. For tests. Default `Date.now`. */
  readonly clock?: Clock | undefined;
}
