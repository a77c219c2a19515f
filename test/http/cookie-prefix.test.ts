/** Two apps on one host, told apart by `cookie.prefix`, also where they share store and keys. */
import { verifySession, findSession } from "counterfoil/express";
import express from "express";
import { describe, expect, test } from "vitest";
import { type BrowserJar, createBrowserJar } from "./browser-jar.ts";
import { FRAMEWORKS, startApp, type TestApp } from "./fixtures.ts";
import type { RawResponse } from "./send.ts";

const HOST = "shop.example";
const SECRET = "one secret for both apps, 32 characters";
const LOAD = { "sec-fetch-mode": "navigate", accept: "text/html" };

async function ask(app: TestApp, jar: BrowserJar, method: string, path: string, more = {}): Promise<RawResponse> {
  const headers = { host: HOST, cookie: jar.header(path), ...more };
  const answer = await app.send({ method, path, headers });
  jar.take(answer);
  return answer;
}

describe.each(["auto", true, false] as const)("hostPrefix %s", (hostPrefix) => {
  const start = (prefix: string | undefined, successorOf?: TestApp): Promise<TestApp> =>
    startApp({
      express: FRAMEWORKS[0].express,
      config: { secret: SECRET, cookie: { hostPrefix, prefix } },
      protect: { antiCsrfCheck: false },
      ...(successorOf && { successorOf }),
      extend(app, sessions) {
        app.get("/page", verifySession({ sessions, page: true, sessionRequired: false }), (request, response) => {
          response.json({ user: findSession(request)?.getUserId() ?? null });
        });
      },
    });

  test.each([
    [undefined, "shop_"],
    ["blog_", "shop_"],
    ["shop_", "shop_2"],
  ])("apps with the prefixes %s and %s over one store leave each other's cookies alone", async (one, two) => {
    await using blog = await start(one);
    await using shop = await start(two, blog);
    const jar = createBrowserJar(HOST);
    await ask(blog, jar, "POST", "/login?user=alice");
    // Of the other app a page shows nobody, and is not sent around to find out.
    const page = await ask(shop, jar, "GET", "/page", LOAD);
    expect([page.status, page.json(), page.cookies]).toEqual([200, { user: null }, []]);
    await ask(shop, jar, "POST", "/login?user=bob");
    for (const [app, user] of [
      [blog, "alice"],
      [shop, "bob"],
      [blog, "alice"],
    ] as const) {
      expect((await ask(app, jar, "POST", "/session/refresh")).status).toBe(200);
      expect((await ask(app, jar, "POST", "/api")).json()).toMatchObject({ user });
    }
    expect((await ask(shop, jar, "POST", "/session/signout")).cookies).toHaveLength(3);
    expect((await ask(shop, jar, "POST", "/api")).status).toBe(401);
    expect((await ask(blog, jar, "POST", "/api")).json()).toMatchObject({ user: "alice" });
    expect(await blog.sessions.getAllSessionHandlesForUser("alice")).toHaveLength(1);
    // Nobody's cookies are left, nor cleared, but those that an app has set itself.
    expect(Object.values(blog.sessions.cookieNames).map(jar.count)).toEqual([1, 1, 1]);
    expect(Object.values(shop.sessions.cookieNames).map(jar.count)).toEqual([0, 0, 0]);
  });
});

test("a change of hostPrefix clears the cookies of the other names with the same prefix", async () => {
  const config = { secret: SECRET, cookie: { hostPrefix: false, prefix: "shop_" } };
  await using old = await startApp({ express, config });
  const next = { ...config, cookie: { ...config.cookie, hostPrefix: true } };
  await using app = await startApp({ express, config: next, successorOf: old });
  const jar = createBrowserJar(HOST);
  await ask(old, jar, "POST", "/login");
  await ask(app, jar, "POST", "/login");
  expect(Object.values(old.sessions.cookieNames).map(jar.count)).toEqual([0, 1, 0]);
  await ask(app, jar, "POST", "/session/refresh");
  expect(Object.values(old.sessions.cookieNames).map(jar.count)).toEqual([0, 0, 0]);
});
