import type { SessionEvents, Sessions } from "counterfoil";
import { createNewSession, getSession, refreshSession, findSession } from "counterfoil/express";
import type { Request, Response } from "express";
import { describe, expect, test } from "vitest";
import {
  apiCookies,
  callApi,
  codeOf,
  credentialsOf,
  FRAMEWORKS,
  MINUTE,
  refresh,
  refreshCookies,
  route,
  signIn,
  startApp,
} from "./fixtures.ts";

describe.each(FRAMEWORKS)("signing in over a session in $name (ASVS 5.0 7.2.4)", ({ express }) => {
  test.each([
    { name: "the same user", user: "alice", later: 0 },
    { name: "another user", user: "bob", later: 0 },
    { name: "with an access token that has expired", user: "alice", later: 20 * MINUTE },
  ])("$name: a new session begins, and the one that the request carried ends", async ({ user, later }) => {
    await using app = await startApp({ express });
    const [old, elsewhere] = [await signIn(app), await signIn(app)];
    const revoked: SessionEvents["session-revoked"][] = [];
    app.sessions.on("session-revoked", (event) => revoked.push(event));
    app.clock.now += later;
    const fresh = await signIn(app, `user=${user}`, { cookie: apiCookies(old) });

    expect(revoked).toEqual([{ handles: [old.handle], userId: "alice", reason: "signed-in-again" }]);
    for (const part of ["access", "refresh", "antiCsrf", "handle"] as const) expect(fresh[part]).not.toBe(old[part]);
    const handles = [
      ...(await app.sessions.getAllSessionHandlesForUser("alice")),
      ...(await app.sessions.getAllSessionHandlesForUser("bob")),
    ];
    expect(handles.toSorted()).toEqual([elsewhere.handle, fresh.handle].toSorted());
    // Just replaced: the request of a tab that dawdled, and clearing would take the new session's
    // cookies along.
    const late = await refresh(app, old);
    expect([late.status, late.cookies]).toEqual([409, []]);
    app.clock.now += 81_000;
    expect((await refresh(app, old)).status).toBe(401);
    expect((await callApi(app, fresh)).json()).toMatchObject({ user });
  });

  test("the new session is req.auth for the rest of the request", async () => {
    await using app = await startApp({
      express,
      extend(own, sessions) {
        own.post(
          "/start",
          route(async (request, response) => {
            const session = await createNewSession(request, response, 42, { sessions, sessionData: { cart: 1 } });
            const data = await findSession(request)?.getSessionData();
            response.json({
              user: findSession(request)?.getUserId(),
              data,
              same: (request as { auth?: unknown }).auth === session,
            });
          }),
        );
      },
    });
    const answer = await app.send({ method: "POST", path: "/start" });
    expect(answer.json()).toEqual({ user: 42, data: { cart: 1 }, same: true });
  });

  test("what an attacker planted is worth nothing after it: neither a session of theirs nor garbage", async () => {
    await using app = await startApp({ express });
    const planted = await signIn(app, "user=mallory");
    for (const cookie of [apiCookies(planted), apiCookies({ ...planted, access: "x", marker: "y" })]) {
      const own = await signIn(app, "user=alice", { cookie });
      expect(own.handle).not.toBe(planted.handle);
      expect((await callApi(app, own)).json()).toMatchObject({ user: "alice" });
    }
    app.clock.now += 81_000;
    expect((await refresh(app, planted)).status).toBe(401);
  });

  test.each([
    { name: "refused as cross-site", headers: { "sec-fetch-site": "cross-site" }, query: "user=bob", status: 403 },
    { name: "refused for its user id", headers: {}, query: "user=", status: 500 },
    { name: "refused for its size", headers: {}, query: `user=bob&role=${"r".repeat(4000)}`, status: 500 },
  ])("a sign-in that is $name leaves the session as it was", async ({ headers, query, status }) => {
    await using app = await startApp({ express });
    const own = await signIn(app);
    const sent = { cookie: apiCookies(own), ...headers };
    const answer = await app.send({ method: "POST", path: `/login?${query}`, headers: sent });
    expect([answer.status, answer.cookies]).toEqual([status, []]);
    expect((await refresh(app, own)).status).toBe(200);
  });
});

describe.each(FRAMEWORKS)("sessionRequired false in $name", ({ express }) => {
  const optional = { express, protect: { sessionRequired: false } } as const;

  test.each(["GET", "POST"])(
    "%s: passes without a session, knows one, and has an expired one refreshed",
    async (method) => {
      await using app = await startApp(optional);
      const nobody = await app.send({ method, path: "/api" });
      expect([nobody.status, nobody.json()]).toEqual([200, { user: null, claims: null }]);
      const own = await signIn(app);
      expect((await callApi(app, own, method)).json()).toEqual({ user: "alice", claims: { role: "member" } });

      app.clock.now += 15 * MINUTE;
      expect((await callApi(app, own, method)).status, "expired").toBe(401);
      const headers = { cookie: `${own.names.marker}=${own.marker}` };
      expect((await app.send({ method, path: "/api", headers })).status, "only the marker is left").toBe(401);
      const renewed = credentialsOf(await refresh(app, own));
      expect((await callApi(app, renewed, method)).json()).toMatchObject({ user: "alice" });
    },
  );

  test("a session is not taken for none where its anti-CSRF token is missing, or the request is cross-site", async () => {
    await using app = await startApp(optional);
    const own = await signIn(app);
    const post = async (headers: Record<string, string>): Promise<number> =>
      (await app.send({ method: "POST", path: "/api", headers })).status;
    expect(await post({ cookie: apiCookies(own) })).toBe(401);
    expect(await post({ "sec-fetch-site": "cross-site" })).toBe(403);
  });
});

type Late = (request: Request, response: Response, sessions: Sessions) => Promise<unknown>;

const LATE: readonly { readonly name: string; readonly late: Late; readonly code?: string }[] = [
  {
    name: "createNewSession",
    late: (request, response, sessions) => createNewSession(request, response, "bob", { sessions }),
  },
  { name: "refreshSession", late: (request, response, sessions) => refreshSession(request, response, { sessions }) },
  {
    name: "updateJwtPayload",
    late: async (request, response, sessions) =>
      (await getSession(request, response, { sessions, antiCsrfCheck: false }))?.updateJwtPayload({}),
  },
  {
    name: "getSession that refuses",
    late: (request, response, sessions) => getSession(request, response, { sessions }),
    code: "ANTI_CSRF_MISSING",
  },
];

describe.each(FRAMEWORKS)("when the answer has been sent in $name", ({ express }) => {
  /** Answers, then does something late, whose failure goes to the app's own error handler. */
  async function answerThen(late: Late) {
    let fail: (error: unknown) => void = () => {};
    const failed = new Promise<unknown>((resolve) => (fail = resolve));
    const app = await startApp({
      express,
      onAppError: fail,
      extend(own, sessions) {
        own.post(
          "/late",
          route(async (request, response) => {
            response.json({ early: true });
            await late(request, response, sessions);
          }),
        );
      },
    });
    const own = await signIn(app);
    const answer = await app.send({ method: "POST", path: "/late", headers: { cookie: refreshCookies(own) } });
    return { app, own, answer, error: await failed };
  }

  test.each(LATE)(
    "$name: the error goes to the app's own handler, and the server goes on",
    async ({ late, code = "RESPONSE_ALREADY_SENT" }) => {
      const { app, own, answer, error } = await answerThen(late);
      await using _ = app;
      expect([answer.status, answer.json(), answer.cookies]).toEqual([200, { early: true }, []]);
      expect(codeOf(error)).toBe(code);
      expect((await callApi(app, own)).status).toBe(200);
    },
  );

  test("createNewSession changes nothing in the store", async () => {
    const { app, own } = await answerThen((request, response, sessions) =>
      createNewSession(request, response, "bob", { sessions }),
    );
    await using _ = app;
    expect(await app.sessions.getAllSessionHandlesForUser("bob")).toEqual([]);
    expect(await app.sessions.getAllSessionHandlesForUser("alice")).toEqual([own.handle]);
  });
});
