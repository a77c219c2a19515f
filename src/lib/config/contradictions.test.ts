import { expect, test } from "vitest";
import { at, faultsOf, LOCAL } from "../../../test/fixtures/configs.ts";
import { DAY, SECRET } from "../../../test/fixtures/constants.ts";
import type { CounterfoilConfig } from "../../index.ts";
import { parseConfig } from "./parse-config.ts";

const SUPERTOKENS = { dialects: ["counterfoil", "supertokens"] };
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
  [{ http: { ...HEADERS_ONLY, openPages: true } }, "http.openPages", "CONTRADICTION", "for sessions in cookies"],
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
