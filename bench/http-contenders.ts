export const FRAMEWORKS = ["express", "fastify", "node"] as const;
export type Framework = (typeof FRAMEWORKS)[number];

/** `first-sight`: each token is verified as if it had never been seen. `original`: supertokens-node-mysql-ref-jwt. */
export type Guard = "none" | "repeated" | "first-sight" | "original" | "express-session" | "better-auth" | "fast-jwt";

/** A server that answers one route, and what lets requests through to it. */
export interface Contender {
  readonly framework: Framework;
  readonly guard: Guard;
  /** Whether it demands an anti-CSRF token beside the cookie. */
  readonly antiCsrf: boolean;
}

/** Servers that some of them need. */
export interface Backends {
  readonly mysql: {
    readonly host: string;
    readonly port: number;
    readonly user: string;
    readonly password: string;
    readonly database: string;
  };
  readonly redisUrl: string;
}

/** What a server process is started with. */
export interface ServerOrder extends Pick<Contender, "framework" | "guard"> {
  readonly backends: Backends;
}

export const FRAMEWORK_NAMES: Readonly<Record<Framework, string>> = {
  express: "Express 5",
  fastify: "Fastify 5",
  node: "node:http",
};

export const GUARD_NAMES: Readonly<Record<Guard, string>> = {
  none: "none",
  repeated: "counterfoil, token seen before",
  "first-sight": "counterfoil, first sight",
  original: "supertokens-node-mysql-ref-jwt",
  "express-session": "express-session, Redis",
  "better-auth": "better-auth, cookie cache",
  "fast-jwt": "fast-jwt with its cache",
};

const ANTI_CSRF: ReadonlySet<Guard> = new Set(["repeated", "first-sight", "original"]);

const GUARDS: Readonly<Record<Framework, readonly Guard[]>> = {
  express: ["none", "repeated", "first-sight", "original", "express-session", "better-auth"],
  fastify: ["none", "repeated", "first-sight"],
  node: ["none", "repeated", "first-sight", "original", "fast-jwt"],
};

export const contendersOf = (framework: Framework): readonly Contender[] =>
  GUARDS[framework].map((guard) => ({ framework, guard, antiCsrf: ANTI_CSRF.has(guard) }));

/** The one route, behind sessions everywhere but at `none`. */
export const ROUTE = "/like";
/** `POST /sign-in?user=user-0001`. */
export const SIGN_IN = "/sign-in";
export const USER_PARAMETER = "user";
/** So that the answer of a server without sessions is as long as all others. */
export const NOBODY = "user-none";
