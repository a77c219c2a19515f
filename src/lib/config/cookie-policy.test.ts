import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { at, DEFAULTS, LOCAL } from "../../../test/fixtures/configs.ts";
import { type CookieNames, cookieNames } from "../cookie-names.ts";
import { parseConfig } from "./parse-config.ts";

const PLAIN = cookieNames("none");
const ROOT = cookieNames("root");
const ALL = cookieNames("all");
const refreshAt = (path: string): object => ({ renewTokenPath: path, refreshPath: path });

beforeEach(() => void vi.stubEnv("NODE_ENV", "production"));
afterEach(() => void vi.unstubAllEnvs());

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
