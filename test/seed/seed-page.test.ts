import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import * as SuperTokens from "counterfoil";
import type { CounterfoilConfig } from "counterfoil";
import { createNewSession, sessionRoutes } from "counterfoil/express";
import { memory } from "counterfoil/memory";
import express from "express";
import { afterEach, expect, test } from "vitest";
import { type RawResponse, parseSetCookie, send } from "../http/send.ts";
import { listen } from "../fixtures/listen.ts";
import { apiCookies, credentialsOf, MINUTE, refreshCookies, START } from "../http/fixtures.ts";
import { switchable } from "../store/switchable-store.ts";
import { handle, likeCommentAPI } from "./seed-page.ts";

type AccessTokenConfig = NonNullable<NonNullable<CounterfoilConfig["tokens"]>["accessToken"]>;

/** A server with the page's API, over the default instance. */
async function startPage(accessToken: AccessTokenConfig = {}) {
  const clock = { now: START };
  const store = switchable(memory());
  await SuperTokens.init({ store: store.store, clock: () => clock.now, tokens: { accessToken } });
  const server = createServer((request, response) => handle(request, response, likeCommentAPI));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    clock,
    store,
    like: (accessTokenValue: string | undefined, antiCsrf?: string): Promise<RawResponse> =>
      send(port, {
        method: "POST",
        path: "/like",
        headers: {
          cookie: accessTokenValue === undefined ? undefined : `theme=dark; sAccessToken=${accessTokenValue}`,
          "anti-csrf": antiCsrf,
        },
      }),
    async [Symbol.asyncDispose]() {
      server.close();
      await once(server, "close");
    },
  };
}

const seen = ({ status, json, cookies }: RawResponse) => ({ status, body: json(), cookies });

afterEach(() => SuperTokens.close());

test("a valid token and its anti-CSRF token: the API's own logic runs, and no cookie is set", async () => {
  await using page = await startPage();
  const { accessToken, antiCsrfToken } = await SuperTokens.createNewSession("alice", { role: "admin" });
  expect(seen(await page.like(accessToken.value, antiCsrfToken))).toEqual({
    status: 200,
    body: { liked: true, userId: "alice", claims: { role: "admin" } },
    cookies: [],
  });
});

test("no access token: session expired, without asking the library", async () => {
  await using page = await startPage();
  expect(seen(await page.like(undefined))).toMatchObject({ status: 440, body: { expired: "access token missing" } });
});

test("an anti-CSRF token of another session: TRY_REFRESH_TOKEN", async () => {
  await using page = await startPage();
  const { accessToken } = await SuperTokens.createNewSession("alice");
  const other = await SuperTokens.createNewSession("alice");
  for (const wrong of [other.antiCsrfToken, "wrong", ""]) {
    expect(seen(await page.like(accessToken.value, wrong))).toEqual({
      status: 440,
      body: { expired: "try refresh token" },
      cookies: [],
    });
  }
});

test("no anti-CSRF header: undefined is passed, which skips the check, as the page says", async () => {
  await using page = await startPage();
  const { accessToken } = await SuperTokens.createNewSession("alice");
  expect(seen(await page.like(accessToken.value))).toMatchObject({ status: 200, body: { userId: "alice" } });
});

test.each([
  { name: "garbage", tokenOf: (): string => "garbage" },
  { name: "an empty cookie", tokenOf: (): string => "" },
  { name: "a token with another signature", tokenOf: (token: string): string => `${token.slice(0, -4)}AAAA` },
  { name: "a token that has expired", tokenOf: (token: string): string => token, later: 15 * MINUTE },
])("$name: TRY_REFRESH_TOKEN", async ({ tokenOf, later = 0 }) => {
  await using page = await startPage();
  const { accessToken, antiCsrfToken } = await SuperTokens.createNewSession("alice");
  page.clock.now += later;
  expect(seen(await page.like(tokenOf(accessToken.value), antiCsrfToken))).toEqual({
    status: 440,
    body: { expired: "try refresh token" },
    cookies: [],
  });
});

test("claims that have changed: newAccessToken is set as the page's cookie, and is good for the next call", async () => {
  await using page = await startPage({ blacklisting: "store" });
  const { session, accessToken, antiCsrfToken } = await SuperTokens.createNewSession("alice", { role: "member" });
  await SuperTokens.updateJwtPayload(session.handle, { role: "admin" });
  page.clock.now += MINUTE;
  const answer = await page.like(accessToken.value, antiCsrfToken);
  expect(answer.json()).toEqual({ liked: true, userId: "alice", claims: { role: "admin" } });
  const [cookie, ...more] = answer.cookies.map(parseSetCookie);
  const expires = new Date(START + 15 * MINUTE).toUTCString();
  expect(more).toEqual([]);
  expect(cookie).toEqual({
    name: "sAccessToken",
    value: expect.not.stringMatching(accessToken.value) as string,
    attributes: `Domain=example.com; Path=/; Expires=${expires}; Secure; HttpOnly`,
  });
  expect(seen(await page.like(cookie?.value, antiCsrfToken))).toMatchObject({ status: 200, cookies: [] });
});

test("a revoked session with blacklisting: UNAUTHORISED, and the app clears its cookies", async () => {
  await using page = await startPage({ blacklisting: "store" });
  const { session, accessToken, antiCsrfToken } = await SuperTokens.createNewSession("alice");
  expect(await SuperTokens.revokeSessionUsingSessionHandle(session.handle)).toBe(true);
  const gone = "Expires=Thu, 01 Jan 1970 00:00:00 GMT";
  expect(seen(await page.like(accessToken.value, antiCsrfToken))).toEqual({
    status: 401,
    body: { redirect: "/login" },
    cookies: [
      `sAccessToken=; Domain=example.com; Path=/; ${gone}; Secure; HttpOnly`,
      `sRefreshToken=; Domain=example.com; Path=/session/refresh; ${gone}; Secure; HttpOnly`,
      `sIdRefreshToken=; Domain=example.com; Path=/; ${gone}; Secure`,
    ],
  });
});

test("the store is down: GENERAL_ERROR, status 500, no cookie touched, and it recovers", async () => {
  await using page = await startPage({ blacklisting: "store" });
  const { accessToken, antiCsrfToken } = await SuperTokens.createNewSession("alice");
  page.store.down();
  expect(seen(await page.like(accessToken.value, antiCsrfToken))).toEqual({
    status: 500,
    body: { failed: "general error" },
    cookies: [],
  });
  page.store.up();
  expect((await page.like(accessToken.value, antiCsrfToken)).status).toBe(200);
});

test("without blacklisting verifying asks no store", async () => {
  await using page = await startPage();
  const { accessToken, antiCsrfToken } = await SuperTokens.createNewSession("alice");
  page.store.down();
  page.store.takeCalls();
  expect((await page.like(accessToken.value, antiCsrfToken)).status).toBe(200);
  expect(page.store.takeCalls()).toEqual([]);
  page.store.up();
});

test("beside sessionRoutes() the page's middleware reads the name that the instance gives the cookie", async () => {
  await SuperTokens.init({ store: memory() });
  const names = SuperTokens.getCookieNames();
  const app = express();
  app.use(sessionRoutes());
  app.post("/login", async (request, response) => {
    await createNewSession(request, response, "alice");
    response.json({});
  });
  // The page's own lines, with the name of the cookie in place of its literal.
  app.post("/like", (request, response) => {
    const pairs = (request.headers.cookie ?? "").split("; ");
    const accessToken = pairs.find((pair) => pair.startsWith(`${names.access}=`))?.slice(names.access.length + 1);
    if (accessToken === undefined) return void response.status(440).json({ expired: "access token missing" });
    SuperTokens.getSession(accessToken, request.get("anti-csrf")).then(
      ({ session }) => response.json({ liked: true, userId: session.userId }),
      () => response.status(440).json({ expired: "try refresh token" }),
    );
  });
  const server = await listen(app);
  const own = credentialsOf(await send(server.port, { method: "POST", path: "/login" }));
  expect(own.names).toEqual(names);
  const like = async (cookie: string): Promise<unknown> => {
    const headers = { cookie, "anti-csrf": own.antiCsrf };
    return (await send(server.port, { method: "POST", path: "/like", headers })).json();
  };
  expect(await like(apiCookies(own))).toEqual({ liked: true, userId: "alice" });
  const refreshed = credentialsOf(
    await send(server.port, { method: "POST", path: "/session/refresh", headers: { cookie: refreshCookies(own) } }),
    own,
  );
  expect(await like(apiCookies(refreshed))).toEqual({ liked: true, userId: "alice" });
  expect(await like("theme=dark")).toEqual({ expired: "access token missing" });
  await server.close();
});

test("what the page names is there, with numbers that differ", async () => {
  const { GENERAL_ERROR, UNAUTHORISED, TRY_REFRESH_TOKEN, isErrorFromAuth } = SuperTokens.Error;
  expect(new Set([GENERAL_ERROR, UNAUTHORISED, TRY_REFRESH_TOKEN]).size).toBe(3);
  for (const other of [new Error("boom"), { errType: UNAUTHORISED }, "text", null, undefined]) {
    expect(isErrorFromAuth(other)).toBe(false);
  }
  await using page = await startPage();
  const refused: unknown = await SuperTokens.getSession("garbage", undefined).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(Error);
  expect(isErrorFromAuth(refused) && refused.errType).toBe(TRY_REFRESH_TOKEN);
  expect((await page.like("garbage")).status).toBe(440);
});
