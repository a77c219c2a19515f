/** The stage itself, with the page's own `fetch` in place of a client. */
import { expect, test } from "vitest";
import { describeInAnyBrowser, describeInBrowsers, Stage } from "./stage.ts";
import { chromiumPage, type Tab } from "./tab.ts";

/** POST with a body, GET without. The page keeps the anti-CSRF token that it gets. */
const call = (tab: Tab, url: string, body?: string): Promise<{ status: number; text: string }> =>
  tab.evaluate(
    async (to) => {
      const token = sessionStorage.getItem("token");
      const init = to.body === null ? {} : { method: "POST", body: to.body };
      const headers = token === null ? {} : { "anti-csrf": token };
      const answer = await fetch(to.url, { credentials: "include", headers, ...init });
      sessionStorage.setItem("token", answer.headers.get("anti-csrf") ?? token ?? "");
      return { status: answer.status, text: await answer.text() };
    },
    { url, body: body ?? null },
  );

const statusOf = async (tab: Tab, url: string, body?: string): Promise<number> => (await call(tab, url, body)).status;
const LOGIN = JSON.stringify({ user: "alice", claims: { role: "member" } });

/** A tab on a blank page, where alice has signed in. */
async function openSignedIn(stage: Stage) {
  const server = await stage.serve();
  const tab = await stage.newTab();
  expect(await tab.goto(`${server.origin}/blank`)).toBe(200);
  expect(await statusOf(tab, "/login", LOGIN)).toBe(200);
  expect(server.takeCalls()).toEqual(["POST /login 200"]);
  return { server, tab };
}

describeInAnyBrowser("the stage", (stage) => {
  test("sign in, call, expire, refresh", async () => {
    const { server, tab } = await openSignedIn(stage());
    expect(await call(tab, "/me")).toEqual({ status: 200, text: '{"user":"alice","claims":{"role":"member"}}' });
    server.expire();
    expect(await call(tab, "/me")).toEqual({ status: 401, text: '{"message":"try refresh token"}' });
    expect(await statusOf(tab, "/session/refresh", "")).toBe(200);
    expect(await statusOf(tab, "/me")).toBe(200);
    expect(server.takeCalls()).toEqual(["GET /me 200", "GET /me 401", "POST /session/refresh 200", "GET /me 200"]);
    expect([server.count("session-created"), server.count("session-refreshed")]).toEqual([1, 1]);
  });

  test("routes that refuse, redirect, or need no session; bodies and headers are kept", async () => {
    const { server, tab } = await openSignedIn(stage());
    expect(await statusOf(tab, "/notes", "grün")).toBe(200);
    expect(await call(tab, "/password", "x")).toEqual({ status: 401, text: '{"message":"wrong password"}' });
    expect(await call(tab, "/always-refused")).toEqual({ status: 401, text: '{"message":"try refresh token"}' });
    expect(await statusOf(tab, "/open")).toBe(200);
    expect(await statusOf(tab, "/redirect?to=/open")).toBe(200);
    const traffic = server.takeTraffic();
    expect(traffic.map((one) => one.call)).toEqual([
      "POST /notes 200",
      "POST /password 401",
      "GET /always-refused 401",
      "GET /open 200",
      "GET /redirect 307",
      "GET /open 200",
    ]);
    const [note, password, refused] = traffic;
    expect(note?.body?.toString()).toBe("grün");
    expect(note?.asked).toMatchObject({ "sec-fetch-site": "same-origin", "content-length": "5" });
    expect(password?.answered["www-authenticate"]).toBeUndefined();
    expect(refused?.answered["www-authenticate"]).toContain('realm="session"');
  });

  test("a call is held before the server sees it, and its answer after that", async () => {
    const { server, tab } = await openSignedIn(stage());
    server.refresh.hold("before");
    const early = statusOf(tab, "/session/refresh", "");
    await server.seen("POST /session/refresh");
    expect(server.count("session-refreshed")).toBe(0);
    server.refresh.release();
    expect(await early).toBe(200);
    expect(server.takeCalls()).toEqual(["POST /session/refresh 200"]);

    server.refresh.hold("after", 1);
    const late = statusOf(tab, "/session/refresh", "");
    await expect.poll(() => server.count("session-refreshed"), { timeout: 10_000 }).toBe(2);
    expect(await statusOf(tab, "/session/refresh", ""), "the second one passes").toBe(200);
    expect(server.takeCalls()).toEqual(["POST /session/refresh pending", "POST /session/refresh 200"]);
    server.refresh.release();
    expect(await late).toBe(200);
  });

  test("something else answers for the server, as often as told", async () => {
    const { server, tab } = await openSignedIn(stage());
    server.refresh.answer(503, { "content-type": "text/html", "retry-after": "2" }, "<h1>Sorry</h1>", 2);
    for (const status of [503, 503, 200]) expect(await statusOf(tab, "/session/refresh", "")).toBe(status);
    const [first] = server.takeTraffic();
    expect(first?.answered).toMatchObject({ "retry-after": "2" });
    expect(server.count("session-refreshed")).toBe(1);
  });

  test("calls are gathered, and refused in the same moment", async () => {
    const { server, tab } = await openSignedIn(stage());
    server.expire();
    server.gather(3);
    const first = [statusOf(tab, "/me?1"), statusOf(tab, "/me?2")];
    await server.seen("GET /me", 2);
    expect(server.takeCalls()).toEqual(["GET /me pending", "GET /me pending"]);
    expect(await Promise.all([...first, statusOf(tab, "/me?3")])).toEqual([401, 401, 401]);
    expect(await statusOf(tab, "/me"), "and no more are held").toBe(401);
  });

  test("a browser that leaves is seen", async () => {
    const { server, tab } = await openSignedIn(stage());
    server.at("GET /open").hang();
    const unanswered = statusOf(tab, "/open").catch(() => 0);
    await server.seen("GET /open");
    await tab.close();
    expect(await unanswered).toBe(0);
    await server.seen("GET /open gone");
  });

  test("other ports and other hosts are other origins, other sites get no cookie", async () => {
    const { server, tab } = await openSignedIn(stage());
    const others = [stage().site, `www.${stage().site}`, `other-${stage().site}`];
    const pages = await Promise.all(others.map((site) => stage().serve({}, site)));
    const seen: unknown[] = [];
    for (const { origin } of pages) {
      await tab.goto(`${origin}/blank`);
      // No CORS here, so the answer stays unread.
      await expect(statusOf(tab, `${server.origin}/me`)).rejects.toThrow();
      const [me] = server.takeTraffic();
      seen.push([me?.call, me?.asked["sec-fetch-site"]]);
    }
    expect(seen).toEqual([
      ["GET /me 200", "same-site"],
      ["GET /me 200", "same-site"],
      ["GET /me 401", "cross-site"],
    ]);
  });

  test("pages of a trusted origin read the answers", async () => {
    const pages = await stage().serve();
    const api = await stage().serve({ http: { trustedOrigins: [pages.origin] } });
    const tab = await stage().newTab();
    await tab.goto(`${pages.origin}/blank`);
    expect(await statusOf(tab, `${api.origin}/login`, LOGIN)).toBe(200);
    expect(await statusOf(tab, `${api.origin}/me`)).toBe(200);
    expect([api.takeCalls(), pages.takeCalls()]).toEqual([["POST /login 200", "GET /me 200"], []]);
  });

  test("tabs of a profile share the session, another profile has none", async () => {
    const { server } = await openSignedIn(stage());
    const other = await (await stage().newProfile()).newTab();
    const second = await stage().newTab();
    for (const tab of [second, other]) await tab.goto(`${server.origin}/blank`);
    expect([await statusOf(second, "/me"), await statusOf(other, "/me")]).toEqual([200, 401]);
  });

  test("what a function in the page throws comes back", async () => {
    const tab = await stage().newTab();
    const failing = tab.evaluate(() => {
      throw new TypeError("from the page");
    });
    await expect(failing).rejects.toThrow("from the page");
  });

  test("an alarm fails the stage, unless its test wants it", async () => {
    const own = new Stage(stage().browser);
    const server = await own.serve();
    const { refreshToken } = await server.sessions.createNewSession("alice");
    const second = await server.sessions.refreshSession(refreshToken.value);
    await server.sessions.refreshSession(second.newRefreshToken.value);
    server.advance(60_000);
    await expect(server.sessions.refreshSession(refreshToken.value)).rejects.toThrow();
    expect(server.count("reuse-detected")).toBe(1);
    await expect(own[Symbol.asyncDispose]()).rejects.toThrow("expected 1 to be +0");
    server.expectedAlarms = 1;
    await own[Symbol.asyncDispose]();
  });
});

describeInBrowsers(
  "Chromium's own protocol",
  (stage) => {
    test("can be reached", async () => {
      const tab = await stage().newTab();
      const session = await chromiumPage(tab).context().newCDPSession(chromiumPage(tab));
      expect(await session.send("Runtime.evaluate", { expression: "1 + 1" })).toMatchObject({ result: { value: 2 } });
    });
  },
  { only: "Chromium" },
);

describeInBrowsers(
  "the history of a tab",
  (stage) => {
    test("a page that is gone back to comes out of memory, one that is reloaded does not", async () => {
      const server = await stage().serve();
      const tab = await stage().newTab();
      const mark = (): Promise<boolean> => tab.evaluate(() => "mark" in globalThis);
      await tab.goto(`${server.origin}/blank?1`);
      await tab.evaluate(() => void Object.assign(globalThis, { mark: true }));
      await tab.goto(`${server.origin}/blank?2`);
      expect(await mark()).toBe(false);
      await tab.goBack();
      expect(await tab.evaluate(() => location.search)).toBe("?1");
      expect(await mark()).toBe(true);
      await tab.reload();
      expect(await mark()).toBe(false);
      expect(await tab.goto(`${server.origin}/none`)).toBe(404);
    });
  },
  { whole: true },
);
