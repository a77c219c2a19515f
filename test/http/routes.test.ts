import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from "jose";
import type { SessionEvents } from "counterfoil";
import { describe, expect, test } from "vitest";
import {
  alive,
  apiCookies,
  callApi,
  clearedOf,
  type Credentials,
  credentialsOf,
  DAY,
  FRAMEWORKS,
  MINUTE,
  refreshCookies,
  SECOND,
  signIn,
  START,
  startApp,
  type TestApp,
} from "./fixtures.ts";
import type { RawResponse } from "./send.ts";

const signOut = (app: TestApp, own: Credentials): Promise<RawResponse> =>
  app.send({ method: "POST", path: "/session/signout", headers: { cookie: apiCookies(own) } });

describe.each(FRAMEWORKS)("refresh and sign-out in $name", ({ express }) => {
  test.each([
    { name: "the access token has expired", cookies: refreshCookies, later: 15 * MINUTE },
    {
      name: "there is only the refresh token and the marker",
      cookies: ({ refresh: token, marker, names }: Credentials) =>
        `${names.refresh}=${token}; ${names.marker}=${marker}`,
      later: 0,
    },
    {
      name: "the access token is garbage",
      cookies: (own: Credentials) => refreshCookies({ ...own, access: "x" }),
      later: 0,
    },
  ])("refresh works where $name", async ({ cookies, later }) => {
    await using app = await startApp({ express });
    const own = await signIn(app);
    app.clock.now += later;
    const answer = await app.send({ method: "POST", path: "/session/refresh", headers: { cookie: cookies(own) } });
    expect([answer.status, answer.json()]).toEqual([200, {}]);
    expect((await callApi(app, credentialsOf(answer))).status).toBe(200);
  });

  test.each([
    { name: "at once", later: 0 },
    { name: "with an access token that has expired", later: DAY },
  ])("sign-out $name: the session is over everywhere", async ({ later }) => {
    await using app = await startApp({ express });
    const [own, other] = [await signIn(app), await signIn(app)];
    const revoked: SessionEvents["session-revoked"][] = [];
    app.sessions.on("session-revoked", (event) => revoked.push(event));
    app.clock.now += later;
    const answer = await signOut(app, own);
    expect([answer.status, answer.json(), answer.cookies]).toEqual([200, {}, clearedOf(own)]);
    expect(revoked).toEqual([{ handles: [own.handle], userId: "alice", reason: "sign-out" }]);
    expect(await alive(app, own, other)).toEqual([false, true]);
  });

  test.each([
    { path: "/session/refresh", allow: "POST" },
    { path: "/session/signout", allow: "POST" },
    { path: "/session/sessions", allow: "GET" },
    { path: "/session/sessions/revoke", allow: "POST" },
    { path: "/session/sessions/rename", allow: "POST" },
    { path: "/.well-known/jwks.json", allow: "GET" },
  ])("$path takes $allow, and answers all else 405 without doing anything", async ({ path, allow }) => {
    await using app = await startApp({ express });
    const own = await signIn(app);
    const before = await app.sessions.getSessionsForUser("alice");
    app.clock.now += SECOND;
    for (const method of ["GET", "POST", "PUT", "DELETE", "PATCH"].filter((name) => name !== allow)) {
      const headers = { cookie: refreshCookies(own), "anti-csrf": own.antiCsrf };
      const answer = await app.send({ method, path: `${path}?others=true`, headers });
      const allowed = answer
        .header("allow")
        ?.split(", ")
        .filter((name) => name !== "HEAD");
      expect([method, answer.status, allowed, answer.json(), answer.cookies]).toEqual([
        method,
        405,
        [allow],
        { message: "method not allowed" },
        [],
      ]);
    }
    expect(await app.sessions.getSessionsForUser("alice")).toEqual(before);
  });

  test.each(["/session/sessions", "/.well-known/jwks.json"])(
    "%s answers HEAD as GET, without the body",
    async (path) => {
      await using app = await startApp({ express });
      const headers = { cookie: apiCookies(await signIn(app)) };
      const answer = await app.send({ method: "HEAD", path, headers });
      expect([answer.status, answer.text]).toEqual([200, ""]);
    },
  );
});

describe.each(FRAMEWORKS)("JWKS in $name", ({ express }) => {
  test.each(["EdDSA", "ES256"] as const)("%s: others verify an access token with what is served", async (signing) => {
    await using app = await startApp({ express, config: { tokens: { accessToken: { signing } } } });
    const own = await signIn(app);
    await app.sessions.rotateSigningKey();
    const answer = await app.send({ path: "/.well-known/jwks.json" });
    expect([answer.status, answer.header("cache-control")]).toEqual([200, "public, max-age=300"]);
    const { keys } = answer.json() as JSONWebKeySet;
    expect(keys.map(({ alg, use }) => [alg, use])).toEqual([
      [signing, "sig"],
      [signing, "sig"],
    ]);
    expect(keys.flatMap((key) => Object.keys(key))).not.toContain("d");
    const { payload, protectedHeader } = await jwtVerify(own.access, createLocalJWKSet({ keys }), {
      currentDate: new Date(START),
    });
    expect([payload.sub, payload["sid"], protectedHeader.typ]).toEqual(["alice", own.handle, "at+jwt"]);
  });

  test("HS256 publishes nothing, whatever cookies come", async () => {
    await using app = await startApp({ express });
    const headers = { cookie: apiCookies(await signIn(app)) };
    expect((await app.send({ path: "/.well-known/jwks.json", headers })).json()).toEqual({ keys: [] });
  });
});
