import { expect, test } from "vitest";
import { at, faultsOf, LOCAL } from "../../../test/fixtures/configs.ts";
import { SECRET } from "../../../test/fixtures/constants.ts";
import { memory } from "../../memory.ts";
import type { ConfigFault } from "../errors.ts";
import { parseConfig } from "./parse-config.ts";

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
const FLAGS = ["tokens.enableAntiCsrf", "cookie.secure", "http.diagnostics", "http.openPages"];
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
  [["tokens.accessToken.revocation"], "WRONG_TYPE", /^write "off" or "feed" or "store", not /, NO_CHOICE],
  [
    ["tokens.accessToken.blacklisting"],
    "WRONG_TYPE",
    /^write "off" or "feed" or "store", not /,
    NO_CHOICE.filter((value) => value !== true),
  ],
  [
    ["tokens.accessToken.feed.listen"],
    "WRONG_TYPE",
    /^write true, false, or an address of the database, not /,
    ["", 0, 1, null, []],
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
