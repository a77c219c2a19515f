import type { Application } from "express";
import { createNewSession, verifySession } from "counterfoil/express";
import { SECRET } from "../fixtures/constants.ts";
import { createSessions, type Sessions } from "counterfoil";
import { memory } from "counterfoil/memory";
import { afterEach, describe, expect, test, vi } from "vitest";
import { callApi, clearedOf, FRAMEWORKS, type Express, refresh, route, signIn, startApp } from "./fixtures.ts";
import { apiCookies, type Credentials } from "./fixtures.ts";
import type { RawResponse } from "./send.ts";
import { ON_REFRESH } from "./refresh-situations.ts";
import { ON_PROTECTED_ROUTES, ON_SIGN_OUT_AND_SIGN_IN, type Situation } from "./situations.ts";

afterEach(() => void vi.unstubAllEnvs());

async function expectAnswer(express: Express, situation: Situation): Promise<void> {
  for (const diagnostics of [false, true]) {
    const config = { ...situation.config, http: { ...situation.config?.http, diagnostics } };
    await using app = await startApp({ express, config, ...(situation.protect && { protect: situation.protect }) });
    const own = await signIn(app);
    const answer = await situation.run(app, own);
    const first = (name: string): string | undefined => answer.headers.find(([other]) => other === name)?.[1];
    expect({
      status: answer.status,
      body: answer.json(),
      cookies: answer.cookies,
      challenge: first("www-authenticate"),
      retryAfter: first("retry-after"),
      cacheControl: first("cache-control"),
      contentType: first("content-type"),
      reason: first("counterfoil-reason"),
    }).toEqual({
      status: situation.status,
      body: { message: situation.message },
      cookies: situation.cleared === true ? clearedOf(own) : [],
      challenge: diagnostics ? situation.challenge : situation.challenge?.replace(/, error_description="[^"]*"/, ""),
      retryAfter: situation.retryAfter,
      cacheControl: "no-store",
      contentType: "application/json; charset=utf-8",
      reason: diagnostics ? situation.code : undefined,
    });
    expectNoToken(answer, own);
    expect(app.appErrors).toEqual([]);
  }
}

/** A refusal tells nothing that a log or a proxy must not see. */
function expectNoToken(answer: RawResponse, { access, refresh: refreshToken, antiCsrf }: Credentials): void {
  const said = [answer.text, ...answer.headers.map(([name, value]) => `${name}: ${value}`)].join("\n");
  for (const token of [access, refreshToken, antiCsrf]) {
    // Also not in part: the middle of each is its secret or the signed facts.
    for (const part of [token, token.slice(-20), token.slice(8, 28)]) expect(said).not.toContain(part);
  }
  expect(answer.header("anti-csrf")).toBeUndefined();
}

describe.each(FRAMEWORKS)("answers in $name", ({ express }) => {
  test.each(ON_PROTECTED_ROUTES)("protected route: $name -> $status $message, no cookie touched", (situation) =>
    expectAnswer(express, situation),
  );

  describe.each(["/session/refresh", "/renew"])("refresh at %s", (path) => {
    test.each(ON_REFRESH)("$name -> $status $message", ({ run, ...situation }) =>
      expectAnswer(express, { ...situation, run: (app, own) => run(app, own, path) }),
    );
  });

  test.each(ON_SIGN_OUT_AND_SIGN_IN)("$name -> $status $message", (situation) => expectAnswer(express, situation));

  test.each([
    ["production", undefined, false],
    ["", undefined, false],
    ["staging", "https://shop.example", false],
    ["production", "https://localhost.example", false],
    ["development", undefined, true],
    ["test", "https://shop.example", true],
    ["production", "https://localhost", true],
    ["", "https://shop.localhost:8443", true],
    ["", "https://127.1.2.3", true],
    ["", "https://[::1]:3000", true],
  ])("with NODE_ENV %j at %s the reason is told: %s", async (environment, publicOrigin, told) => {
    vi.stubEnv("NODE_ENV", environment);
    for (const [diagnostics, expected] of [
      [undefined, told],
      [true, true],
      [false, false],
    ] as const) {
      await using app = await startApp({ express, config: { secret: SECRET, http: { publicOrigin, diagnostics } } });
      const own = await signIn(app);
      const headers = { cookie: apiCookies({ ...own, access: "x" }) };
      const answer = await app.send({ path: "/api", headers });
      const said = [answer.text, ...answer.headers.flat()].join("\n");
      expect(answer.status).toBe(401);
      expect(answer.header("counterfoil-reason")).toBe(expected ? "ACCESS_TOKEN_INVALID" : undefined);
      expect(/ACCESS_TOKEN|installation/.test(said)).toBe(expected);
    }
  });

  test("a page that lost its anti-CSRF token gets it back with a refresh, and goes on", async () => {
    await using app = await startApp({ express });
    const own = await signIn(app);
    expect((await callApi(app, { ...own, antiCsrf: "" })).status).toBe(401);
    const antiCsrf = (await refresh(app, own)).header("anti-csrf") ?? "";
    expect((await callApi(app, { ...own, antiCsrf })).status).toBe(200);
  });

  test("a session that is gone: its ordinary answers leave the cookies, its refresh clears them", async () => {
    await using app = await startApp({ express, config: { tokens: { accessToken: { revocation: "store" } } } });
    const own = await signIn(app);
    await app.sessions.revokeAllSessionsForUser("alice");
    expect((await callApi(app, own)).cookies).toEqual([]);
    expect((await refresh(app, own)).cookies).toEqual(clearedOf(own));
  });

  test("an outage logs nobody out: each call is 503 with the cookies untouched, and the same cookies work after it", async () => {
    await using app = await startApp({ express, config: { tokens: { accessToken: { revocation: "store" } } } });
    const own = await signIn(app);
    const calls = async (): Promise<RawResponse[]> => {
      const renewed = [await callApi(app, own), await refresh(app, own)];
      const headers = { cookie: apiCookies(own) };
      return [...renewed, await app.send({ method: "POST", path: "/session/signout", headers })];
    };
    app.store.down();
    const refused = await calls();
    expect(refused.map(({ status, cookies }) => ({ status, cookies }))).toEqual(
      refused.map(() => ({ status: 503, cookies: [] })),
    );
    app.store.up();
    expect((await calls()).map(({ status }) => status)).toEqual([200, 200, 200]);
  });

  test("a store that is down from the start: 503 everywhere, JWKS included, then the same instance recovers", async () => {
    await using app = await startApp({ express });
    app.store.down();
    const statuses = async (): Promise<number[]> => [
      (await app.send({ method: "POST", path: "/login" })).status,
      (await app.send({ path: "/.well-known/jwks.json" })).status,
    ];
    expect(await statuses()).toEqual([503, 503]);
    app.store.up();
    expect(await statuses()).toEqual([200, 200]);
  });

  test("a secret that does not fit the store is an outage too, not the client's fault", async () => {
    const store = memory();
    const first = createSessions({ store, secret: "the secret of the first process, 32+" });
    await first.ready();
    const second = createSessions({ store, secret: "another secret for the same store, 32+" });
    await using app = await startApp({
      express,
      extend: (own) => own.get("/other", verifySession({ sessions: second })),
    });
    const answer = await app.send({ path: "/other", headers: { cookie: `${second.cookieNames.access}=x` } });
    expect([answer.status, answer.json(), answer.cookies]).toEqual([503, { message: "unavailable" }, []]);
  });

  test("without revocation checking a protected route needs no store, so an outage does not reach it", async () => {
    await using app = await startApp({ express });
    const own = await signIn(app);
    app.store.down();
    app.store.takeCalls();
    expect((await callApi(app, own)).status).toBe(200);
    expect(app.store.takeCalls()).toEqual([]);
  });

  test("garbage is refused before the store is asked", async () => {
    await using app = await startApp({ express, config: { tokens: { accessToken: { revocation: "store" } } } });
    const own = await signIn(app);
    app.store.takeCalls();
    for (let index = 0; index < 100; index += 1) {
      const forged = {
        ...own,
        access: `${own.access}${index}`,
        refresh: own.refresh.replace(/.{4}$/, `${1000 + index}`),
      };
      expect((await callApi(app, forged)).status).toBe(401);
      expect((await refresh(app, forged)).status).toBe(401);
    }
    expect(app.store.takeCalls()).toEqual([]);
  });

  test.each([
    { name: "an Error", path: "/throws", error: "boom", signedIn: true },
    { name: "claims that are not JSON", path: "/not-json", error: "VALUE_NOT_JSON" },
    { name: "a user id that is none", path: "/no-user", error: "USER_ID_INVALID" },
    { name: "a limit of sessions", path: "/limit", error: "SESSION_LIMIT_REACHED" },
  ])("the app's own faults go to its own error handler: $name", async ({ path, error, signedIn }) => {
    await using app = await startApp({
      express,
      config: { session: { maxPerUser: 1, onMaxPerUser: "refuse" } },
      extend: addFaults,
    });
    const own = await signIn(app);
    const headers = signedIn === true ? { cookie: apiCookies(own), "anti-csrf": own.antiCsrf } : {};
    const answer = await app.send({ method: "POST", path, headers });
    expect([answer.status, answer.json(), answer.cookies]).toEqual([500, { app: error }, []]);
    expect(app.appErrors).toHaveLength(1);
  });

  test("sign-in at the limit of sessions counts the one that it ends", async () => {
    await using app = await startApp({ express, config: { session: { maxPerUser: 1, onMaxPerUser: "refuse" } } });
    const own = await signIn(app);
    const headers = { cookie: apiCookies(own) };
    expect((await app.send({ method: "POST", path: "/login", headers })).status).toBe(200);
  });
});

function addFaults(app: Application, sessions: Sessions): void {
  const starting = (userId: string, jwtPayload: unknown): ReturnType<typeof route> =>
    route(async (request, response) => {
      await createNewSession(request, response, userId, { sessions, jwtPayload });
      response.json({ ok: true });
    });
  app.post("/throws", verifySession({ sessions }), () => {
    throw new Error("boom");
  });
  app.post("/not-json", starting("bob", { at: new Date() }));
  app.post("/no-user", starting("", {}));
  app.post("/limit", starting("alice", {}));
}
