/** Signing out works whatever the server says, and nothing brings the session back. */
import { expect, test } from "vitest";
import { ClientPage, openSignedIn } from "./client-page.ts";
import type { ClientPageScript } from "./pages/client-page.ts";
import { describeInAnyBrowser, describeInBrowsers } from "./stage.ts";
import { chromiumPage } from "./tab.ts";

declare const page: ClientPageScript;

const OUT = { status: "signed-out", reason: "sign-out" };
const ROUTE = "POST /session/signout";

describeInAnyBrowser("signing out", (stage) => {
  test("ends the session at the server, clears the cookies, and tells the other tabs", async () => {
    const { server, page: visitor } = await openSignedIn(stage());
    const other = await new ClientPage(await stage().newTab()).open(server);
    expect(await visitor.signOut()).toBe(true);
    expect(await visitor.session()).toEqual(OUT);
    await expect.poll(() => other.session()).toEqual(OUT);
    expect(server.takeCalls()).toEqual([`${ROUTE} 200`]);
    expect(server.count("session-revoked")).toBe(1);
    expect(await visitor.tab.evaluate(() => document.cookie)).toBe("");
    expect(await other.fetch("/me")).toMatchObject({ status: 401 });
    expect(server.takeCalls()).toEqual(["GET /me 401"]);
  });

  test("is done where the server says 401, since the session was over", async () => {
    const { server, page: visitor } = await openSignedIn(stage());
    await server.sessions.revokeAllSessionsForUser("alice");
    expect(await visitor.signOut()).toBe(true);
    expect(await visitor.session()).toEqual(OUT);
    expect(await visitor.tab.evaluate(() => document.cookie)).toBe("");
  });

  // 200: somebody else answers, such as a captive portal.
  test.each([200, 404, 500, 503])(
    "clears the state where the server says %d, and tells it again with the next page",
    async (status) => {
      const { server, page: visitor } = await openSignedIn(stage());
      server.at(ROUTE).answer(status, { "content-type": "text/html" }, "<h1>sorry</h1>");
      expect(await visitor.signOut()).toBe(false);
      expect(await visitor.session()).toEqual(OUT);
      // Its cookies are still there, and count for nothing.
      expect(await visitor.tab.evaluate(() => document.cookie)).toContain("sIdRefreshToken=");
      expect(await new ClientPage(await stage().newTab()).open(server).then((tab) => tab.session())).toEqual({
        status: "signed-out",
      });
      // In one of the cases somebody else's answer was a 200 as well.
      await server.seen(`${ROUTE} 200`, status === 200 ? 2 : 1);
      expect(server.count("session-revoked")).toBe(1);
      await expect.poll(() => visitor.tab.evaluate(() => document.cookie)).toBe("");
      expect(server.takeCalls()).toEqual([`${ROUTE} ${status}`, `${ROUTE} 200`]);
      await visitor.tab.reload();
      expect(await visitor.session()).toEqual({ status: "signed-out" });
      expect(server.takeCalls()).toEqual([]);
    },
  );

  test("is done where a CORS set-up hides the header: the marker is gone", async () => {
    const { server, page: visitor } = await openSignedIn(stage());
    server.rewriteAnswers((response) => response.removeHeader("counterfoil-session"));
    expect(await visitor.signOut()).toBe(true);
    expect(server.takeCalls()).toEqual([`${ROUTE} 200`]);
    await visitor.tab.reload();
    expect(await visitor.session()).toEqual({ status: "signed-out" });
    expect(server.takeCalls()).toEqual([]);
  });

  test("of nobody is not done by somebody else's 200 either", async () => {
    const server = await stage().serve();
    const visitor = await new ClientPage(await stage().newTab()).open(server);
    server.at(ROUTE).answer(200, { "content-type": "text/html" }, "<h1>Please log in</h1>");
    expect(await visitor.signOut()).toBe(false);
  });

  test("while a refresh is under way: its answer does not bring the session back", async () => {
    const { server, page: visitor } = await openSignedIn(stage());
    server.refresh.hold("after", 1);
    await visitor.tab.evaluate(() => void page.refresh());
    await server.seen("POST /session/refresh");
    await visitor.tab.evaluate(() => void Object.assign(globalThis, { done: page.client.signOut() }));
    expect(await visitor.session()).toEqual(OUT);
    server.refresh.release();
    expect(await visitor.tab.evaluate(() => (globalThis as unknown as { done: Promise<boolean> }).done)).toBe(true);
    expect(await visitor.session()).toEqual(OUT);
    expect(await visitor.tab.evaluate(() => document.cookie)).toBe("");
    expect((await visitor.events()).map(({ name }) => name)).toEqual(["signed-in", "signed-out"]);
    expect(await visitor.fetch("/me")).toMatchObject({ status: 401 });
    expect(server.takeCalls()).toEqual(["POST /session/refresh 200", `${ROUTE} 200`, "GET /me 401"]);
  });

  test("while a call is under way: its answer does not bring the session back", async () => {
    const { server, page: visitor } = await openSignedIn(stage());
    server.at("POST /claims").hold("after", 1);
    await visitor.tab.evaluate(
      () =>
        void Object.assign(globalThis, { late: page.fetch("/claims", { method: "POST", body: '{"role":"admin"}' }) }),
    );
    await server.seen("POST /claims");
    expect(await visitor.signOut()).toBe(true);
    server.at("POST /claims").release();
    await visitor.tab.evaluate(() => (globalThis as unknown as { late: Promise<unknown> }).late);
    expect(await visitor.session()).toEqual(OUT);
  });

  test("of the app's own making is noticed, in all tabs", async () => {
    const { server, page: visitor } = await openSignedIn(stage());
    const other = await new ClientPage(await stage().newTab()).open(server);
    expect(await visitor.fetch("/logout", { method: "POST" })).toMatchObject({ status: 200 });
    for (const tab of [visitor, other]) await expect.poll(() => tab.session()).toEqual(OUT);
    expect(server.takeCalls()).toEqual(["POST /logout 200"]);
  });

  test("of a session that has ended elsewhere: the refresh says so, and a theft is told as one", async () => {
    const { server, page: visitor } = await openSignedIn(stage());
    await server.sessions.revokeAllSessionsForUser("alice");
    server.expire();
    expect(await visitor.fetch("/me")).toMatchObject({ status: 401, body: { message: "try refresh token" } });
    expect(await visitor.session()).toEqual({ status: "signed-out", reason: "ended" });
    expect(server.takeCalls()).toEqual(["GET /me 401", "POST /session/refresh 401"]);

    expect(await visitor.signIn("bob")).toMatchObject({ status: 200 });
    server.refresh.answer(
      401,
      { "content-type": "application/json", "www-authenticate": 'Bearer realm="session", error="invalid_token"' },
      '{"message":"token theft detected"}',
    );
    expect(await visitor.refresh()).toMatchObject({ state: { status: "signed-out", reason: "theft" } });
  });
});

describeInBrowsers(
  "signing out without a network",
  (stage) => {
    test("clears the state, and the server is told when the browser is online again", async () => {
      const { server, page: visitor } = await openSignedIn(stage());
      const context = chromiumPage(visitor.tab).context();
      await context.setOffline(true);
      expect(await visitor.signOut()).toBe(false);
      expect(await visitor.session()).toEqual(OUT);
      await context.setOffline(false);
      await server.seen(`${ROUTE} 200`);
      expect(server.count("session-revoked")).toBe(1);
      expect(await visitor.session()).toEqual(OUT);
    });
  },
  { only: "Chromium" },
);
