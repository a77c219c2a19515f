import type { HttpPolicy, Policy, SessionLimit, SigningAlgorithm } from "../policy.ts";
import { ROUTES, SUPERTOKENS_ROUTES } from "../../protocol.ts";
import { ConfigError, type ConfigFault } from "../errors.ts";
import { isBelow, isPlainPath } from "../options/base-path.ts";
import { isLocalOrigin, parseOrigin } from "../options/origin.ts";
import { type HostPrefix, readCookie } from "./cookie-policy.ts";
import type { SessionStore } from "../session/session-store.ts";
import type { Clock } from "../clock.ts";
import { readSection, type SectionReader } from "../options/config-reader.ts";

/** A config after checking: the policy, and the store where one is named. */
export interface ParsedConfig extends Policy {
  readonly store: SessionStore | undefined;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

interface Defaults {
  readonly accessValidity: number;
  readonly signing: SigningAlgorithm;
  readonly revocation: "off" | "store";
  readonly cacheSize: number;
  readonly renewTokenPath: string;
  readonly antiCsrf: boolean;
  readonly window: number;
  readonly onReuse: "revoke" | "report";
  readonly idleTimeout: number;
  readonly absoluteTimeout: number;
  readonly maxPerUser: number;
  readonly onMaxPerUser: "end-oldest" | "refuse";
  readonly rotateEvery: number;
  readonly publishAhead: number;
  readonly secure: boolean;
  readonly sameSite: "lax" | "strict" | "none";
  readonly hostPrefix: HostPrefix;
  readonly csrf: "enforce" | "report";
  readonly transports: readonly ("cookie" | "header")[];
}

const DEFAULTS: Defaults = {
  accessValidity: 15 * MINUTE,
  signing: "HS256",
  revocation: "off",
  cacheSize: 10_000,
  renewTokenPath: "/session/refresh",
  antiCsrf: true,
  window: 10_000,
  onReuse: "revoke",
  idleTimeout: 100 * DAY,
  absoluteTimeout: 365 * DAY,
  maxPerUser: 100,
  onMaxPerUser: "end-oldest",
  rotateEvery: 30 * DAY,
  publishAhead: 10 * MINUTE,
  secure: true,
  sameSite: "lax",
  hostPrefix: "auto",
  csrf: "enforce",
  transports: ["cookie", "header"],
};

/** NIST SP 800-63B-4, 2.2.3 and 2.3.3: overall and inactivity timeouts at AAL2 and AAL3. */
const PRESETS: Readonly<Record<"standard" | "strict", Partial<Defaults>>> = {
  standard: { idleTimeout: HOUR, absoluteTimeout: 24 * HOUR },
  strict: {
    idleTimeout: 15 * MINUTE,
    absoluteTimeout: 12 * HOUR,
    accessValidity: 5 * MINUTE,
    revocation: "store",
    hostPrefix: true,
    transports: ["cookie"],
  },
};

/** `blacklisting` is the name that the first SuperTokens library gave it. */
function readRevocation(access: SectionReader): "off" | "store" | undefined {
  const modes = ["off", "store"] as const;
  const notYet = { feed: 'is not in this version; write "store", which is immediate, or "off"' };
  const revocation = access.choice("revocation", modes, notYet);
  const blacklisting = access.choice("blacklisting", modes, notYet, { true: "store", false: "off" });
  if (revocation !== undefined && blacklisting !== undefined && revocation !== blacklisting)
    access.fault(
      "blacklisting",
      "CONTRADICTION",
      "is the same thing as tokens.accessToken.revocation, and the two differ; leave it out",
    );
  return revocation ?? blacklisting;
}

const MIN_SECRET = 32;

/** Checks a config and fills in the defaults. @throws ConfigError with all faults at once */
export function parseConfig(config: unknown): ParsedConfig {
  const faults: ConfigFault[] = [];
  const root = readSection(config ?? {}, "", faults);
  const preset = root.choice("preset", ["standard", "strict"]);
  const defaults: Defaults = { ...DEFAULTS, ...(preset === undefined ? {} : PRESETS[preset]) };

  const tokens = root.section("tokens");
  const access = tokens.section("accessToken");
  const refresh = tokens.section("refreshToken");
  const rotation = root.section("rotation");
  const session = root.section("session");
  const keys = root.section("keys");

  const hasValidity = refresh.duration("validity", "1s", "400d");
  const hasIdle = session.duration("idleTimeout", "1s", "400d");
  if (hasValidity !== undefined && hasIdle !== undefined && hasValidity !== hasIdle) {
    session.fault(
      "idleTimeout",
      "CONTRADICTION",
      "is the same thing as tokens.refreshToken.validity, and the two differ; name one",
    );
  }
  const idleTimeout = hasIdle ?? hasValidity ?? defaults.idleTimeout;
  const accessValidity = access.duration("validity", "1s", "1d") ?? defaults.accessValidity;
  if (accessValidity > idleTimeout) {
    access.fault(
      "validity",
      "CONTRADICTION",
      `is longer than the session lives without a refresh; write less than ${idleTimeout / 1000} s, or raise session.idleTimeout`,
    );
  }
  const absoluteTimeout = session.duration("absoluteTimeout", "1s", "3650d") ?? defaults.absoluteTimeout;
  if (accessValidity > absoluteTimeout) {
    session.fault(
      "absoluteTimeout",
      "CONTRADICTION",
      `is shorter than an access token lives; write ${accessValidity / 1000} s or more, or lower tokens.accessToken.validity`,
    );
  }

  const http = readHttp(root.section("http"), defaults);
  const clock = root.value("clock", "a function that returns ms since the epoch", isClock);

  const policy: ParsedConfig = {
    store: root.value("store", "a store, for instance sqlite({ path }) from counterfoil/sqlite", isStore),
    secrets: readSecrets(root),
    clock: clock ?? Date.now,
    accessToken: {
      validity: accessValidity,
      signing: access.choice("signing", ["HS256", "EdDSA", "ES256"]) ?? defaults.signing,
      revocation: readRevocation(access) ?? defaults.revocation,
      issuer: access.text("issuer", refuseEmpty),
      audience: access.text("audience", refuseEmpty),
      cacheSize: access.count("cacheSize", 0, 10_000_000) ?? defaults.cacheSize,
    },
    antiCsrf: tokens.flag("enableAntiCsrf") ?? defaults.antiCsrf,
    rotation: {
      window: rotation.duration("window", "0s", "5m") ?? defaults.window,
      onReuse: rotation.choice("onReuse", ["revoke", "report"]) ?? defaults.onReuse,
      // A clock of the app's counts for all times.
      clock: rotation.choice("clock", ["store", "process"]) ?? (clock === undefined ? "store" : "process"),
    },
    idleTimeout,
    absoluteTimeout,
    limit: readLimit(session, defaults),
    keys: {
      rotateEvery: keys.duration("rotateEvery", "1h", "400d") ?? defaults.rotateEvery,
      publishAhead: keys.duration("publishAhead", "10s", "1d") ?? defaults.publishAhead,
    },
    cookie: readCookie(root.section("cookie"), refresh, http.supertokens ? forSupertokens(defaults) : defaults, {
      publicOrigin: http.publicOrigin,
      basePath: http.basePath,
      hasCookies: http.transports.has("cookie"),
      refusePath,
    }),
    http,
  };
  checkOriginAgainstCookies(root, policy);
  checkBasePath(root, policy);
  if (policy.keys.publishAhead * 2 > policy.keys.rotateEvery) {
    keys.fault("publishAhead", "CONTRADICTION", "is more than half of keys.rotateEvery; write less");
  }
  root.finish();
  if (faults.length > 0) throw new ConfigError(faults);
  return Object.freeze(policy);
}

/**
 * Its clients derive the path of the refresh route from their own; `strict` is the app's word and
 * holds.
 */
const forSupertokens = (defaults: Defaults): Defaults => ({
  ...defaults,
  renewTokenPath: SUPERTOKENS_ROUTES.base + SUPERTOKENS_ROUTES.refresh,
  hostPrefix: defaults.hostPrefix === "auto" ? false : defaults.hostPrefix,
});

/** A user who had more sessions before there was a limit loses this many with each sign-in. */
const TRIMMED_AT_ONCE = 100;

/** What the config names is exact; the default costs no lock, so it is not. */
function readLimit(session: SectionReader, defaults: Defaults): SessionLimit | undefined {
  const max = session.countOrOff("maxPerUser", 1, 10_000);
  const onLimit = session.choice("onMaxPerUser", ["end-oldest", "refuse"]);
  if (max === false) {
    if (onLimit !== undefined) {
      session.fault(
        "onMaxPerUser",
        "CONTRADICTION",
        "does nothing where session.maxPerUser is false; name a number there, or leave this out",
      );
    }
    return undefined;
  }
  if (max === undefined && onLimit === undefined)
    return { max: defaults.maxPerUser, onLimit: "trim", atOnce: TRIMMED_AT_ONCE };
  return { max: max ?? defaults.maxPerUser, onLimit: onLimit ?? defaults.onMaxPerUser };
}

function readSecrets(root: SectionReader): readonly [string, ...string[]] | undefined {
  const isSecrets = (value: unknown): value is string | readonly string[] =>
    typeof value === "string" || (Array.isArray(value) && value.every((item) => typeof item === "string"));
  const given = root.value("secret", "a string, or a list of strings with the current one first", isSecrets);
  if (given === undefined) return undefined;
  const [first, ...others] = typeof given === "string" ? [given] : given;
  if (first === undefined) {
    root.fault("secret", "MISSING", "the list is empty; write at least the current secret");
    return undefined;
  }
  for (const [index, secret] of [first, ...others].entries()) {
    if (secret.length >= MIN_SECRET) continue;
    const path = typeof given === "string" ? "secret" : `secret[${index}]`;
    root.fault(
      path,
      "UNSAFE",
      `has ${secret.length} characters; write at least ${MIN_SECRET}, for instance from: openssl rand -base64 32`,
    );
  }
  return [first, ...others];
}

/** Cookies that browsers would drop, or send in the clear, at the origin that they will see. */
function checkOriginAgainstCookies(root: SectionReader, { http, cookie }: Policy): void {
  if (http.publicOrigin === undefined || !http.transports.has("cookie")) return;
  const { protocol, hostname } = new URL(http.publicOrigin);
  if (protocol === "https:" && !cookie.secure) {
    root.fault(
      "cookie.secure",
      "UNSAFE",
      "is false although http.publicOrigin is https, so that the tokens would also travel in the clear; write true or leave it out",
    );
  }
  if (protocol === "http:" && cookie.secure && !isLocalOrigin(http.publicOrigin)) {
    root.fault(
      "cookie.secure",
      "CONTRADICTION",
      "is true, and browsers drop such cookies from an http.publicOrigin over http; write an https origin",
    );
  }
  if (cookie.domain !== undefined && hostname !== cookie.domain && !hostname.endsWith(`.${cookie.domain}`)) {
    root.fault(
      "cookie.domain",
      "CONTRADICTION",
      "does not belong to http.publicOrigin, so browsers drop the cookies; write the origin's own domain or a parent of it",
    );
  }
}

/**
 * A base path with which a session route begins as well: a path could then mean two routes, since
 * they are found with it and without.
 */
function checkBasePath(root: SectionReader, { http: { basePath }, cookie: { renewTokenPath } }: Policy): void {
  if (basePath === "") return;
  const fault = (message: string): void => root.fault("http.basePath", "CONTRADICTION", message);
  if (isBelow(renewTokenPath, basePath)) {
    const rest = renewTokenPath.slice(basePath.length) || DEFAULTS.renewTokenPath;
    fault(
      `stands before tokens.refreshToken.renewTokenPath, which is "${renewTokenPath}" and begins with it already; leave basePath out, or write renewTokenPath: "${rest}"`,
    );
    return;
  }
  const route = FIXED_PATHS.find((path) => isBelow(path, basePath));
  if (route !== undefined)
    fault(`is also the beginning of "${route}", the path of a session route; serve the app below another path`);
}

const isDevelopment = (publicOrigin: string | undefined): boolean =>
  ["development", "test"].includes(process.env["NODE_ENV"] ?? "") ||
  (publicOrigin !== undefined && isLocalOrigin(publicOrigin));

function readHttp(http: SectionReader, defaults: Defaults): HttpPolicy {
  const origins = http.texts("trustedOrigins", refuseOrigin) ?? [];
  const dialects = http.value(
    "dialects",
    'a list with "counterfoil" and, for SuperTokens clients, "supertokens"',
    isDialects,
  );
  const supertokens = dialects?.includes("supertokens") ?? false;
  const transports = http.value("transports", 'a list of "cookie" and "header", with at least one', isTransports);
  const preferCookies = http.flag("preferCookies") ?? false;
  if (preferCookies && transports?.includes("cookie") === false) {
    http.fault(
      "preferCookies",
      "CONTRADICTION",
      'does nothing where http.transports is ["header"], since no cookie is read; leave it out, or add "cookie" to http.transports',
    );
  }
  const given = http.text("publicOrigin", refuseOrigin);
  const publicOrigin = given === undefined ? undefined : parseOrigin(given);
  return {
    publicOrigin,
    basePath: http.text("basePath", refuseBasePath) ?? "",
    trustedOrigins: new Set(origins.flatMap((origin) => parseOrigin(origin) ?? [])),
    csrf: http.choice("csrf", ["enforce", "report"]) ?? defaults.csrf,
    diagnostics: http.flag("diagnostics") ?? isDevelopment(publicOrigin),
    supertokens,
    sessionExpiredStatus: http.value("sessionExpiredStatus", "401 or 440", isExpiredStatus) ?? 401,
    preferCookies,
    cacheHeaders: http.flag("cacheHeaders") ?? true,
    transports: new Set(transports ?? defaults.transports),
    headersForBrowsers: transports !== undefined || supertokens,
  };
}

const isStore = (value: unknown): value is SessionStore =>
  typeof value === "object" && value !== null && "commitRefresh" in value && typeof value.commitRefresh === "function";

const isClock = (value: unknown): value is Clock => typeof value === "function";

const DIALECTS: readonly unknown[] = ["counterfoil", "supertokens"];

const isDialects = (value: unknown): value is readonly ("counterfoil" | "supertokens")[] =>
  Array.isArray(value) &&
  value.includes("counterfoil") &&
  value.every((dialect) => DIALECTS.includes(dialect)) &&
  new Set(value).size === value.length;

const isTransports = (value: unknown): value is readonly ("cookie" | "header")[] =>
  Array.isArray(value) &&
  value.length > 0 &&
  value.every((kind) => kind === "cookie" || kind === "header") &&
  new Set(value).size === value.length;

const isExpiredStatus = (value: unknown): value is 401 | 440 => value === 401 || value === 440;

const refuseEmpty = (value: string): string | undefined =>
  value === "" ? "is empty; write a name or leave it out" : undefined;

const refuseOrigin = (value: string): string | undefined =>
  parseOrigin(value) === undefined
    ? 'is not an origin; write scheme, host and port only, for instance "https://app.example.com"; a path belongs into http.basePath'
    : undefined;

const FIXED_PATHS: readonly string[] = Object.values(ROUTES);

function refusePath(value: string): string | undefined {
  if (!isPlainPath(value)) {
    return 'is not a plain path; write one that begins with "/", for instance "/session/refresh"';
  }
  return FIXED_PATHS.includes(value) ? "is the path of another session route; write a path of its own" : undefined;
}

const refuseBasePath = (value: string): string | undefined =>
  isPlainPath(value)
    ? undefined
    : 'is not a plain path; write one that begins with "/" and does not end with it, for instance "/shop", or leave it out';
