import type { Clock } from "./clock.ts";
import type { CookieNames } from "./cookie-names.ts";

/** An algorithm that signs access tokens (RFC 7518, RFC 8037). */
export type SigningAlgorithm = "HS256" | "EdDSA" | "ES256";

/** At most `max` live sessions of one user, at all times. */
export interface ExactLimit {
  readonly max: number;
  /** What a sign-in at the limit does. */
  readonly onLimit: "refuse" | "end-oldest";
}

/**
 * About `max` live sessions of one user. Concurrent sign-ins may exceed it; later ones remove the
 * rest.
 */
export interface SoftLimit {
  readonly max: number;
  readonly onLimit: "trim";
  /** The most sessions that one sign-in removes. */
  readonly atOnce: number;
}

/** The limit of a user's live sessions. */
export type SessionLimit = ExactLimit | SoftLimit;

/** Finds the place of an IP address, for instance `Berlin, DE`; undefined: unknown. */
export type Locate = (ip: string) => string | undefined | Promise<string | undefined>;

/** How the cookies are set. */
export interface CookiePolicy {
  readonly domain: string | undefined;
  readonly secure: boolean;
  readonly sameSite: "lax" | "strict" | "none";
  readonly names: CookieNames;
  /** Path of the refresh route in the app. */
  readonly renewTokenPath: string;
  /** Path of the refresh route in the browser, and of the refresh cookie. */
  readonly refreshPath: string;
}

export interface HttpPolicy {
  readonly publicOrigin: string | undefined;
  /** The prefix of every path in the browser; empty without one. */
  readonly basePath: string;
  readonly trustedOrigins: ReadonlySet<string>;
  readonly csrf: "enforce" | "report";
  readonly diagnostics: boolean;
  /** Whether SuperTokens web clients are supported. */
  readonly supertokens: boolean;
  readonly sessionExpiredStatus: 401 | 440;
  readonly preferCookies: boolean;
  /** Whether responses that depend on a session set cache headers. */
  readonly cacheHeaders: boolean;
  /** Whether there is a stream for open pages. */
  readonly openPages: boolean;
  readonly transports: ReadonlySet<"cookie" | "header">;
  /** Whether browsers may sign in in header mode. */
  readonly headersForBrowsers: boolean;
}

/** A checked config with all defaults. Durations are in ms. */
export interface Policy {
  readonly secrets: readonly [string, ...string[]] | undefined;
  readonly clock: Clock;
  readonly accessToken: {
    readonly validity: number;
    readonly signing: SigningAlgorithm;
    readonly revocation: "off" | "feed" | "store";
    readonly feed: {
      /** How old the position in the log of revocations may be, in ms. */
      readonly bound: number;
      readonly onLag: "store" | "refuse";
      /** A text is another address of the database, for messages only. */
      readonly listen: boolean | string;
    };
    readonly issuer: string | undefined;
    readonly audience: string | undefined;
    readonly cacheSize: number;
  };
  readonly antiCsrf: boolean;
  readonly rotation: {
    readonly window: number;
    readonly onReuse: "revoke" | "report";
    readonly clock: "store" | "process";
  };
  readonly idleTimeout: number;
  readonly absoluteTimeout: number;
  readonly actorTimeout: number;
  /** How long a device is remembered, in ms; undefined: devices are not. */
  readonly deviceRetention: number | undefined;
  readonly locate: Locate | undefined;
  readonly limit: SessionLimit | undefined;
  /** Whether cookies outlive the browser, if a sign-in does not say it. */
  readonly persistent: boolean;
  /** How long rows of the audit table are kept, in ms; undefined: none are written. */
  readonly auditRetention: number | undefined;
  readonly keys: { readonly rotateEvery: number; readonly publishAhead: number };
  readonly cookie: CookiePolicy;
  readonly http: HttpPolicy;
}
