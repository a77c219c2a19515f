/**
 * An app below a path: what browsers see, with a proxy that strips it and with one that keeps it.
 */
import { createSessions, type CounterfoilConfig } from "counterfoil";
import { createNewSession, errorHandler, sessionRoutes, verifySession, findSession } from "counterfoil/express";
import { memory } from "counterfoil/memory";
import express, { type Application, type Request, type Response } from "express";
import { describe, expect, test } from "vitest";
import { listen } from "../fixtures/listen.ts";
import { startPathProxy } from "../servers/path-proxy.ts";
import { createBrowserJar } from "./browser-jar.ts";
import { MINUTE, route, START } from "./fixtures.ts";
import { type RawResponse, send } from "./send.ts";

const HOST = "shop.example";
const LOAD = { "sec-fetch-mode": "navigate", "sec-fetch-dest": "document", accept: "text/html" };

/** The app, and a browser whose every path goes through the proxy. */
async function startBelow(base: string, strips: boolean, config: CounterfoilConfig) {
  const clock = { now: START };
  const sessions = createSessions({ ...config, store: memory(), clock: () => clock.now });
  const app: Application = express();
  const shop = express.Router();
  shop.use(sessionRoutes({ sessions }));
  shop.post(
    "/login",
    route(async (request, response) => {
      await createNewSession(request, response, "alice", { sessions });
      response.json({});
    }),
  );
  const guard = verifySession({ sessions, page: true, sessionRequired: false });
  shop.get("/notes", guard, (request: Request, response: Response) => {
    response.json({ user: findSession(request)?.getUserId() ?? null });
  });
  shop.use(errorHandler({ sessions }));
  app.use(strips || base === "" ? "/" : base, shop);
  const { port, close } = await listen(app);
  const proxy = base === "" ? undefined : await startPathProxy({ [base]: { port, strips } });
  const jar = createBrowserJar(HOST);
  let antiCsrf = "";
  async function ask(method: string, path: string, more = {}): Promise<RawResponse> {
    const cookie = jar.header(path.replace(/\?.*/, ""));
    const headers = { host: HOST, cookie, "anti-csrf": antiCsrf, ...more };
    const answer = await send(proxy?.port ?? port, { method, path, headers });
    jar.take(answer);
    antiCsrf = answer.header("anti-csrf") ?? antiCsrf;
    return answer;
  }
  return {
    sessions,
    clock,
    jar,
    ask: (method: string, path: string) => ask(method, base + path),
    /** Follows redirects; the addresses that it was sent to. */
    async load(path: string): Promise<{ readonly trail: readonly string[]; readonly answer: RawResponse }> {
      const trail: string[] = [];
      let answer = await ask("GET", base + path, LOAD);
      for (let to = answer.header("location"); to !== undefined && trail.length < 9; to = answer.header("location")) {
        trail.push(to.replace(/(session-(?:refreshed|cleared)=)\d+/, "$1NOW"));
        answer = await ask("GET", to, LOAD);
      }
      return { trail, answer };
    },
    async [Symbol.asyncDispose]() {
      await proxy?.[Symbol.asyncDispose]();
      await close();
      await sessions.close();
    },
  };
}

const DEPLOYMENTS = [
  { name: "no base path", base: "", strips: false },
  { name: "a base path that the proxy strips", base: "/shop", strips: true },
  { name: "a base path that the proxy keeps", base: "/shop", strips: false },
  { name: "a base path of two names that the proxy strips", base: "/eu/shop", strips: true },
  { name: "a base path of two names that the proxy keeps", base: "/eu/shop", strips: false },
];
const CONFIGS: readonly CounterfoilConfig[] = [
  ...([undefined, "auto", false, true] as const).map((hostPrefix) => ({ cookie: { hostPrefix } })),
  { cookie: { domain: HOST } },
  { cookie: { prefix: "shop_" } },
  { cookie: { prefix: "shop_", hostPrefix: true } },
  { preset: "strict" },
  { tokens: { refreshToken: { renewTokenPath: "/renew" } } },
];

describe.each(DEPLOYMENTS)("$name", ({ base, strips }) => {
  test.each(CONFIGS.map((config) => [JSON.stringify(config), config] as const))(
    "%s: page loads, refreshes, devices, sign-out and keys",
    async (_, config) => {
      const http = base === "" ? {} : { basePath: base };
      const { refreshToken } = config.tokens ?? {};
      const tokens = { refreshToken, accessToken: { validity: "1m" } } as const;
      await using app = await startBelow(base, strips, { ...config, http, tokens });
      const refreshRoute = refreshToken?.renewTokenPath ?? "/session/refresh";
      await app.ask("POST", "/login");

      // A script.
      app.clock.now += 2 * MINUTE;
      expect((await app.ask("POST", refreshRoute)).status).toBe(200);
      expect((await app.ask("POST", `${refreshRoute}/`)).status).toBe(200);

      // A page, which is sent around unless the refresh token comes along.
      app.clock.now += 2 * MINUTE;
      const { trail, answer } = await app.load("/notes?a=1");
      expect([answer.status, answer.json()]).toEqual([200, { user: "alice" }]);
      const to = encodeURIComponent(`${base}/notes?a=1`);
      const around = [
        `${base}${refreshRoute}?to=${to}`,
        `${base}/notes?a=1&session-refreshed=NOW`,
        `${base}/notes?a=1`,
      ];
      const hasRefreshToken = app.sessions.cookieNames.refresh.startsWith("__Host-");
      expect(trail).toEqual(hasRefreshToken ? [] : around);

      const list = await app.ask("GET", "/session/sessions");
      expect([list.status, list.json()]).toMatchObject([200, { sessions: [{ current: true }] }]);
      const revoked = await app.ask("POST", "/session/sessions/revoke?others=true");
      expect([revoked.status, revoked.json()]).toEqual([200, { revoked: 0 }]);
      expect((await app.ask("GET", "/.well-known/jwks.json")).json()).toEqual({ keys: [] });
      expect((await app.ask("POST", "/session/signout")).status).toBe(200);
      expect(["/", `${base}${refreshRoute}`].map((path) => app.jar.header(path))).toEqual(["", ""]);
      expect(await app.sessions.getAllSessionHandlesForUser("alice")).toEqual([]);
    },
  );
});

describe.each(DEPLOYMENTS)("duplicate cookies below $name", ({ base, strips }) => {
  test.each(["/", base, `${base}/notes`].filter((path) => path !== ""))("at %s are cleared", async (path) => {
    const http = base === "" ? {} : { basePath: base };
    await using app = await startBelow(base, strips, { http, cookie: { hostPrefix: false } });
    await app.ask("POST", "/login");
    app.jar.put({ name: "sAccessToken", value: "x", domain: HOST, path });
    const { trail, answer } = await app.load("/notes");
    expect(trail).toEqual([`${base}/notes?session-cleared=NOW`, `${base}/notes`]);
    expect([answer.json(), app.jar.count("sAccessToken")]).toEqual([{ user: "alice" }, 1]);
  });
});

test("without the option a proxy that strips the path keeps the refresh cookie from its route", async () => {
  await using app = await startBelow("/shop", true, {});
  await app.ask("POST", "/login");
  expect((await app.ask("POST", "/session/refresh")).status).toBe(401);
});

test("tokens in headers alone: the routes are found below a base path, too", async () => {
  const http = { basePath: "/shop", transports: ["header"] as const };
  await using app = await startBelow("/shop", false, { http });
  for (const path of ["/session/refresh", "/session/signout"]) expect((await app.ask("POST", path)).status).toBe(401);
  expect((await app.ask("GET", "/.well-known/jwks.json")).status).toBe(200);
});

test.each([true, false])(
  "SuperTokens clients, whose apiBasePath has the base path, and a prefix; stripped: %j",
  async (strips) => {
    const http = { basePath: "/shop", dialects: ["counterfoil", "supertokens"] as const };
    await using app = await startBelow("/shop", strips, { http, cookie: { prefix: "shop_" } });
    const login = await app.ask("POST", "/login");
    expect(login.header("id-refresh-token")).toMatch(/;\d+$/);
    expect([app.jar.header("/shop/auth/session/refresh"), app.jar.header("/auth/session/refresh")]).toEqual([
      expect.stringContaining("shop_sRefreshToken="),
      expect.not.stringContaining("sRefreshToken="),
    ]);
    const refreshed = await app.ask("POST", "/auth/session/refresh");
    expect([refreshed.status, refreshed.json()]).toEqual([200, { status: "OK" }]);
    const gone = await app.ask("POST", "/auth/signout");
    expect([gone.status, gone.json(), gone.header("id-refresh-token")]).toEqual([200, { status: "OK" }, "remove"]);
    expect((await app.ask("POST", "/auth/session/refresh")).status).toBe(401);
  },
);
