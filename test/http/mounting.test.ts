import { once } from "node:events";
import { Agent, request as httpRequest } from "node:http";
import { createSessions } from "counterfoil";
import { createNewSession, errorHandler, sessionRoutes, verifySession, findSession } from "counterfoil/express";
import { memory } from "counterfoil/memory";
import type { Application, Request, Response } from "express";
import { describe, expect, test } from "vitest";
import { listen } from "../fixtures/listen.ts";
import {
  apiCookies,
  callApi,
  credentialsOf,
  type Express,
  BOTH_FRAMEWORKS,
  refresh,
  refreshCookies,
  route,
  signIn,
  startApp,
} from "./fixtures.ts";
import { send } from "./send.ts";

const ROUTES = ["/session/refresh", "/session/sessions/revoke?others=true", "/session/signout"];

describe.each(BOTH_FRAMEWORKS)("body parsers in $name", ({ express }) => {
  const parsers = (app: Application): void => {
    app.use(express.json(), express.urlencoded({ extended: false }), express.text(), express.raw());
  };
  test.each([
    { name: "none", place: {} },
    { name: "before the routes", place: { before: parsers } },
    { name: "after the routes", place: { extend: parsers } },
  ])("$name: with and without a body, of any type", async ({ place }) => {
    await using app = await startApp({ express, ...place });
    const own = await signIn(app);
    for (const path of ROUTES.slice(0, 2)) {
      for (const [type, body] of [
        [undefined, undefined],
        ["application/json", '{"a":1}'],
        ["application/x-www-form-urlencoded", "a=1&b=2"],
        ["text/plain", "hello"],
        ["application/octet-stream", "\0\0"],
        ["multipart/form-data; boundary=x", "--x--"],
      ]) {
        const headers = { cookie: refreshCookies(own), "anti-csrf": own.antiCsrf, "content-type": type };
        const answer = await app.send({ method: "POST", path, headers, ...(body === undefined ? {} : { body }) });
        expect([path, type, answer.status]).toEqual([path, type, 200]);
      }
    }
  });

  test("a body that nobody reads does not block the connection: the next request on it is answered", async () => {
    await using app = await startApp({ express });
    const own = await signIn(app);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ports = new Set<number | undefined>();
    for (let turn = 0; turn < 3; turn += 1) {
      const outgoing = httpRequest({
        agent,
        port: app.port,
        host: "127.0.0.1",
        method: "POST",
        path: "/session/refresh",
        headers: { cookie: refreshCookies(own), "content-type": "application/json" },
      });
      outgoing.end("x".repeat(300_000));
      const [incoming] = (await once(outgoing, "response")) as [NodeJS.ReadableStream & { statusCode: number }];
      expect(incoming.statusCode).toBe(200);
      const localPort = outgoing.socket?.localPort;
      incoming.resume();
      await once(incoming, "end");
      ports.add(localPort);
    }
    agent.destroy();
    expect(ports.size).toBe(1);
  });
});

/** An app whose session routes are mounted below a path; the refresh route is `renewTokenPath`. */
async function mounted(express: Express, mount: string, renewTokenPath: string) {
  const sessions = createSessions({ store: memory(), tokens: { refreshToken: { renewTokenPath } } });
  const app = express();
  app.post(
    "/login",
    route(async (request, response) => {
      await createNewSession(request, response, "alice", { sessions });
      response.json({ ok: true });
    }),
  );
  const router = express.Router();
  router.use(sessionRoutes({ sessions }));
  router.get("/me", verifySession({ sessions }), (request: Request, response: Response) => {
    response.json({ user: findSession(request)?.getUserId() });
  });
  app.use(mount, router);
  app.use(errorHandler({ sessions }));
  return listen(app);
}

describe.each(BOTH_FRAMEWORKS)(
  "routes below a mounted router in $name: the whole path counts, as the client sent it",
  ({ express }) => {
    test.each([
      {
        mount: "/auth",
        renewTokenPath: "/session/refresh",
        served: [],
        unserved: ["/auth/session/refresh", "/auth/session/signout", "/session/refresh", "/session/signout"],
      },
      {
        mount: "/auth",
        renewTokenPath: "/auth/session/refresh",
        served: ["/auth/session/refresh"],
        unserved: ["/session/refresh", "/auth/session/signout"],
      },
      {
        mount: "/session",
        renewTokenPath: "/session/refresh",
        served: ["/session/refresh", "/session/signout"],
        unserved: ["/session/session/refresh"],
      },
    ])("mounted at $mount, refresh at $renewTokenPath", async ({ mount, renewTokenPath, served, unserved }) => {
      const server = await mounted(express, mount, renewTokenPath);
      const own = credentialsOf(await send(server.port, { method: "POST", path: "/login" }));
      const statusOf = async (path: string): Promise<number> =>
        (await send(server.port, { method: "POST", path, headers: { cookie: refreshCookies(own) } })).status;
      for (const path of unserved) expect([path, await statusOf(path)]).toEqual([path, 404]);
      for (const path of served) expect([path, await statusOf(path)]).toEqual([path, 200]);
      await server.close();
    });

    test("verifySession works below one", async () => {
      const server = await mounted(express, "/auth", "/session/refresh");
      const own = credentialsOf(await send(server.port, { method: "POST", path: "/login" }));
      const answer = await send(server.port, { path: "/auth/me", headers: { cookie: apiCookies(own) } });
      expect(answer.json()).toEqual({ user: "alice" });
      await server.close();
    });
  },
);

describe.each(BOTH_FRAMEWORKS)("mounted twice in $name", ({ express }) => {
  test("routes, guards and error handlers do no harm", async () => {
    await using app = await startApp({
      express,
      config: { http: { trustedOrigins: ["https://app.example"] } },
      before: (own, sessions) => own.use(sessionRoutes({ sessions })),
      extend(own, sessions) {
        const guard = verifySession({ sessions });
        own.all("/twice", guard, guard, verifySession({ sessions }), (request: Request, response: Response) => {
          response.json({ user: findSession(request)?.getUserId() });
        });
        own.use(errorHandler({ sessions }));
      },
    });
    const own = await signIn(app);
    const headers = { cookie: apiCookies(own), "anti-csrf": own.antiCsrf, origin: "https://app.example" };
    const answer = await app.send({ method: "POST", path: "/twice", headers });
    expect([answer.json(), answer.cookies]).toEqual([{ user: "alice" }, []]);
    expect(answer.header("access-control-allow-origin")).toBe("https://app.example");
    expect((await app.send({ path: "/twice" })).status).toBe(401);
    const refreshed = await refresh(app, own);
    expect([refreshed.status, refreshed.cookies.length]).toEqual([200, 3]);
    expect((await callApi(app, credentialsOf(refreshed, own))).status).toBe(200);
  });

  test("new claims are sent once, however often the guard runs", async () => {
    await using app = await startApp({
      express,
      config: { tokens: { accessToken: { revocation: "store" } } },
      extend(own, sessions) {
        const guard = verifySession({ sessions });
        own.get("/twice", guard, guard, (_request: Request, response: Response) => response.json({}));
      },
    });
    const own = await signIn(app);
    await app.sessions.updateJwtPayload(own.handle, { role: "admin" });
    const answer = await app.send({ path: "/twice", headers: { cookie: apiCookies(own) } });
    expect(answer.cookies).toHaveLength(1);
  });
});

describe.each(BOTH_FRAMEWORKS)("two instances side by side in $name", ({ express }) => {
  test("in one app: each has its own cookies, routes and users", async () => {
    const admin = createSessions({
      store: memory(),
      cookie: { hostPrefix: true },
      tokens: { refreshToken: { renewTokenPath: "/admin/refresh" } },
    });
    await using app = await startApp({
      express,
      config: { cookie: { hostPrefix: false } },
      before(own) {
        own.post(
          "/admin/login",
          route(async (request, response) => {
            await createNewSession(request, response, "root", { sessions: admin });
            response.json({ ok: true });
          }),
        );
        own.use("/admin/refresh", sessionRoutes({ sessions: admin }));
        own.get("/admin/me", verifySession({ sessions: admin }), (request: Request, response: Response) => {
          response.json({ user: findSession(request)?.getUserId() });
        });
        own.use("/admin", errorHandler({ sessions: admin }));
      },
    });
    const own = await signIn(app);
    const login = await app.send({ method: "POST", path: "/admin/login", headers: { cookie: apiCookies(own) } });
    const root = credentialsOf(login);
    const cookie = `${refreshCookies(own)}; ${refreshCookies(root)}`;
    expect((await app.send({ path: "/admin/me", headers: { cookie } })).json()).toEqual({ user: "root" });
    expect((await app.send({ path: "/api", headers: { cookie } })).json()).toMatchObject({ user: "alice" });
    expect((await app.send({ path: "/admin/me", headers: { cookie: apiCookies(own) } })).status).toBe(401);

    const refreshed = await app.send({ method: "POST", path: "/admin/refresh", headers: { cookie } });
    expect([refreshed.status, refreshed.cookies.every((line) => line.startsWith("__Host-"))]).toEqual([200, true]);
    await app.send({ method: "POST", path: "/session/signout", headers: { cookie } });
    expect((await app.send({ path: "/admin/me", headers: { cookie } })).status).toBe(200);
    expect(await admin.getAllSessionHandlesForUser("root")).toHaveLength(1);
    await admin.close();
  });

  test("with the same cookie names: neither takes the other's tokens for its own", async () => {
    await using one = await startApp({ express });
    await using two = await startApp({ express });
    const own = await signIn(one);
    expect((await callApi(two, own, "GET")).status).toBe(401);
    expect((await refresh(two, own)).status).toBe(401);
    expect((await refresh(one, own)).status).toBe(200);
  });
});
