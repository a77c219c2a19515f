import type { Locate, Policy, SessionLimit } from "../policy.ts";
import { readWhole, type SectionReader } from "../options/config-reader.ts";
import { readOptions } from "../options/option-table.ts";
import type { SessionStore } from "../session/session-store.ts";
import type { Clock } from "../clock.ts";
import { type ConfigOptions, OPTIONS, PRESETS } from "./config-options.ts";
import { readCookie } from "./cookie-policy.ts";
import { readHttp } from "./http-policy.ts";
import { RULES } from "./option-rules.ts";
import { checkBasePath, checkOriginAgainstCookies } from "./public-address.ts";

/** A config after checking: the policy, and the store where one is named. */
export interface ParsedConfig extends Policy {
  readonly store: SessionStore | undefined;
}

const MIN_SECRET = 32;

/** Checks a config and fills in the defaults. @throws ConfigError with all faults at once */
export function parseConfig(config: unknown): ParsedConfig {
  return Object.freeze(readWhole(config ?? {}, "", readPolicy));
}

function readPolicy(root: SectionReader): ParsedConfig {
  const options = readOptions(root, OPTIONS, RULES, (given) => {
    const preset = given("preset");
    return preset === undefined ? {} : PRESETS[preset];
  });
  const { given, value } = options;

  const http = readHttp(options);
  const clock = root.value("clock", "a function that returns ms since the epoch", isClock);
  const policy: ParsedConfig = {
    store: root.value("store", "a store, for instance sqlite({ path }) from counterfoil/sqlite", isStore),
    secrets: readSecrets(root),
    clock: clock ?? Date.now,
    accessToken: {
      validity: value("tokens.accessToken.validity"),
      signing: value("tokens.accessToken.signing"),
      revocation: readRevocation(options),
      feed: {
        bound: value("tokens.accessToken.feed.bound"),
        onLag: value("tokens.accessToken.feed.onLag"),
        listen: value("tokens.accessToken.feed.listen"),
      },
      issuer: value("tokens.accessToken.issuer"),
      audience: value("tokens.accessToken.audience"),
      cacheSize: value("tokens.accessToken.cacheSize"),
    },
    antiCsrf: value("tokens.enableAntiCsrf"),
    rotation: {
      window: value("rotation.window"),
      onReuse: value("rotation.onReuse"),
      // A clock of the app's counts for all times.
      clock: given("rotation.clock") ?? (clock === undefined ? options.fallback("rotation.clock") : "process"),
    },
    idleTimeout: readIdleTimeout(options),
    absoluteTimeout: value("session.absoluteTimeout"),
    actorTimeout: value("session.actorTimeout"),
    deviceRetention: readDeviceRetention(options),
    locate: given("session.locate") as Locate | undefined,
    limit: readLimit(options),
    persistent: value("session.persistent"),
    auditRetention: given("audit.retention"),
    keys: { rotateEvery: value("keys.rotateEvery"), publishAhead: value("keys.publishAhead") },
    cookie: readCookie(options, http),
    http,
  };
  checkTimes(options, policy);
  checkOriginAgainstCookies(options, policy);
  checkBasePath(options, policy);
  return policy;
}

/** `blacklisting` is the name that the first SuperTokens library gave it. */
function readRevocation({ given, fallback, fault }: ConfigOptions): Policy["accessToken"]["revocation"] {
  const revocation = given("tokens.accessToken.revocation");
  const blacklisting = given("tokens.accessToken.blacklisting");
  if (revocation !== undefined && blacklisting !== undefined && revocation !== blacklisting)
    fault(
      "tokens.accessToken.blacklisting",
      "CONTRADICTION",
      "is the same thing as tokens.accessToken.revocation, and the two differ; leave it out",
    );
  return revocation ?? blacklisting ?? fallback("tokens.accessToken.revocation");
}

/** `tokens.refreshToken.validity` is the name that the first SuperTokens library gave it. */
function readIdleTimeout({ given, fallback, fault }: ConfigOptions): number {
  const validity = given("tokens.refreshToken.validity");
  const idleTimeout = given("session.idleTimeout");
  if (validity !== undefined && idleTimeout !== undefined && validity !== idleTimeout) {
    fault(
      "session.idleTimeout",
      "CONTRADICTION",
      "is the same thing as tokens.refreshToken.validity, and the two differ; name one",
    );
  }
  return idleTimeout ?? validity ?? fallback("session.idleTimeout");
}

function readDeviceRetention({ given, value, fault }: ConfigOptions): number | undefined {
  if (value("session.knownDevices")) return value("session.deviceRetention");
  if (given("session.deviceRetention") !== undefined)
    fault(
      "session.deviceRetention",
      "CONTRADICTION",
      "does nothing where session.knownDevices is false; write session.knownDevices: true, or leave this out",
    );
  return undefined;
}

function checkTimes({ fault }: ConfigOptions, { accessToken, idleTimeout, absoluteTimeout, keys }: Policy): void {
  if (accessToken.validity > idleTimeout) {
    fault(
      "tokens.accessToken.validity",
      "CONTRADICTION",
      `is longer than the session lives without a refresh; write less than ${idleTimeout / 1000} s, or raise session.idleTimeout`,
    );
  }
  if (accessToken.validity > absoluteTimeout) {
    fault(
      "session.absoluteTimeout",
      "CONTRADICTION",
      `is shorter than an access token lives; write ${accessToken.validity / 1000} s or more, or lower tokens.accessToken.validity`,
    );
  }
  if (keys.publishAhead * 2 > keys.rotateEvery) {
    fault("keys.publishAhead", "CONTRADICTION", "is more than half of keys.rotateEvery; write less");
  }
}

/** A user who had more sessions before there was a limit loses this many with each sign-in. */
const TRIMMED_AT_ONCE = 100;

/** What the config names is exact; the default costs no lock, so it is not. */
function readLimit({ given, value, fallback, fault }: ConfigOptions): SessionLimit | undefined {
  const max = given("session.maxPerUser");
  const onLimit = given("session.onMaxPerUser");
  if (max === false) {
    if (onLimit !== undefined) {
      fault(
        "session.onMaxPerUser",
        "CONTRADICTION",
        "does nothing where session.maxPerUser is false; name a number there, or leave this out",
      );
    }
    return undefined;
  }
  const most = max ?? fallback("session.maxPerUser");
  if (max === undefined && onLimit === undefined) return { max: most, onLimit: "trim", atOnce: TRIMMED_AT_ONCE };
  return { max: most, onLimit: value("session.onMaxPerUser") };
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

const isStore = (value: unknown): value is SessionStore =>
  typeof value === "object" && value !== null && "commitRefresh" in value && typeof value.commitRefresh === "function";

const isClock = (value: unknown): value is Clock => typeof value === "function";
