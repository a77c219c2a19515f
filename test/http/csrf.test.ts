import { describe, expect, test } from "vitest";
import {
  type Credentials,
  FRAMEWORKS,
  METHODS,
  refreshCookies,
  SAFE_METHODS,
  signIn,
  startApp,
  type TestApp,
} from "./fixtures.ts";

const OWN = "https://shop.example";
const TRUSTED = "https://app.example";

const SITES = {
  absent: undefined,
  "same-origin": "same-origin",
  none: "none",
  "same-site": "same-site",
  "cross-site": "cross-site",
  empty: "",
  repeated: ["same-origin", "same-origin"],
} as const;

const ORIGINS = {
  absent: undefined,
  own: OWN,
  trusted: TRUSTED,
  foreign: "https://evil.example",
  "own with another port": "https://shop.example:8443",
  "a sub-domain of own": "https://x.shop.example",
  "trusted over http": "http://app.example",
  null: "null",
  empty: "",
  malformed: "https://shop.example/path",
  "own, repeated": [OWN, OWN],
  "own, then foreign": [OWN, "https://evil.example"],
} as const;

type Site = keyof typeof SITES;
type Origin = keyof typeof ORIGINS;
const sites = Object.keys(SITES) as Site[];
const origins = Object.keys(ORIGINS) as Origin[];

/**
 * Which origins pass for each site; all others are refused. The whole first layer on one screen.
 */
const PASSES: Readonly<Record<Site, readonly Origin[]>> = {
  absent: ["absent", "own", "trusted"],
  "same-origin": origins,
  none: origins,
  "same-site": ["trusted"],
  "cross-site": ["trusted"],
  empty: ["trusted"],
  repeated: ["trusted"],
};

const ROUTES = [
  { route: "a protected route", path: "/api", methods: METHODS },
  { route: "sign-in", path: "/login", methods: METHODS },
  { route: "a refresh route of the app's own", path: "/renew", methods: METHODS },
  { route: "the refresh route", path: "/session/refresh", methods: ["POST"] },
  { route: "sign-out", path: "/session/signout", methods: ["POST"] },
  { route: "renaming a session", path: "/session/sessions/rename?handle=x", methods: ["POST"] },
  { route: "ending other sessions", path: "/session/sessions/revoke?others=true", methods: ["POST"] },
] as const;

const CONFIG = { http: { publicOrigin: OWN, trustedOrigins: [TRUSTED] } } as const;

const headersOf = (own: Credentials, more: Record<string, string | readonly string[] | undefined> = {}) => ({
  cookie: refreshCookies(own),
  "anti-csrf": own.antiCsrf,
  ...more,
});

/** The status of each combination, by site and in the order of the origins. */
async function tryAll(app: TestApp, method: string, path: string): Promise<Record<string, number[]>> {
  const statuses: Record<string, number[]> = {};
  const first = await signIn(app);
  for (const site of sites) {
    for (const origin of origins) {
      const own = path === "/session/signout" ? await signIn(app) : first;
      const headers = headersOf(own, { "sec-fetch-site": SITES[site], origin: ORIGINS[origin] });
      const { status } = await app.send({ method, path, headers });
      (statuses[site] ??= []).push(status);
    }
  }
  return statuses;
}

const table = (passes: Readonly<Record<Site, readonly Origin[]>>): Record<string, number[]> =>
  Object.fromEntries(sites.map((site) => [site, origins.map((name) => (passes[site].includes(name) ? 200 : 403))]));

const everything = Object.fromEntries(sites.map((site) => [site, origins])) as Record<Site, Origin[]>;

describe.each(FRAMEWORKS)("cross-site requests in $name", ({ express }) => {
  describe.each(ROUTES)("$route: Sec-Fetch-Site x Origin", ({ path, methods }) => {
    test.each(methods)("%s", async (method) => {
      await using app = await startApp({ express, config: CONFIG });
      expect(await tryAll(app, method, path)).toEqual(table(SAFE_METHODS.includes(method) ? everything : PASSES));
    });
  });

  test("a refused request changes nothing: the session goes on, and no other begins", async () => {
    await using app = await startApp({ express, config: CONFIG });
    const own = await signIn(app);
    const before = await app.sessions.getSessionsForUser("alice");
    app.clock.now += 1000;
    for (const { path } of ROUTES) {
      const headers = headersOf(own, { "sec-fetch-site": "cross-site" });
      expect((await app.send({ method: "POST", path, headers })).status).toBe(403);
    }
    expect(await app.sessions.getSessionsForUser("alice")).toEqual(before);
  });
});

describe.each(FRAMEWORKS)("which origin is the own one, in $name", ({ express }) => {
  test.each([
    { name: "no publicOrigin: the host", host: "shop.example", origin: "https://shop.example", status: 200 },
    { name: "in any case of letters", host: "SHOP.example", origin: "https://shop.example", status: 200 },
    {
      name: "over http too: the scheme is not known",
      host: "shop.example",
      origin: "http://shop.example",
      status: 200,
    },
    { name: "with the same port", host: "shop.example:8080", origin: "http://shop.example:8080", status: 200 },
    { name: "another port", host: "shop.example:8080", origin: "http://shop.example:8081", status: 403 },
    { name: "a port against none", host: "shop.example", origin: "https://shop.example:8443", status: 403 },
    { name: "another host", host: "shop.example", origin: "https://evil.example", status: 403 },
    {
      name: "an origin that only begins so",
      host: "shop.example",
      origin: "https://shop.example.evil.example",
      status: 403,
    },
    { name: "user info", host: "shop.example", origin: "https://shop.example@evil.example", status: 403 },
    { name: "not of the web", host: "shop.example", origin: "chrome-extension://shop.example", status: 403 },
    {
      name: "X-Forwarded-Host is anyone's word",
      host: "10.0.0.7",
      origin: "https://evil.example",
      forwarded: "evil.example",
      status: 403,
    },
    { name: "behind a proxy, unset", host: "10.0.0.7", origin: OWN, forwarded: "shop.example", status: 403 },
    { name: "behind a proxy, set", host: "10.0.0.7", origin: OWN, publicOrigin: OWN, status: 200 },
    {
      name: "set, and the host is not it",
      host: "10.0.0.7",
      origin: "https://10.0.0.7",
      publicOrigin: OWN,
      status: 403,
    },
    { name: "set, wrong scheme", host: "shop.example", origin: "http://shop.example", publicOrigin: OWN, status: 403 },
  ])("$name", async ({ host, origin, forwarded, publicOrigin, status }) => {
    const config = publicOrigin === undefined ? {} : { http: { publicOrigin } };
    await using app = await startApp({ express, config });
    const headers = { host, origin, "x-forwarded-host": forwarded, "x-forwarded-proto": forwarded && "https" };
    expect((await app.send({ method: "POST", path: "/login", headers })).status).toBe(status);
  });
});
