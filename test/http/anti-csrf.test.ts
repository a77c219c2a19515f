import type { CounterfoilConfig, SessionEvents } from "counterfoil";
import { describe, expect, test } from "vitest";
import {
  apiCookies,
  type Credentials,
  FRAMEWORKS,
  METHODS,
  refreshCookies,
  SAFE_METHODS,
  signIn,
  startApp,
} from "./fixtures.ts";

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
      const demanded = antiCsrfCheck ?? !SAFE_METHODS.includes(method);
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
    const without = SAFE_METHODS.includes(method) ? 200 : 403;
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
    const reasons: string[] = [];
    app.sessions.on("csrf-reported", ({ reason }) => reasons.push(reason));
    expect((await app.send({ method: "POST", path: "/api" })).status).toBe(401);
    app.clock.now += 15 * 60_000;
    expect((await app.send({ method: "POST", path: "/api", headers: { cookie: apiCookies(own) } })).status).toBe(401);
    expect(reasons).toEqual([missing]);
  });
});
