import * as fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type CounterfoilConfig, createSessions } from "../../index.ts";
import { memory } from "../../memory.ts";
import { ConfigError, type ConfigFault } from "../errors.ts";
import { type CookieNames, cookieNames } from "../cookie-names.ts";
import { parseDuration } from "../options/duration.ts";
import { type ParsedConfig, parseConfig } from "./parse-config.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const SECRET = "a secret for tests, of 32 characters and more";

const ACCESS = { validity: 15 * MINUTE, signing: "HS256", revocation: "off", cacheSize: 10_000 } as const;
const PLAIN = cookieNames("none");
const ROOT = cookieNames("root");
const ALL = cookieNames("all");
const refreshAt = (path: string): object => ({ renewTokenPath: path, refreshPath: path });
const ROUTE = { renewTokenPath: "/session/refresh", refreshPath: "/session/refresh" } as const;
const COOKIE = { secure: true, sameSite: "lax", names: ROOT, ...ROUTE } as const;
const DEFAULTS: ParsedConfig = {
  store: undefined,
  secrets: undefined,
  clock: Date.now,
  accessToken: { ...ACCESS, issuer: undefined, audience: undefined },
  antiCsrf: true,
  rotation: { window: 10_000, onReuse: "revoke", clock: "store" },
  idleTimeout: 100 * DAY,
  absoluteTimeout: 365 * DAY,
  limit: { max: 100, onLimit: "trim", atOnce: 100 },
  keys: { rotateEvery: 30 * DAY, publishAhead: 10 * MINUTE },
  cookie: { ...COOKIE, domain: undefined },
  http: {
    publicOrigin: undefined,
    basePath: "",
    trustedOrigins: new Set(),
    csrf: "enforce",
    diagnostics: false,
    supertokens: false,
    sessionExpiredStatus: 401,
    preferCookies: false,
    cacheHeaders: true,
    transports: new Set(["cookie", "header"]),
    headersForBrowsers: false,
  },
};

/** `{ a: { b: value } }` for the path `a.b`. */
const at = (path: string, value: unknown): object =>
  path.split(".").reduceRight<unknown>((inner, name) => ({ [name]: inner }), value) as object;

function faultsOf(config: unknown): readonly ConfigFault[] {
  try {
    parseConfig(config);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

beforeEach(() => void vi.stubEnv("NODE_ENV", "production"));
afterEach(() => void vi.unstubAllEnvs());

test("an empty config gives the documented defaults, frozen", () => {
  for (const config of [{}, undefined, { secret: process.env["COUNTERFOIL_SECRET"] } satisfies CounterfoilConfig]) {
    expect(parseConfig(config)).toEqual(DEFAULTS);
  }
  expect(Object.isFrozen(parseConfig({}))).toBe(true);
  vi.stubEnv("NODE_ENV", "development");
  expect(parseConfig({}).http.diagnostics).toBe(true);
});

const NIST_AAL3 = { idleTimeout: 15 * MINUTE, absoluteTimeout: 12 * HOUR };
const STRICT_ACCESS = { ...DEFAULTS.accessToken, validity: 5 * MINUTE, revocation: "store" };
test.each([
  ["standard", { idleTimeout: HOUR, absoluteTimeout: DAY }],
  [
    "strict",
    {
      ...NIST_AAL3,
      accessToken: STRICT_ACCESS,
      cookie: { ...DEFAULTS.cookie, names: ALL },
      http: { ...DEFAULTS.http, transports: new Set(["cookie"]) },
    },
  ],
])("the preset %s changes what it says and no more, and options beside it win", (preset, part) => {
  expect(parseConfig({ preset })).toEqual({ ...DEFAULTS, ...part });
  const tokens = { accessToken: { validity: "15m", revocation: "off" } };
  const session = { idleTimeout: "100d", absoluteTimeout: "365d" };
  const http = { transports: ["header", "cookie"] };
  expect(parseConfig({ preset, tokens, session, http, cookie: { hostPrefix: "auto" } })).toEqual({
    ...DEFAULTS,
    http: { ...DEFAULTS.http, headersForBrowsers: true },
  });
});

/** A limit that is named has no part of the default one. */
const exactly = (max: number, onLimit: string): object => ({ max, onLimit, atOnce: undefined });

const store = memory();
const clock = (): number => 0;
const LOCAL = "http://localhost:3000";
/**
 * Option, value, and how the policy then differs from the defaults; an object is merged into the
 * default of its part.
 */
const ACCEPTED: readonly (readonly [
  option: string,
  value: unknown,
  policyPart: keyof ParsedConfig,
  difference: unknown,
])[] = [
  ["store", store, "store", store],
  ["rotation.clock", "process", "rotation", { clock: "process" }],
  ["rotation.clock", "store", "rotation", { clock: "store" }],
  ["secret", SECRET, "secrets", [SECRET]],
  ["secret", [SECRET, "x".repeat(32)], "secrets", [SECRET, "x".repeat(32)]],
  ["tokens.accessToken.validity", "1s", "accessToken", { validity: 1000 }],
  ["tokens.accessToken.validity", "1d", "accessToken", { validity: DAY }],
  ["tokens.accessToken.signing", "EdDSA", "accessToken", { signing: "EdDSA" }],
  ["tokens.accessToken.signing", "ES256", "accessToken", { signing: "ES256" }],
  ["tokens.accessToken.revocation", "store", "accessToken", { revocation: "store" }],
  ["tokens.accessToken.blacklisting", "store", "accessToken", { revocation: "store" }],
  ["tokens.accessToken.blacklisting", true, "accessToken", { revocation: "store" }],
  ["tokens.accessToken.blacklisting", false, "accessToken", { revocation: "off" }],
  ["tokens.accessToken.issuer", "us", "accessToken", { issuer: "us" }],
  ["tokens.accessToken.audience", "them", "accessToken", { audience: "them" }],
  ["tokens.accessToken.cacheSize", 0, "accessToken", { cacheSize: 0 }],
  ["tokens.enableAntiCsrf", false, "antiCsrf", false],
  ["tokens.refreshToken.validity", "400d", "idleTimeout", 400 * DAY],
  ["tokens.refreshToken.renewTokenPath", "/r", "cookie", { renewTokenPath: "/r", refreshPath: "/r" }],
  ["rotation.window", "0s", "rotation", { window: 0 }],
  ["rotation.window", "5m", "rotation", { window: 5 * MINUTE }],
  ["rotation.window", "250ms", "rotation", { window: 250 }],
  ["rotation.onReuse", "report", "rotation", { onReuse: "report" }],
  ["session.idleTimeout", "2w", "idleTimeout", 14 * DAY],
  ["session.absoluteTimeout", "3650d", "absoluteTimeout", 3650 * DAY],
  ["session.maxPerUser", 1, "limit", exactly(1, "end-oldest")],
  ["session.maxPerUser", 100, "limit", exactly(100, "end-oldest")],
  ["session.onMaxPerUser", "refuse", "limit", exactly(100, "refuse")],
  ["session.onMaxPerUser", "end-oldest", "limit", exactly(100, "end-oldest")],
  ["session", { maxPerUser: 10_000, onMaxPerUser: "refuse" }, "limit", exactly(10_000, "refuse")],
  ["keys", { rotateEvery: "1h", publishAhead: "30m" }, "keys", { rotateEvery: HOUR, publishAhead: 30 * MINUTE }],
  ["cookie.domain", "example.com", "cookie", { domain: "example.com", names: PLAIN }],
  ["cookie.secure", false, "cookie", { secure: false, names: PLAIN }],
  ["cookie.sameSite", "none", "cookie", { sameSite: "none" }],
  ["cookie.hostPrefix", "auto", "cookie", { names: ROOT }],
  ["cookie.hostPrefix", true, "cookie", { names: ALL }],
  ["cookie.hostPrefix", false, "cookie", { names: PLAIN }],
  ["cookie.prefix", "shop_", "cookie", { names: cookieNames("root", "shop_") }],
  ["cookie.prefix", "A", "cookie", { names: cookieNames("root", "A") }],
  ["http.publicOrigin", "https://example.com/", "http", { publicOrigin: "https://example.com" }],
  ["http.trustedOrigins", [LOCAL, "https://b.c"], "http", { trustedOrigins: new Set([LOCAL, "https://b.c"]) }],
  ["http.csrf", "report", "http", { csrf: "report" }],
  ["http.dialects", ["counterfoil"], "http", {}],
  ["http.diagnostics", true, "http", { diagnostics: true }],
  ["http.sessionExpiredStatus", 440, "http", { sessionExpiredStatus: 440 }],
  ["http.preferCookies", true, "http", { preferCookies: true }],
  ["http.cacheHeaders", false, "http", { cacheHeaders: false }],
  ["http.transports", ["header"], "http", { transports: new Set(["header"]), headersForBrowsers: true }],
];

test("the SuperTokens dialect moves the refresh route to where its clients look for it, unless the config says otherwise", () => {
  const config = { http: { dialects: ["counterfoil", "supertokens"] } };
  const http = { ...DEFAULTS.http, supertokens: true, headersForBrowsers: true };
  const cookie = { ...DEFAULTS.cookie, names: PLAIN, ...refreshAt("/auth/session/refresh") };
  expect(parseConfig(config)).toEqual({ ...DEFAULTS, http, cookie });
  const tokens = { refreshToken: { renewTokenPath: "/session/refresh" } };
  expect(parseConfig({ ...config, tokens })).toEqual({
    ...DEFAULTS,
    http,
    cookie: { ...DEFAULTS.cookie, names: PLAIN },
  });
});

test("the base path stands before the path of the refresh cookie, and is no part of the app's own route", () => {
  const { cookie, http } = DEFAULTS;
  const moved = { ...cookie, refreshPath: "/shop/session/refresh" };
  expect(parseConfig({ http: { basePath: "/shop" } })).toEqual({
    ...DEFAULTS,
    cookie: moved,
    http: { ...http, basePath: "/shop" },
  });
});

test.each([
  ["auto", "__Host-shop_sAccessToken", "shop_sRefreshToken", "__Host-shop_sIdRefreshToken"],
  [true, "__Host-shop_sAccessToken", "__Host-shop_sRefreshToken", "__Host-shop_sIdRefreshToken"],
  [false, "shop_sAccessToken", "shop_sRefreshToken", "shop_sIdRefreshToken"],
])("with hostPrefix %s the prefix stands before the plain names, and __Host- before it", (hostPrefix, ...names) => {
  const policy = parseConfig({ cookie: { hostPrefix, prefix: "shop_" } });
  const { access, refresh, marker } = policy.cookie.names;
  expect([access, refresh, marker]).toEqual(names);
});

test("maxPerUser: false is no limit", () => {
  expect(parseConfig({ session: { maxPerUser: false } })).toEqual({ ...DEFAULTS, limit: undefined });
});

const SUPERTOKENS = { dialects: ["counterfoil", "supertokens"] };
test.each<[name: string, config: { readonly cookie?: object; readonly http?: object }, names: CookieNames]>([
  ["the default", {}, ROOT],
  ["an https origin", { http: { publicOrigin: "https://a.example" } }, ROOT],
  ["an http origin", { http: { publicOrigin: LOCAL } }, PLAIN],
  ["no secure", { cookie: { secure: false } }, PLAIN],
  ["a domain", { cookie: { domain: "a.example" } }, PLAIN],
  ["a refresh route elsewhere", at("tokens.refreshToken.renewTokenPath", "/r"), ROOT],
  ["SuperTokens clients", { http: SUPERTOKENS }, ROOT],
])('hostPrefix "auto" with %s', (_name, config, names) => {
  const cookie = { ...config.cookie, hostPrefix: "auto" };
  expect(parseConfig({ ...config, cookie }).cookie.names).toEqual(names);
});

test.each([
  ["SuperTokens clients", { http: SUPERTOKENS }, PLAIN],
  ["SuperTokens clients and true", { http: SUPERTOKENS, cookie: { hostPrefix: true } }, ALL],
  ["SuperTokens clients and strict", { http: SUPERTOKENS, preset: "strict" }, ALL],
  ["strict, a domain and false", { preset: "strict", cookie: { domain: "a.example", hostPrefix: false } }, PLAIN],
])("with %s the names are as documented", (_name, config, names) => {
  expect(parseConfig(config).cookie.names).toEqual(names);
});

test("clock is the time of rotation, too, unless the config says otherwise", () => {
  const rotation = { ...DEFAULTS.rotation, clock: "process" };
  expect(parseConfig({ clock })).toEqual({ ...DEFAULTS, clock, rotation });
  expect(parseConfig({ clock, rotation: { clock: "store" } })).toEqual({ ...DEFAULTS, clock });
});

test.each(ACCEPTED)("%s takes %j and changes nothing else", (option, value, policyPart, difference) => {
  const before = DEFAULTS[policyPart];
  const isMerged = typeof before === "object" && typeof difference === "object";
  const part: unknown = isMerged ? Object.assign({}, before, difference) : difference;
  expect(parseConfig(at(option, value))).toEqual({ ...DEFAULTS, [policyPart]: part });
});

const DURATIONS: Record<string, readonly string[]> = {
  "tokens.accessToken.validity": ["0s", "999ms", "25h"],
  "tokens.refreshToken.validity": ["999ms", "401d"],
  "session.idleTimeout": ["0m", "9601h"],
  "session.absoluteTimeout": ["0d", "3651d"],
  "rotation.window": ["301s", "999999999w"],
  "keys.rotateEvery": ["59m", "401d"],
  "keys.publishAhead": ["25h"],
};
const NAMES = ["tokens.accessToken.issuer", "tokens.accessToken.audience"];
const TEXTS = [
  ...NAMES,
  "cookie.domain",
  "http.publicOrigin",
  "http.basePath",
  "cookie.prefix",
  "tokens.refreshToken.renewTokenPath",
];
const FLAGS = ["tokens.enableAntiCsrf", "cookie.secure", "http.diagnostics"];
const SECTIONS = [
  "tokens",
  "tokens.accessToken",
  "tokens.refreshToken",
  "rotation",
  "session",
  "keys",
  "cookie",
  "http",
];
const NO_DURATION = [
  15,
  "15",
  "15 m",
  "m",
  "-1m",
  "1.5h",
  "1M",
  "1y",
  "",
  " 1m",
  "1m\n",
  "١m",
  "9999999999s",
  null,
  {},
];
const NO_CHOICE = ["", "Lax", "none ", "RS256", 0, null, true, [], {}];
const NO_PATH = ["", "refresh", "/a;b", "/a b", "/a?b", "/a%20", "/é", "https://x/", `/${"a".repeat(200)}`, "/a\n"];
const NO_PREFIX = ["", "_a", "-a", "__Host-", "a b", "a=", "a;", "a.b", "ä", "a\n", "a".repeat(33)];
const NO_DOMAIN = ["", ".a.b", "A.b", "a.b.", "https://a.b", "a.b:80", "a..b", "[::1]", "*.a.b", "ä.b", "a;b", "a.b\n"];
const SUFFIXES = ["com", "co.uk", "github.io", "ck", "any.ck", "foo.kawasaki.jp", "xn--55qx5d.cn", "localhost", "foo"];
const NO_ORIGIN = [
  "",
  "*",
  "null",
  "a.b",
  "https://a.b/c",
  "https://u@a.b",
  "https://a.b?",
  "ftp://a.b",
  "HTTPS://a.b",
];

type Refusal = readonly [
  options: readonly string[],
  code: ConfigFault["code"],
  says: RegExp,
  values: readonly unknown[],
];
const DURATION_REFUSALS = Object.entries(DURATIONS).flatMap(([option, outside]): Refusal[] => [
  [[option], "OUT_OF_RANGE", /^write a duration from "\w+" to "\w+", not "\w+"$/, outside],
  [[option], "WRONG_TYPE", /^write a string of a whole number and a unit, as in "15m"/, NO_DURATION],
]);
const REFUSED: readonly Refusal[] = [
  ...DURATION_REFUSALS,
  [["preset"], "WRONG_TYPE", /^write "standard" or "strict", not /, NO_CHOICE],
  [["tokens.accessToken.signing"], "WRONG_TYPE", /^write "HS256" or "EdDSA" or "ES256", not /, NO_CHOICE],
  [["tokens.accessToken.revocation"], "WRONG_TYPE", /^write "off" or "store", not /, NO_CHOICE],
  [
    ["tokens.accessToken.blacklisting"],
    "WRONG_TYPE",
    /^write "off" or "store", not /,
    NO_CHOICE.filter((value) => value !== true),
  ],
  [["rotation.onReuse"], "WRONG_TYPE", /^write "revoke" or "report", not /, NO_CHOICE],
  [["session.onMaxPerUser"], "WRONG_TYPE", /^write "end-oldest" or "refuse", not /, NO_CHOICE],
  [["cookie.hostPrefix"], "WRONG_TYPE", /^write "auto", true or false, not /, ["true", "", 0, 1, null, []]],
  [["cookie.sameSite"], "WRONG_TYPE", /^write "lax" or "strict" or "none", not /, NO_CHOICE],
  [["http.csrf"], "WRONG_TYPE", /^write "enforce" or "report", not /, NO_CHOICE],
  [FLAGS, "WRONG_TYPE", /^write true or false, not /, ["true", 0, 1, null, "", []]],
  [
    ["session.maxPerUser"],
    "WRONG_TYPE",
    /^write a whole number from 1 to 10000, or false, not /,
    ["5", 1.5, Number.NaN, null, 5n, true, "false"],
  ],
  [["session.maxPerUser"], "OUT_OF_RANGE", /^write a whole number from 1 to 10000, or false, not /, [0, -1, 10_001]],
  [["tokens.accessToken.cacheSize"], "WRONG_TYPE", /from 0 to 10000000, not /, ["5", 1.5, 1 / 0, true]],
  [["tokens.accessToken.cacheSize"], "OUT_OF_RANGE", /from 0 to 10000000, not /, [-1, 10_000_001]],
  [TEXTS, "WRONG_TYPE", /^write a string, not /, [1, null, true, ["us"], {}]],
  [NAMES, "OUT_OF_RANGE", /^is empty; write a name or leave it out$/, [""]],
  [["tokens.refreshToken.renewTokenPath"], "OUT_OF_RANGE", /write one that begins with "\/", for instance/, NO_PATH],
  [
    ["http.basePath"],
    "OUT_OF_RANGE",
    /^is not a plain path; .* "\/shop", or leave it out$/,
    [...NO_PATH, "/", "/a/", "/.."],
  ],
  [["cookie.prefix"], "OUT_OF_RANGE", /^is no beginning of a cookie name; .* "shop_", or leave it out/, NO_PREFIX],
  [["cookie.domain"], "OUT_OF_RANGE", /^is not a domain; write lower-case letters, .* "example.com"$/, NO_DOMAIN],
  [["cookie.domain"], "OUT_OF_RANGE", /^is an address, .*; leave domain out$/, ["127.0.0.1", "10.1"]],
  [["cookie.domain"], "OUT_OF_RANGE", /^is a public suffix, .*; write your own domain or leave it out$/, SUFFIXES],
  [["http.publicOrigin"], "OUT_OF_RANGE", /^is not an origin; .* port only, .* http\.basePath$/, NO_ORIGIN],
  [["http.trustedOrigins"], "WRONG_TYPE", /^write a list of strings, not /, [LOCAL, null, [1], {}]],
  [
    ["http.dialects"],
    "WRONG_TYPE",
    /^write a list with "counterfoil"/,
    ["counterfoil", [], ["supertokens"], ["counterfoil", "counterfoil"], ["counterfoil", "other"]],
  ],
  [["http.sessionExpiredStatus"], "WRONG_TYPE", /^write 401 or 440/, [403, "401", null]],
  [
    ["http.transports"],
    "WRONG_TYPE",
    /^write a list of "cookie" and "header", with at least one/,
    ["cookie", [], ["cookies"], ["header", "header"], null, {}],
  ],
  [["store"], "WRONG_TYPE", /^write a store, for instance sqlite/, ["sqlite", null, {}, memory, { commitRefresh: 1 }]],
  [["clock"], "WRONG_TYPE", /^write a function that returns ms since the epoch, not /, [0, "now", new Date(), null]],
  [["secret"], "WRONG_TYPE", /^write a string, or a list of strings/, [null, {}, [1], [SECRET, undefined]]],
  [["secret"], "MISSING", /^the list is empty; write at least the current secret$/, [[]]],
  [["secret"], "UNSAFE", /^has \d+ characters; write at least 32, .* openssl rand -base64 32$/, ["", "x".repeat(31)]],
  [SECTIONS, "WRONG_TYPE", /^write an object, not /, [null, "15m", 5, true, []]],
];

test.each(REFUSED)("%s refuses with %s, saying %s", (options, code, says, values) => {
  expect(values.length).toBeGreaterThan(0);
  const message = expect.stringMatching(says) as string;
  for (const path of options) {
    for (const value of values) expect(faultsOf(at(path, value)), String(value)).toEqual([{ path, code, message }]);
  }
});

test.each([
  "example.com",
  "example.co.uk",
  "me.github.io",
  "www.ck",
  "a.any.ck",
  "city.kawasaki.jp",
  "a.foo.kawasaki.jp",
])("%s is a domain of one's own", (domain) => expect(parseConfig({ cookie: { domain } }).cookie.domain).toBe(domain));

const PROTO = JSON.parse('{"__proto__":{"secret":1}}') as unknown;
const HEADERS_ONLY = { transports: ["header"] } as const;
const headersAnd = (cookie: object): object => ({ http: HEADERS_ONLY, cookie });
const HEADERS_AND_PREFERENCE = { http: { ...HEADERS_ONLY, preferCookies: true } };
const TWO_IDLE = { session: { idleTimeout: "1d" }, tokens: { refreshToken: { validity: "2d" } } };
test.each([
  [{ preset: "strict", cookie: { domain: "a.com" } }, "cookie.domain", "CONTRADICTION", "write hostPrefix: false"],
  [
    { preset: "strict", cookie: { domain: "a.com", hostPrefix: "auto" } },
    "cookie.domain",
    "CONTRADICTION",
    "hostPrefix: false",
  ],
  [{ cookie: { hostPrefix: true, domain: "a.com" } }, "cookie.domain", "CONTRADICTION", "write hostPrefix: false"],
  [{ preset: "strict", cookie: { secure: false } }, "cookie.hostPrefix", "CONTRADICTION", "or hostPrefix: false"],
  [{ cookie: { hostPrefix: true, secure: false } }, "cookie.hostPrefix", "CONTRADICTION", "write secure: true"],
  [{ cookie: { sameSite: "none", secure: false } }, "cookie.sameSite", "UNSAFE", "write secure: true"],
  [TWO_IDLE, "session.idleTimeout", "CONTRADICTION", "same thing as tokens.refreshToken.validity"],
  [at("session.idleTimeout", "10m"), "tokens.accessToken.validity", "CONTRADICTION", "less than 600 s"],
  [
    { preset: "standard", ...at("tokens.accessToken.validity", "61m") },
    "tokens.accessToken.validity",
    "CONTRADICTION",
    "3600 s",
  ],
  [{ keys: { rotateEvery: "1h", publishAhead: "31m" } }, "keys.publishAhead", "CONTRADICTION", "write less"],
  [
    { session: { maxPerUser: false, onMaxPerUser: "refuse" } },
    "session.onMaxPerUser",
    "CONTRADICTION",
    "name a number there, or leave this out",
  ],
  [{ http: { publicOrigin: "https://a.example" }, cookie: { secure: false } }, "cookie.secure", "UNSAFE", "write true"],
  [{ http: { publicOrigin: "http://a.example" } }, "cookie.secure", "CONTRADICTION", "write an https origin"],
  [
    { http: { publicOrigin: "https://a.example" }, cookie: { domain: "b.example" } },
    "cookie.domain",
    "CONTRADICTION",
    "does not belong to http.publicOrigin",
  ],
  [HEADERS_AND_PREFERENCE, "http.preferCookies", "CONTRADICTION", 'add "cookie" to http.transports'],
  [headersAnd({ hostPrefix: true }), "cookie.hostPrefix", "CONTRADICTION", 'http.transports is ["header"]'],
  [headersAnd({ domain: "a.com" }), "cookie.domain", "CONTRADICTION", 'http.transports is ["header"]'],
  [headersAnd({ sameSite: "lax" }), "cookie.sameSite", "CONTRADICTION", 'http.transports is ["header"]'],
  [headersAnd({ prefix: "a" }), "cookie.prefix", "CONTRADICTION", 'http.transports is ["header"]'],
  [headersAnd({ secure: true }), "cookie.secure", "CONTRADICTION", 'http.transports is ["header"]'],
  [{ http: { basePath: "/session" } }, "http.basePath", "CONTRADICTION", 'write renewTokenPath: "/refresh"'],
  [
    { http: { basePath: "/shop" }, ...at("tokens.refreshToken.renewTokenPath", "/shop/session/refresh") },
    "http.basePath",
    "CONTRADICTION",
    'write renewTokenPath: "/session/refresh"',
  ],
  [
    { http: { basePath: "/renew" }, ...at("tokens.refreshToken.renewTokenPath", "/renew") },
    "http.basePath",
    "CONTRADICTION",
    'write renewTokenPath: "/session/refresh"',
  ],
  [
    { http: { ...SUPERTOKENS, basePath: "/auth" } },
    "http.basePath",
    "CONTRADICTION",
    'leave basePath out, or write renewTokenPath: "/session/refresh"',
  ],
  [
    { http: { basePath: "/session" }, ...at("tokens.refreshToken.renewTokenPath", "/sessions") },
    "http.basePath",
    "CONTRADICTION",
    'the beginning of "/session/signout"',
  ],
  [
    { tokens: { accessToken: { revocation: "off", blacklisting: "store" } } },
    "tokens.accessToken.blacklisting",
    "CONTRADICTION",
    "is the same thing as tokens.accessToken.revocation, and the two differ; leave it out",
  ],
  [{ http: { basePath: "/.well-known" } }, "http.basePath", "CONTRADICTION", "serve the app below another path"],
  [{ session: { absoluteTimeout: "10m" } }, "session.absoluteTimeout", "CONTRADICTION", "write 900 s or more"],
  [{ secret: [SECRET, "short"] }, "secret[1]", "UNSAFE", "has 5 characters"],
  [at("http.trustedOrigins", [LOCAL, "*"]), "http.trustedOrigins[1]", "OUT_OF_RANGE", "is not an origin"],
  [{ Secret: SECRET }, "Secret", "UNKNOWN_OPTION", "did you mean secret?"],
  [at("tokens.accesstoken", {}), "tokens.accesstoken", "UNKNOWN_OPTION", "did you mean accessToken?"],
  [{ sekret: SECRET }, "sekret", "UNKNOWN_OPTION", "did you mean secret?"],
  [at("session.idelTimeout", "1h"), "session.idelTimeout", "UNKNOWN_OPTION", "did you mean idleTimeout?"],
  [at("rotation.ttl", "1h"), "rotation.ttl", "UNKNOWN_OPTION", "known here: window, onReuse"],
  [PROTO, "__proto__", "UNKNOWN_OPTION", "there is no such option"],
  ["config", "config", "WRONG_TYPE", "write an object, not this string"],
])("%j is refused at %s with %s, saying %s", (config, path, code, says) => {
  expect(faultsOf(config)).toEqual([{ path, code, message: expect.stringContaining(says) as string }]);
});

test("saying the same thing under both names is no contradiction", () => {
  const config = { session: { idleTimeout: "48h" }, tokens: { refreshToken: { validity: "2d" } } };
  expect(parseConfig(config).idleTimeout).toBe(2 * DAY);
});

test.each<[string, CounterfoilConfig]>([
  ["nothing of cookies", {}],
  ["what is the default anyway", { cookie: { hostPrefix: "auto" }, http: { preferCookies: false } }],
  ["options that are left undefined", { cookie: { domain: undefined, secure: undefined } }],
  ["the preset that names cookies by itself", { preset: "strict" }],
  ["an origin that would take cookie.secure: false", { http: { publicOrigin: "http://api.internal" } }],
])("headers as the only transport beside %s are no contradiction", (_, config) => {
  const { http } = parseConfig({ ...config, http: { ...config.http, ...HEADERS_ONLY } });
  expect([...http.transports]).toEqual(["header"]);
});

test("all faults are told at once, in one error that createSessions throws", () => {
  const config = {
    secret: 5,
    preset: 5,
    clock: 5,
    sekret: 1,
    rotation: { windows: "1s" },
    session: { idleTimeout: 5 },
  };
  const paths = ["clock", "preset", "rotation.windows", "secret", "sekret", "session.idleTimeout"];
  expect(
    faultsOf(config)
      .map(({ path }) => path)
      .sort(),
  ).toEqual(paths);
  const start = (): unknown => createSessions(config as unknown as CounterfoilConfig);
  expect(start).toThrow(expect.objectContaining({ errType: 1000, code: "CONFIG_INVALID", faults: faultsOf(config) }));
  for (const path of paths) expect(start).toThrow(`${path}: `);
});

test("whatever is written is taken as it is or refused at its own path, and no default comes in for it", () => {
  const options = [...new Set([...ACCEPTED.map(([option]) => option), ...REFUSED.flatMap(([names]) => names)])];
  const value = fc.oneof(fc.anything(), fc.boolean(), fc.integer(), fc.string());
  fc.assert(
    fc.property(fc.constantFrom(...options), value, (option, given) => {
      const faults = faultsOf(at(option, given));
      const isAbout = ({ path, code }: ConfigFault): boolean => path.startsWith(option) || code === "CONTRADICTION";
      if (faults.length > 0) return faults.every((fault) => isAbout(fault) && fault.message !== "");
      const policy = parseConfig(at(option, given));
      if (option === "cookie.prefix" && typeof given === "string") return policy.cookie.names.access.includes(given);
      const parts: unknown[] = Object.values(policy);
      const inPolicy = [...parts, ...parts.flatMap((part): unknown[] => Object.values(part ?? {}))];
      const isEmpty = typeof given === "object" && given !== null && Object.keys(given).length === 0;
      return isEmpty || inPolicy.includes(given) || inPolicy.includes(parseDuration(given) ?? given);
    }),
    { numRuns: 3000 },
  );
});

test("a secret is never repeated in an error", () => {
  for (const secret of ["hunter2", "hunter2".repeat(4), ["hunter2"], [SECRET, "hunter2"], { hunter2: 1 }]) {
    const told = JSON.stringify(faultsOf({ secret }));
    expect(told).toContain("write");
    expect(told).not.toContain("hunter2");
  }
});

test("a secret is never repeated in an error, not even one that is a number", () => {
  expect(faultsOf({ secret: 8675309 })[0]?.message).not.toContain("8675309");
});
