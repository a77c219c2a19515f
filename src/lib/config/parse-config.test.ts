import * as fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { at, DEFAULTS, faultsOf, LOCAL } from "../../../test/fixtures/configs.ts";
import { DAY, HOUR, MINUTE, SECRET } from "../../../test/fixtures/constants.ts";
import { type CounterfoilConfig, createSessions } from "../../index.ts";
import { memory } from "../../memory.ts";
import { cookieNames } from "../cookie-names.ts";
import type { ConfigFault } from "../errors.ts";
import { parseDuration } from "../options/duration.ts";
import { OPTIONS } from "./config-options.ts";
import { type ParsedConfig, parseConfig } from "./parse-config.ts";

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
  [
    "standard",
    {
      idleTimeout: HOUR,
      absoluteTimeout: DAY,
      accessToken: { ...DEFAULTS.accessToken, revocation: "feed" },
    },
  ],
  [
    "strict",
    {
      ...NIST_AAL3,
      persistent: false,
      deviceRetention: 180 * DAY,
      accessToken: STRICT_ACCESS,
      cookie: { ...DEFAULTS.cookie, names: cookieNames("all") },
      http: { ...DEFAULTS.http, transports: new Set(["cookie"]) },
    },
  ],
])("the preset %s changes what it says and no more, and options beside it win", (preset, part) => {
  expect(parseConfig({ preset })).toEqual({ ...DEFAULTS, ...part });
  const tokens = { accessToken: { validity: "15m", revocation: "off" } };
  const session = { idleTimeout: "100d", absoluteTimeout: "365d", persistent: true, knownDevices: false };
  const http = { transports: ["header", "cookie"] };
  expect(parseConfig({ preset, tokens, session, http, cookie: { hostPrefix: "auto" } })).toEqual({
    ...DEFAULTS,
    http: { ...DEFAULTS.http, headersForBrowsers: true },
  });
});

test.each([true, false, "postgres://db.example/app"])("feed.listen: %s", (listen) => {
  const { accessToken } = parseConfig({ tokens: { accessToken: { revocation: "feed", feed: { listen } } } });
  expect(accessToken.feed).toEqual({ bound: 1000, onLag: "store", listen });
});

/** A limit that is named has no part of the default one. */
const exactly = (max: number, onLimit: string): object => ({ max, onLimit, atOnce: undefined });

const store = memory();
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
  ["session.persistent", false, "persistent", false],
  ["keys", { rotateEvery: "1h", publishAhead: "30m" }, "keys", { rotateEvery: HOUR, publishAhead: 30 * MINUTE }],
  ["cookie.domain", "example.com", "cookie", { domain: "example.com", names: cookieNames("none") }],
  ["cookie.secure", false, "cookie", { secure: false, names: cookieNames("none") }],
  ["cookie.sameSite", "none", "cookie", { sameSite: "none" }],
  ["cookie.hostPrefix", "auto", "cookie", { names: cookieNames("root") }],
  ["cookie.hostPrefix", true, "cookie", { names: cookieNames("all") }],
  ["cookie.hostPrefix", false, "cookie", { names: cookieNames("none") }],
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
  ["http.openPages", true, "http", { openPages: true }],
  ["http.transports", ["header"], "http", { transports: new Set(["header"]), headersForBrowsers: true }],
];

test.each(ACCEPTED)("%s takes %j and changes nothing else", (option, value, policyPart, difference) => {
  const before = DEFAULTS[policyPart];
  const isMerged = typeof before === "object" && typeof difference === "object";
  const part: unknown = isMerged ? Object.assign({}, before, difference) : difference;
  expect(parseConfig(at(option, value))).toEqual({ ...DEFAULTS, [policyPart]: part });
});

test("maxPerUser: false is no limit", () => {
  expect(parseConfig({ session: { maxPerUser: false } })).toEqual({ ...DEFAULTS, limit: undefined });
});

test("clock is the time of rotation, too, unless the config says otherwise", () => {
  const clock = (): number => 0;
  const rotation = { ...DEFAULTS.rotation, clock: "process" };
  expect(parseConfig({ clock })).toEqual({ ...DEFAULTS, clock, rotation });
  expect(parseConfig({ clock, rotation: { clock: "store" } })).toEqual({ ...DEFAULTS, clock });
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
  const parents = (path: string): string[] =>
    path.split(".").map((_, index, names) => names.slice(0, index + 1).join("."));
  const options = [...new Set(Object.keys(OPTIONS).flatMap(parents))];
  const value = fc.oneof(fc.anything(), fc.boolean(), fc.integer(), fc.string());
  fc.assert(
    fc.property(fc.constantFrom(...options), value, (option, given) => {
      const faults = faultsOf(at(option, given));
      const isAbout = ({ path, code }: ConfigFault): boolean => path.startsWith(option) || code === "CONTRADICTION";
      if (faults.length > 0) return faults.every((fault) => isAbout(fault) && fault.message !== "");
      const policy = parseConfig(at(option, given));
      if (option === "cookie.prefix" && typeof given === "string") return policy.cookie.names.access.includes(given);
      const parts: unknown[] = Object.values(policy);
      const within = (part: unknown): unknown[] => Object.values(part ?? {});
      const inPolicy = [...parts, ...parts.flatMap(within), ...Object.values(policy.accessToken.feed)];
      const isEmpty = typeof given === "object" && given !== null && Object.keys(given).length === 0;
      return isEmpty || inPolicy.includes(given) || inPolicy.includes(parseDuration(given) ?? given);
    }),
    { numRuns: 3000 },
  );
});
