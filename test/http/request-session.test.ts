import {
  getSession,
  type VerifySessionOptions,
  type RequestSession,
  findSession,
  sessionOf,
  verifySession,
} from "counterfoil/express";
import type { Request } from "express";
import { describe, expect, test } from "vitest";
import {
  apiCookies,
  callApi,
  clearedOf,
  lifetime,
  codeOf,
  type Credentials,
  credentialsOf,
  FRAMEWORKS,
  MINUTE,
  refresh,
  route,
  signIn,
  START,
  startApp,
  type TestApp,
} from "./fixtures.ts";
import { type RawResponse, parseSetCookie } from "./send.ts";

type Act = (session: RequestSession, request: Request) => unknown;

/** Runs `act` on the session of a request in a real route, and answers with what it returns. */
const startActing = (
  express: (typeof FRAMEWORKS)[number]["express"],
  acts: Readonly<Record<string, Act>>,
  revocation: "off" | "store" = "off",
): Promise<TestApp> =>
  startApp({
    express,
    config: { tokens: { accessToken: { revocation } } },
    extend(own, sessions) {
      for (const [name, act] of Object.entries(acts)) {
        own.post(
          `/${name}`,
          verifySession({ sessions }),
          route(async (request, response) => {
            response.json({ result: await act(sessionOf(request), request) });
          }),
        );
      }
    },
  });

const act = (app: TestApp, own: Credentials, name: string): Promise<RawResponse> =>
  app.send({ method: "POST", path: `/${name}`, headers: { cookie: apiCookies(own), "anti-csrf": own.antiCsrf } });

describe.each(FRAMEWORKS)("req.auth in $name", ({ express }) => {
  test("a token that expires while the request is under way is not renewed by new claims", async () => {
    let dawdle = (): void => undefined;
    await using app = await startApp({
      express,
      extend(own, sessions) {
        own.post(
          "/slow",
          verifySession({ sessions }),
          route(async (request, response) => {
            dawdle(); // as a large body does
            await findSession(request)?.updateJwtPayload({ role: "admin" });
            response.json({});
          }),
        );
      },
    });
    dawdle = () => void (app.clock.now += 20 * MINUTE);
    const own = await signIn(app);
    const answer = await act(app, own, "slow");
    const renewed = credentialsOf(answer, own);
    expect(answer.status).toBe(200);
    expect((await app.send({ path: "/api", headers: { cookie: apiCookies(renewed) } })).status).toBe(401);
  });

  test("who it is", async () => {
    await using app = await startActing(express, {
      facts: (session) => [session.getUserId(), session.getHandle(), session.getJWTPayload()],
      tamper: (session) => Object.assign(session.getJWTPayload() as object, { role: "admin" }),
    });
    const own = await signIn(app, "user=Alic%C3%A9%20&role=editor");
    expect((await act(app, own, "facts")).json()).toEqual({ result: ["Alicé ", own.handle, { role: "editor" }] });
    // One object serves all requests with the same token, so nobody may change it.
    expect((await act(app, own, "tamper")).status).toBe(500);
    expect((await act(app, own, "facts")).json()).toEqual({ result: ["Alicé ", own.handle, { role: "editor" }] });
  });

  test("server-side data: read, replaced, and changed by a function, without touching a cookie", async () => {
    await using app = await startActing(express, {
      read: (session) => session.getSessionData(),
      write: (session) => session.updateSessionData({ cart: 1 }),
      add: (session) => session.updateSessionData((old) => ({ cart: (old as { cart: number }).cart + 1 })),
    });
    const own = await signIn(app);
    const results: unknown[] = [];
    for (const name of ["read", "write", "add", "read"]) {
      const answer = await act(app, own, name);
      expect(answer.cookies).toEqual([]);
      results.push(answer.json());
    }
    expect(results).toEqual([{}, { cart: 1 }, { cart: 2 }, { cart: 2 }].map((result) => ({ result })));
  });

  test("new claims: in force in this request, in the cookie, and after a refresh; the session stays the same", async () => {
    await using app = await startActing(express, {
      promote: async (session) => {
        const given = await session.updateJwtPayload((old) => ({ ...(old as object), admin: true }));
        return [given, session.getJWTPayload()];
      },
    });
    const own = await signIn(app);
    app.clock.now += MINUTE;
    const answer = await act(app, own, "promote");
    const claims = { role: "member", admin: true };
    expect(answer.json()).toEqual({ result: [claims, claims] });
    expect(answer.cookies.map((line) => parseSetCookie(line).name)).toEqual([own.names.access]);
    const promoted = credentialsOf(answer, own);
    expect((await callApi(app, promoted)).json()).toEqual({ user: "alice", claims });
    expect((await callApi(app, own)).json(), "the old token, unchecked").toMatchObject({ claims: { role: "member" } });
    expect((await callApi(app, credentialsOf(await refresh(app, own), own))).json()).toMatchObject({ claims });
    expect(await app.sessions.getAllSessionHandlesForUser("alice")).toEqual([own.handle]);
  });

  test("a route that changes claims reads the row once, also where its token has older ones", async () => {
    await using app = await startActing(
      express,
      { change: (session) => session.updateJwtPayload((old) => ({ ...(old as object), admin: true })) },
      "store",
    );
    const own = await signIn(app);
    await app.sessions.updateJwtPayload(own.handle, { role: "guest" });
    app.store.takeCalls();
    const answer = await act(app, own, "change");
    expect(app.store.takeCalls()).toEqual(["findSession", "replaceClaims"]);
    expect(answer.json()).toEqual({ result: { role: "guest", admin: true } });
    const claims = { role: "guest", admin: true };
    expect((await callApi(app, credentialsOf(answer, own))).json()).toEqual({ user: "alice", claims });
  });

  test("claims that are changed after the check of a request are not overwritten, nor is a session that has ended", async () => {
    let meanwhile = async (_handle: string): Promise<unknown> => undefined;
    const change = async (session: RequestSession): Promise<unknown> => {
      await meanwhile(session.getHandle());
      return session.updateJwtPayload((old) => ({ ...(old as object), admin: true }));
    };
    await using app = await startActing(express, { change }, "store");
    const own = await signIn(app);
    meanwhile = (handle) => app.sessions.updateJwtPayload(handle, { role: "guest" });
    expect((await act(app, own, "change")).json()).toEqual({ result: { role: "guest", admin: true } });
    meanwhile = (handle) => app.sessions.revokeSessionUsingSessionHandle(handle);
    expect((await act(app, own, "change")).status).toBe(401);
  });

  test("claims that were changed elsewhere reach the request and the cookie where revocation is checked", async () => {
    await using app = await startActing(express, { claims: (session) => session.getJWTPayload() }, "store");
    const own = await signIn(app);
    await app.sessions.updateJwtPayload(own.handle, { role: "guest" });
    app.clock.now += MINUTE;
    const answer = await act(app, own, "claims");
    expect(answer.json()).toEqual({ result: { role: "guest" } });
    expect(answer.header("cache-control")).toBe("no-store");
    const [cookie, ...more] = answer.cookies.map(parseSetCookie);
    const maxAge = 100 * 24 * 3600 - 60;
    expect(more).toEqual([]);
    expect(cookie?.attributes).toBe(`${lifetime(app, maxAge)}; Path=/; HttpOnly; Secure; SameSite=Lax`);
    const renewed = await act(app, credentialsOf(answer, own), "claims");
    expect([renewed.json(), renewed.cookies]).toEqual([{ result: { role: "guest" } }, []]);
  });

  test("claims that are too large for a cookie are refused, and change nothing", async () => {
    await using app = await startActing(express, {
      bloat: (session) => session.updateJwtPayload({ role: "r".repeat(4000) }),
    });
    const own = await signIn(app);
    const answer = await act(app, own, "bloat");
    expect([answer.status, answer.json(), answer.cookies]).toEqual([500, { app: "TOKEN_TOO_LARGE" }, []]);
    expect((await refresh(app, own)).status).toBe(200);
  });

  test("revokeSession: the session is over, the cookies are cleared, and a second time there is none", async () => {
    await using app = await startActing(express, { leave: (session) => session.revokeSession() });
    const own = await signIn(app);
    const answer = await act(app, own, "leave");
    expect([answer.json(), answer.cookies]).toEqual([{ result: true }, clearedOf(own)]);
    expect((await refresh(app, own)).status).toBe(401);
    expect((await act(app, own, "leave")).json()).toEqual({ result: false });
  });

  test("what a route does to a session that has ended meanwhile is answered 401, the cookies untouched", async () => {
    await using app = await startActing(express, {
      read: (session) => session.getSessionData(),
      write: (session) => session.updateSessionData(1),
      claims: (session) => session.updateJwtPayload({}),
    });
    const own = await signIn(app);
    await app.sessions.revokeAllSessionsForUser("alice");
    for (const name of ["read", "write", "claims"]) {
      const answer = await act(app, own, name);
      expect([answer.status, answer.json(), answer.cookies]).toEqual([401, { message: "unauthorised" }, []]);
    }
  });
});

describe.each(FRAMEWORKS)("getSession(req, res) for middleware of one's own in $name", ({ express }) => {
  const startOwn = (options: VerifySessionOptions = {}): Promise<TestApp> =>
    startApp({
      express,
      extend(own, sessions) {
        own.all(
          "/own",
          route(async (request, response) => {
            try {
              const session = await getSession(request, response, { sessions, ...options });
              response.json({
                user: session?.getUserId() ?? null,
                same: (request as { auth?: unknown }).auth === session,
              });
            } catch (error) {
              response.status(418).json({ code: codeOf(error) });
            }
          }),
        );
      },
    });
  const call = async (app: TestApp, headers: Record<string, string>): Promise<unknown> =>
    (await app.send({ method: "POST", path: "/own", headers })).json();

  test("the session, also as req.auth; refusals are thrown, with their codes", async () => {
    await using app = await startOwn();
    const own = await signIn(app);
    const cookie = apiCookies(own);
    expect(await call(app, { cookie, "anti-csrf": own.antiCsrf })).toEqual({ user: "alice", same: true });
    expect(await call(app, { cookie })).toEqual({ code: "ANTI_CSRF_MISSING" });
    expect(await call(app, {})).toEqual({ code: "ACCESS_TOKEN_MISSING" });
    expect(await call(app, { cookie, "sec-fetch-site": "cross-site" })).toEqual({ code: "CSRF_REFUSED" });
    app.clock.now = START + 15 * MINUTE;
    expect(await call(app, { cookie, "anti-csrf": own.antiCsrf })).toEqual({ code: "ACCESS_TOKEN_EXPIRED" });
  });

  test("undefined only where no session is required", async () => {
    await using app = await startOwn({ sessionRequired: false });
    expect(await call(app, {})).toEqual({ user: null, same: true });
  });
});
