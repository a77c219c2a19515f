import type { CounterfoilConfig, SessionEvents } from "counterfoil";
import { describe, expect, test } from "vitest";
import {
  apiCookies,
  type Credentials,
  FRAMEWORKS,
  refreshCookies,
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

/** Which origins pass for each site; all others are refused. The whole first layer on one screen. */
const PASSES: Readonly<Record<Site, readonly Origin[]>> = {
  absent: ["absent", "own", "trusted"],
  "same-origin": origins,
  none: origins,
  "same-site": ["trusted"],
  "cross-site": ["trusted"],
  empty: ["trusted"],
  repeated: ["trusted"],
};

const METHODS = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "PATCH"] as const;
const SAFE: readonly string[] = ["GET", "HEAD", "OPTIONS"];

const ROUTES = [
  { route: "a protected route", path: "/api", methods: METHODS },
  { route: "sign-in", path: "/login", methods: METHODS },
  { route: "a refresh route of the app's own", path: "/renew", methods: METHODS },
  { route: "the refresh route", path: "/session/refresh", methods: ["POST"] },
  { route: "sign-out", path: "/session/signout", methods: ["POST"] },
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
      expect(await tryAll(app, method, path)).toEqual(table(SAFE.includes(method) ? everything : PASSES));
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

describe.each(FRAMEWORKS)("the anti-CSRF token in $name", ({ express }) => {
  const TOKENS = {
    missing: () => undefined,
    empty: () => "",
    wrong: (own: Credentials) => own.antiCsrf.replace(/^./, (first) => (first === "A" ? "B" : "A")),
    "longer than right": (own: Credentials) => `${own.antiCsrf}A`,
    "of another session": (_own: Credentials, other: Credentials) => other.antiCsrf,
    "right, repeated": (own: Credentials) => [own.antiCsrf, own.antiCsrf],
    "the access token": (own: Credentials) => own.access,
    right: (own: Credentials) => own.antiCsrf,
  } as const;

  test.each(METHODS)("%s: demanded on unsafe methods only, or as antiCsrfCheck says", async (method) => {
    for (const antiCsrfCheck of [undefined, true, false]) {
      await using app = await startApp({ express, protect: antiCsrfCheck === undefined ? {} : { antiCsrfCheck } });
      const own = await signIn(app);
      const other = await signIn(app);
      const demanded = antiCsrfCheck ?? !SAFE.includes(method);
      const statuses: Record<string, number> = {};
      const expected: Record<string, number> = {};
      for (const [name, tokenOf] of Object.entries(TOKENS)) {
        const headers = { cookie: apiCookies(own), "anti-csrf": tokenOf(own, other) };
        statuses[name] = (await app.send({ method, path: "/api", headers })).status;
        expected[name] = demanded && name !== "right" ? 401 : 200;
      }
      expect(statuses, `antiCsrfCheck ${antiCsrfCheck}`).toEqual(expected);
    }
  });

  test.each(["/session/refresh", "/renew", "/session/signout"])(
    "%s works for a page that lost its token",
    async (path) => {
      await using app = await startApp({ express });
      const own = await signIn(app);
      const headers = { cookie: refreshCookies(own), "anti-csrf": "lost" };
      expect((await app.send({ method: "POST", path, headers })).status).toBe(200);
    },
  );

  test.each(METHODS)("%s with tokens off: unsafe methods need the header rid, with any value", async (method) => {
    await using app = await startApp({ express, config: { tokens: { enableAntiCsrf: false } } });
    const own = await signIn(app);
    const statusWith = async (more: Record<string, string>): Promise<number> => {
      const headers = { cookie: apiCookies(own), ...more };
      return (await app.send({ method, path: "/api", headers })).status;
    };
    const without = SAFE.includes(method) ? 200 : 403;
    expect([await statusWith({}), await statusWith({ "anti-csrf": "x" })]).toEqual([without, without]);
    expect([await statusWith({ rid: "session" }), await statusWith({ rid: "" })]).toEqual([200, 200]);
  });

  test("antiCsrfCheck false leaves the first layer in force", async () => {
    await using app = await startApp({ express, protect: { antiCsrfCheck: false } });
    const own = await signIn(app);
    const headers = { cookie: apiCookies(own), "sec-fetch-site": "cross-site" };
    expect((await app.send({ method: "POST", path: "/api", headers })).status).toBe(403);
  });
});

describe.each(FRAMEWORKS)("report mode in $name lets through and reports", ({ express }) => {
  const report = (tokens: CounterfoilConfig["tokens"] = {}) => ({ tokens, http: { csrf: "report" } }) as const;
  const CROSS = { "sec-fetch-site": "cross-site" };
  const crossSite = "a cross-site request from an origin that is not in http.trustedOrigins";
  const missing = "a request without the anti-CSRF token";
  const mismatch = "a request with an anti-CSRF token of another session";
  const noHeader = "a request without the header rid, which stands in for the anti-CSRF token";

  test.each([
    { name: "sign-in", path: "/login", headers: CROSS, reasons: [crossSite] },
    { name: "refresh", path: "/session/refresh", headers: CROSS, reasons: [crossSite] },
    { name: "sign-out", path: "/session/signout", headers: CROSS, reasons: [crossSite] },
    {
      name: "a foreign Origin",
      path: "/login",
      headers: { origin: "https://evil.example" },
      reasons: ["an Origin that is neither http.publicOrigin nor in http.trustedOrigins"],
    },
    {
      name: "same-site",
      path: "/login",
      headers: { "sec-fetch-site": "same-site" },
      reasons: ["a same-site request from an origin that is not in http.trustedOrigins"],
    },
    { name: "no token", path: "/api", headers: {}, reasons: [missing] },
    { name: "a wrong token", path: "/api", headers: { "anti-csrf": "wrong" }, reasons: [mismatch] },
    { name: "both layers", path: "/api?x=1", headers: CROSS, reasons: [crossSite, missing] },
    {
      name: "tokens off, no header",
      path: "/api",
      headers: CROSS,
      reasons: [crossSite, noHeader],
      config: report({ enableAntiCsrf: false }),
    },
    { name: "nothing wrong", path: "/session/refresh", headers: {}, reasons: [] },
  ])("$name", async ({ path, headers, reasons, config = report() }) => {
    await using app = await startApp({ express, config });
    const own = await signIn(app);
    const reported: SessionEvents["csrf-reported"][] = [];
    app.sessions.on("csrf-reported", (event) => reported.push(event));
    const answer = await app.send({ method: "POST", path, headers: { cookie: refreshCookies(own), ...headers } });
    expect(answer.status).toBe(200);
    expect(reported).toEqual(reasons.map((reason) => ({ method: "POST", path: path.split("?")[0], reason })));
  });

  test("but a request without a session, or with one that has expired, is refused all the same", async () => {
    await using app = await startApp({ express, config: report() });
    const own = await signIn(app);
    expect((await app.send({ method: "POST", path: "/api" })).status).toBe(401);
    app.clock.now += 15 * 60_000;
    expect((await app.send({ method: "POST", path: "/api", headers: { cookie: apiCookies(own) } })).status).toBe(401);
  });
});
