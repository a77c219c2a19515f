/**
 * Cookies that were set before an option of the cookies was changed, in the browser of somebody who
 * was signed in.
 */
import type { CounterfoilConfig } from "counterfoil";
import { verifySession, findSession } from "counterfoil/express";
import express from "express";
import { describe, expect, test } from "vitest";
import { type BrowserJar, createBrowserJar } from "./browser-jar.ts";
import { MINUTE, startApp, type TestApp } from "./fixtures.ts";
import type { RawResponse } from "./send.ts";

const HOST = "shop.example.com";
const REFRESH = "/session/refresh";
const SECRET = "one secret for both configs, 32 characters";

const COOKIES: Readonly<Record<string, NonNullable<CounterfoilConfig["cookie"]>>> = {
  "the default": {},
  "hostPrefix true": { hostPrefix: true },
  "hostPrefix false": { hostPrefix: false },
  "a domain": { domain: "example.com" },
  "the host as domain": { domain: HOST },
  "secure false": { secure: false },
};
const names = Object.keys(COOKIES);
const SWITCHES = names.flatMap((from) => names.flatMap((to) => (from === to ? [] : [{ from, to }])));

const start = (cookie: CounterfoilConfig["cookie"], successorOf?: TestApp): Promise<TestApp> =>
  startApp({
    express,
    config: { secret: SECRET, cookie },
    protect: { antiCsrfCheck: false },
    ...(successorOf && { successorOf }),
    extend(app, sessions) {
      app.get("/page", verifySession({ sessions, page: true, sessionRequired: false }), (request, response) => {
        response.json({ user: findSession(request)?.getUserId() ?? null });
      });
    },
  });

interface Visit {
  readonly user: unknown;
  /** How often the page went through the refresh route. */
  readonly refreshes: number;
}

/** Loads a page as a browser does, redirects and all. */
async function visit(app: TestApp, jar: BrowserJar): Promise<Visit> {
  let path = "/page";
  let refreshes = 0;
  for (let hop = 0; hop < 8; hop += 1) {
    const pathname = path.replace(/\?.*/, "");
    if (pathname === REFRESH) refreshes += 1;
    const headers = { host: HOST, "sec-fetch-mode": "navigate", accept: "text/html", cookie: jar.header(pathname) };
    const answer = await app.send({ path, headers });
    jar.take(answer);
    if (answer.status === 200) return { user: (answer.json() as { user: unknown }).user, refreshes };
    expect(answer.status).toBe(303);
    path = answer.header("location") ?? "";
  }
  throw new Error("the page is sent around for ever");
}

async function post(app: TestApp, jar: BrowserJar, path: string): Promise<RawResponse> {
  const headers = { host: HOST, cookie: jar.header(path.replace(/\?.*/, "")) };
  const answer = await app.send({ method: "POST", path, headers });
  jar.take(answer);
  return answer;
}

/** How many cookies of each kind there are, whatever their names. */
const countOf = (jar: BrowserJar): number[] =>
  ["sAccessToken", "sRefreshToken", "sIdRefreshToken"].map((name) => jar.count(name) + jar.count(`__Host-${name}`));

/**
 * Whether the session goes on: the refresh cookie has the same name, and where it needs a voucher,
 * that has it too.
 */
function goesOn(old: TestApp, next: TestApp): boolean {
  const [before, now] = [old.sessions.cookieNames, next.sessions.cookieNames];
  const needsVoucher = now.access.startsWith("__Host-") && !now.refresh.startsWith("__Host-");
  return before.refresh === now.refresh && (!needsVoucher || before.marker === now.marker);
}

describe.each(SWITCHES)("from $from to $to", ({ from, to }) => {
  async function startBoth(): Promise<AsyncDisposable & { old: TestApp; next: TestApp; jar: BrowserJar }> {
    const old = await start(COOKIES[from]);
    const jar = createBrowserJar(HOST);
    expect((await post(old, jar, "/login")).status).toBe(200);
    const next = await start(COOKIES[to], old);
    return {
      old,
      next,
      jar,
      async [Symbol.asyncDispose]() {
        await next[Symbol.asyncDispose]();
        await old[Symbol.asyncDispose]();
      },
    };
  }

  test.each([0, 16 * MINUTE])(
    "a page costs one refresh at most, and shows nobody a page for strangers unasked (%i ms later)",
    async (later) => {
      await using both = await startBoth();
      const { old, next, jar } = both;
      next.clock.now += later;
      const first = await visit(next, jar);
      expect(first.refreshes).toBeLessThanOrEqual(1);
      // Who was signed in has been to the refresh route, where the old cookies are cleared, before
      // a page says otherwise.
      if (first.user === null) expect(first.refreshes).toBe(1);
      const second = await visit(next, jar);
      expect(second.refreshes).toBe(0);
      if (goesOn(old, next)) expect([first.user, second.user]).toEqual(["alice", "alice"]);
      else if (first.user === null) expect([second.user, countOf(jar)]).toEqual([null, [0, 0, 0]]);
    },
  );

  test("a script is refreshed at most once, and then signed in or told that it is not", async () => {
    await using both = await startBoth();
    const { old, next, jar } = both;
    let answer = await post(next, jar, "/api");
    if (answer.text.includes("try refresh token")) {
      let refreshed = await post(next, jar, REFRESH);
      if (refreshed.status === 409) refreshed = await post(next, jar, REFRESH);
      expect(refreshed.status).toBe(goesOn(old, next) ? 200 : 401);
      answer = await post(next, jar, "/api");
    }
    if (goesOn(old, next)) expect(answer.json()).toMatchObject({ user: "alice" });
  });

  test("signing in, with or without a refresh before, leaves one cookie of each kind, of the new name", async () => {
    for (const before of [[], [REFRESH], ["/session/signout"]]) {
      await using both = await startBoth();
      const { next, jar } = both;
      for (const path of before) await post(next, jar, path);
      expect((await post(next, jar, "/login?user=bob")).status).toBe(200);
      // A duplicate of the same name is found by the next refresh.
      next.clock.now += 16 * MINUTE;
      if ((await post(next, jar, REFRESH)).status === 409) expect((await post(next, jar, REFRESH)).status).toBe(200);
      await post(next, jar, "/api");
      expect((await post(next, jar, "/api")).json()).toMatchObject({ user: "bob" });
      expect(Object.values(next.sessions.cookieNames).map(jar.count)).toEqual([1, 1, 1]);
      expect(countOf(jar), before.join()).toEqual([1, 1, 1]);
    }
  });
});

test("cookies of these names that are not ours are left alone: another app may need them", async () => {
  await using app = await start({});
  await using other = await start({ domain: "example.com" });
  const jar = createBrowserJar(HOST);
  await post(other, jar, "/login?user=bob");
  for (const path of ["/login", REFRESH, "/session/signout"]) await post(app, jar, path);
  expect(await visit(app, jar)).toEqual({ user: null, refreshes: 0 });
  expect(jar.count(other.sessions.cookieNames.access)).toBe(1);
});
