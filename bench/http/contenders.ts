import type { MysqlAddress } from "../servers/mysql-address.ts";
import { named } from "../versions.ts";

export const FRAMEWORKS = ["express", "fastify", "node"] as const;
export type Framework = (typeof FRAMEWORKS)[number];

/**
 * `first-sight`: each token is verified as if it had never been seen. `original`:
 * supertokens-node-mysql-ref-jwt.
 */
export type Guard =
  | "none"
  | "floor"
  | "repeated"
  | "first-sight"
  | "original"
  | "fast-jwt"
  | "jsonwebtoken"
  | "iron-session"
  | "secure-session"
  | "express-session-redis"
  | "express-session-mysql"
  | "better-auth";

/** A server that answers one route, and what lets requests through to it. */
export interface Contender {
  readonly framework: Framework;
  readonly guard: Guard;
}

/** Servers that some of them need. */
export interface Backends {
  readonly mysql: MysqlAddress;
  readonly redisUrl: string;
}

/** What a server process is started with. */
export interface ServerOrder extends Contender {
  readonly backends: Backends;
}

export const FRAMEWORK_NAMES: Readonly<Record<Framework, string>> = {
  express: named("express"),
  fastify: named("fastify"),
  node: "node:http",
};

interface GuardFacts {
  readonly name: string;
  /** As its documentation says for production, and what it checks beside the cookie. */
  readonly setup: string;
  /** Whether it demands an anti-CSRF token beside the cookie. */
  readonly antiCsrf?: boolean;
  /**
   * Live tokens in turn. Where none is remembered their number changes nothing, and some sign in
   * slowly.
   */
  readonly users?: number;
}

const LIVE_TOKENS = 1000;

export const GUARDS: Readonly<Record<Guard, GuardFacts>> = {
  none: { name: "none", setup: "the same cookies and headers, which nobody reads" },
  floor: {
    name: "floor",
    setup: "one cookie by `indexOf`, one map hit, expiry, anti-CSRF, `Sec-Fetch-Site`",
    antiCsrf: true,
    users: LIVE_TOKENS,
  },
  repeated: {
    name: "Counterfoil, token seen before",
    setup: "as its guide says: ready routes, anti-CSRF, cross-site check",
    antiCsrf: true,
    users: LIVE_TOKENS,
  },
  "first-sight": { name: "Counterfoil, first sight", setup: "the same, `cacheSize: 0`", antiCsrf: true },
  original: {
    name: named("supertokens-node-mysql-ref-jwt"),
    setup: "anti-CSRF, no blacklisting (its default)",
    antiCsrf: true,
  },
  "fast-jwt": {
    name: `${named("fast-jwt")}, its cache`,
    setup: "`algorithms` named, `cache: true` (1,000); no CSRF check",
    users: LIVE_TOKENS,
  },
  jsonwebtoken: { name: named("jsonwebtoken"), setup: "`algorithms` named; no CSRF check" },
  "iron-session": { name: named("iron-session"), setup: "`secure` cookie; no CSRF check" },
  "secure-session": {
    name: named("@fastify/secure-session"),
    setup: "a generated key, `httpOnly` and `secure` cookie; no CSRF check",
  },
  "express-session-redis": {
    name: `${named("express-session")}, ${named("connect-redis")}`,
    setup: "`trust proxy`, `secure` cookie, `resave: false`, `saveUninitialized: false`; no CSRF check",
  },
  "express-session-mysql": {
    name: `${named("express-session")}, ${named("express-mysql-session")}`,
    setup: "the same; the store's own pool",
  },
  "better-auth": {
    name: named("better-auth"),
    setup: "`cookieCache` on; no CSRF check where an app asks for the session",
  },
};

const CONTENDERS: Readonly<Record<Framework, readonly Guard[]>> = {
  express: [
    "none",
    "floor",
    "repeated",
    "first-sight",
    "original",
    "jsonwebtoken",
    "iron-session",
    "express-session-redis",
    "express-session-mysql",
    "better-auth",
  ],
  fastify: ["none", "floor", "repeated", "first-sight", "fast-jwt", "secure-session"],
  node: ["none", "floor", "repeated", "first-sight", "original", "fast-jwt"],
};

export const contendersOf = (framework: Framework): readonly Contender[] =>
  CONTENDERS[framework].map((guard) => ({ framework, guard }));

/** The one route, behind sessions everywhere but at `none`. */
export const ROUTE = "/like";
/** `POST /sign-in?user=user-0001`. */
export const SIGN_IN = "/sign-in";
export const USER_PARAMETER = "user";
/** So that the answer of a server without sessions is as long as all others. */
export const NOBODY = "user-none";
