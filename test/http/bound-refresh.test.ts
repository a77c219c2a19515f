/**
 * A refresh cookie has a path, so a sibling sub-domain can set one; the `__Host-` cookies beside it
 * say whose session it must be of.
 */
import express from "express";
import { verifySession, findSession } from "counterfoil/express";
import { describe, expect, test } from "vitest";
import { type BrowserJar, createBrowserJar } from "./browser-jar.ts";
import {
  apiCookies,
  clearedOf,
  type Credentials,
  credentialsOf,
  MINUTE,
  refreshCookies,
  SECOND,
  signIn,
  startApp,
  type TestApp,
} from "./fixtures.ts";
import { type RawResponse, cookieHeader, type SentHeaders } from "./send.ts";

const HOST = "shop.example.com";
const PATH = "/session/refresh";
const AUTO = { cookie: { hostPrefix: "auto" } } as const;

const start = (config: Parameters<typeof startApp>[0]["config"] = AUTO): Promise<TestApp> =>
  startApp({
    express,
    config,
    extend(app, sessions) {
      app.get("/page", verifySession({ sessions, page: true, sessionRequired: false }), (request, response) => {
        response.json({ user: findSession(request)?.getUserId() ?? null });
      });
    },
  });

const post = (app: TestApp, path: string, cookie: string): Promise<RawResponse> =>
  app.send({ method: "POST", path, headers: { host: HOST, cookie } });

/** One kind of cookie of each of several sessions. */
const some = (own: Credentials, ...kinds: readonly ("access" | "refresh" | "marker")[]): string =>
  cookieHeader(kinds.map((kind) => [own.names[kind], own[kind]]));

const clears = (answer: RawResponse): string[] => [
  ...new Set(answer.cookies.filter((line) => line.includes("=; Max-Age=0")).map((line) => line.split("=")[0] ?? "")),
];

describe("a refresh by cookie, where access cookie and marker are __Host-", () => {
  test.each([
    ["the marker", ["marker"]],
    ["the access cookie", ["access"]],
    ["both", ["access", "marker"]],
  ] as const)("works with %s of its session, also once the access token has expired", async (_name, kinds) => {
    await using app = await start();
    const own = await signIn(app);
    app.clock.now += 16 * MINUTE;
    const answer = await post(app, PATH, some(own, ...kinds, "refresh"));
    expect([answer.status, credentialsOf(answer).handle]).toEqual([200, own.handle]);
  });

  test("alone, or beside those of another session, or beside forged ones, it counts as not there", async () => {
    await using app = await start();
    const [own, other] = [await signIn(app), await signIn(app, "user=mallory")];
    const forged = { ...other, access: `${other.access.slice(0, -4)}AAAA`, marker: "1.x.1.1.1" };
    for (const beside of [
      "",
      some(own, "access", "marker"),
      some(own, "marker"),
      some(own, "access"),
      some(forged, "access", "marker"),
    ]) {
      app.store.takeCalls();
      const answer = await post(app, PATH, `${beside}; ${some(other, "refresh")}`);
      expect([answer.status, answer.json()]).toEqual([401, { message: "unauthorised" }]);
      expect(answer.header("www-authenticate")).toBe('Bearer realm="session"');
      for (const line of clearedOf(own)) expect(answer.cookies).toContain(line);
      // Also where it stands: the sibling's Domain.
      expect(answer.cookies).toContainEqual(expect.stringMatching(/^sRefreshToken=; .*Domain=example\.com/));
      expect(app.store.takeCalls().length).toBeLessThanOrEqual(1);
    }
    expect(await app.sessions.getAllSessionHandlesForUser("mallory")).toEqual([other.handle]);
  });

  test.each(["before", "after", "around"])(
    "a sibling's cookies %s ours lock nobody out, and are cleared",
    async (where) => {
      await using app = await start();
      const [own, other] = [await signIn(app), await signIn(app, "user=mallory")];
      const junk = Array.from({ length: 40 }, (_, index) => `${own.names.refresh}=junk${index}`);
      const tossed = [some(other, "refresh"), ...junk];
      const ours = some(own, "refresh");
      const all =
        { before: [...tossed, ours], after: [ours, ...tossed], around: [tossed[0], ours, ...junk] }[where] ?? [];
      const answer = await post(app, PATH, [some(own, "access", "marker"), ...all].join("; "));
      expect([answer.status, credentialsOf(answer).handle]).toEqual([200, own.handle]);
      expect(clears(answer)).toEqual([own.names.refresh]);
    },
  );

  test("a forged token of our handle beside ours is found out; two authentic ones stay ambiguous, and are cleared", async () => {
    await using app = await start();
    const own = await signIn(app);
    const forged = { ...own, refresh: `${own.refresh.slice(0, -4)}AAAA` };
    const beside = some(own, "marker");
    expect((await post(app, PATH, `${some(forged, "refresh")}; ${some(own, "refresh")}; ${beside}`)).status).toBe(200);
    const child = credentialsOf(await post(app, PATH, `${some(own, "refresh")}; ${beside}`), own);
    expect(child.refresh).not.toBe(own.refresh);
    const answer = await post(app, PATH, `${some(own, "refresh")}; ${some(child, "refresh")}; ${beside}`);
    expect([answer.status, clears(answer)]).toEqual([409, [own.names.refresh]]);
  });

  test("signature checks and store calls stay a handful, however many authentic cookies come", async () => {
    await using app = await start();
    const own = await signIn(app);
    const others: Credentials[] = [];
    for (let count = 0; count < 12; count += 1) others.push(await signIn(app, "user=mallory"));
    const many = others.map((other) => some(other, "access", "refresh", "marker")).join("; ");
    app.store.takeCalls();
    await post(app, PATH, `${many}; ${some(own, "access", "marker")}`);
    expect(app.store.takeCalls().length).toBeLessThanOrEqual(4);
  });

  describe("beside cookies of the session that its sign-in replaced", () => {
    async function replace(app: TestApp): Promise<{ old: Credentials; next: Credentials }> {
      const old = await signIn(app);
      app.clock.now += 5 * SECOND;
      // The late response of a refresh that does not rotate: it sets access cookie and marker, and
      // no refresh cookie.
      const child = credentialsOf(await post(app, PATH, refreshCookies(old)), old);
      const late = credentialsOf(await post(app, PATH, refreshCookies(child)), child);
      expect(late.refresh).toBe(child.refresh);
      return { old: late, next: await signIn(app, "user=bob", { cookie: apiCookies(child) }) };
    }

    test("it is refreshed: a late response signs nobody out", async () => {
      await using app = await start();
      const { old, next } = await replace(app);
      const answer = await post(app, PATH, `${some(old, "access", "marker")}; ${some(next, "refresh")}`);
      expect([answer.status, credentialsOf(answer).handle]).toEqual([200, next.handle]);
    });

    test("it is found among a sibling's", async () => {
      await using app = await start();
      const { old, next } = await replace(app);
      const other = await signIn(app, "user=mallory");
      for (const refreshes of [
        [other, next],
        [next, other],
      ]) {
        const cookie = [some(old, "marker"), ...refreshes.map((one) => some(one, "refresh"))].join("; ");
        const answer = await post(app, PATH, cookie);
        expect([answer.status, credentialsOf(answer).handle]).toEqual([200, next.handle]);
      }
    });

    test("a session that replaced another one, or none, is not", async () => {
      await using app = await start();
      const { old } = await replace(app);
      const mallory = await signIn(app, "user=mallory");
      const other = await signIn(app, "user=mallory", { cookie: apiCookies(mallory) });
      const cookie = `${some(old, "access", "marker")}; ${some(other, "refresh")}`;
      expect((await post(app, PATH, cookie)).status).toBe(401);
    });
  });

  test("with all three __Host- the refresh cookie needs nobody beside it, and without any there is nobody to ask", async () => {
    for (const cookie of [{ hostPrefix: true }, { hostPrefix: false }, { secure: false }, { domain: "example.com" }]) {
      await using app = await start({ cookie });
      const own = await signIn(app);
      expect((await post(app, PATH, some(own, "refresh"))).status).toBe(200);
    }
  });
});

describe("wherever else a refresh cookie names a session", () => {
  const LOAD = { "sec-fetch-mode": "navigate", "sec-fetch-dest": "document", accept: "text/html" };
  const load = (app: TestApp, path: string, more: SentHeaders): Promise<RawResponse> =>
    app.send({ path, headers: { ...LOAD, host: HOST, ...more } });

  test("sign-in and sign-out do not end a session that a tossed cookie names", async () => {
    await using app = await start();
    const other = await signIn(app, "user=mallory");
    for (const path of ["/login", "/session/signout"]) await post(app, path, some(other, "refresh"));
    expect(await app.sessions.getAllSessionHandlesForUser("mallory")).toEqual([other.handle]);
    // With the marker of its session beside it, it does.
    await post(app, "/session/signout", some(other, "refresh", "marker"));
    expect(await app.sessions.getAllSessionHandlesForUser("mallory")).toEqual([]);
  });

  test("a page is not refreshed on the spot by a tossed cookie: it goes through the refresh route as ever", async () => {
    await using app = await start();
    const [own, other] = [await signIn(app), await signIn(app, "user=mallory")];
    app.clock.now += 16 * MINUTE;
    const cookie = `${apiCookies(own)}; ${some(other, "refresh")}`;
    const answer = await load(app, "/page", { cookie });
    expect([answer.status, answer.header("location"), answer.cookies]).toEqual([303, `${PATH}?to=%2Fpage`, []]);
  });

  test("a sibling that leads a visitor to the refresh route signs nobody in, by GET neither", async () => {
    await using app = await start();
    const other = await signIn(app, "user=mallory");
    const jar: BrowserJar = createBrowserJar(HOST);
    jar.put({ name: other.names.refresh, value: other.refresh, domain: "example.com", path: PATH });
    const answer = await load(app, `${PATH}?to=%2Fpage`, {
      cookie: jar.header(PATH),
      "sec-fetch-site": "same-site",
    });
    jar.take(answer);
    expect([answer.status, jar.header(PATH)]).toEqual([303, ""]);
    const page = await load(app, "/page", { cookie: jar.header("/page") });
    expect(page.json()).toEqual({ user: null });
  });

  test("a client with tokens in headers is not disturbed by a tossed cookie", async () => {
    await using app = await start();
    const other = await signIn(app, "user=mallory");
    const login = await app.send({ method: "POST", path: "/login", headers: { "st-auth-mode": "header" } });
    const headers = {
      host: HOST,
      authorization: `Bearer ${login.header("st-refresh-token")}`,
      cookie: some(other, "refresh"),
    };
    const answer = await app.send({ method: "POST", path: PATH, headers });
    expect([answer.status, answer.header("st-access-token")?.length]).toEqual([200, expect.any(Number)]);
  });
});
