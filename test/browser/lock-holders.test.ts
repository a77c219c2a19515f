/** The tab that refreshes for all may be closed, frozen, or wait for a server that never answers. */
import { expect, test } from "vitest";
import { ClientPage, openSignedIn } from "./client-page.ts";
import type { ClientPageScript } from "./pages/client-page.ts";
import { describeInBrowsers, type Stage } from "./stage.ts";
import { chromiumPage } from "./tab.ts";

declare const page: ClientPageScript;

const LOCK_TIMEOUT = 5000;
const REFRESH_TIMEOUT = 10_000;

/** One tab whose refresh hangs at the server, and another one. */
async function openWithHangingRefresh(stage: Stage, point: "before" | "after") {
  const { server, page: visitor } = await openSignedIn(stage);
  const other = await new ClientPage(await stage.newTab()).open(server);
  server.expire();
  server.refresh.hold(point, 1);
  await visitor.tab.evaluate(() => void page.client.fetch("/me").catch(() => undefined));
  await server.seen("POST /session/refresh");
  return { server, visitor, other };
}

/** How long a call of the other tab takes, which needs the refresh, too. */
const timeCall = (visitor: ClientPage): Promise<{ readonly status: number; readonly ms: number }> =>
  visitor.tab.evaluate(async () => {
    const start = performance.now();
    const { status } = await page.fetch("/me?other");
    return { status, ms: performance.now() - start };
  });

describeInBrowsers("a tab that refreshes for all", (stage) => {
  test.each(["before", "after"] as const)(
    "is closed, %s the server has done it: another one takes over at once",
    async (point) => {
      const { server, visitor, other } = await openWithHangingRefresh(stage(), point);
      const called = timeCall(other);
      await server.seen("GET /me", 2);
      await visitor.tab.close();
      const { status, ms } = await called;
      expect(status).toBe(200);
      expect(ms).toBeLessThan(LOCK_TIMEOUT);
      expect(server.count("session-refreshed")).toBe(point === "before" ? 1 : 2);
    },
  );

  test("waits for a server that does not answer: another one does without the lock after 5 s", async () => {
    const { server, visitor, other } = await openWithHangingRefresh(stage(), "after");
    const { status, ms } = await timeCall(other);
    expect(status).toBe(200);
    expect(ms).toBeGreaterThan(LOCK_TIMEOUT - 500);
    // The holder's answer comes late; whose cookies the browser has then is for the server to bear.
    server.refresh.release();
    await expect.poll(() => visitor.fetch("/me")).toMatchObject({ status: 200 });
    expect(await other.fetch("/notes", { method: "POST", body: "x" })).toMatchObject({ status: 200 });
    expect(server.count("session-refreshed")).toBe(2);
  });

  test("waits in vain with four others: those go on one after the other, with one refresh", async () => {
    const short = { lockTimeout: 2000 };
    const { server, page: visitor } = await openSignedIn(stage(), short);
    const others: ClientPage[] = [];
    for (let n = 0; n < 4; n++) others.push(await new ClientPage(await stage().newTab()).open(server, short));
    server.expire();
    server.refresh.hold("before", 1);
    await visitor.tab.evaluate(() => void page.client.fetch("/me").catch(() => undefined));
    await server.seen("POST /session/refresh");
    const calls = await Promise.all(others.map((other) => timeCall(other)));
    expect(calls.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(server.count("session-refreshed")).toBe(1);
  });

  test("that hangs gives up after 10 s, with an error of its own, and the next call tries again", async () => {
    const { server, page: visitor } = await openSignedIn(stage());
    server.expire();
    server.refresh.hold("before", 1);
    const first = await visitor.tab.evaluate(async () => {
      const start = performance.now();
      const answer = await page.client.fetch("/me");
      const { held = [], pending = [] } = await navigator.locks.query();
      const locks = [...held, ...pending].length;
      return { status: answer.status, code: answer.sessionError?.code, ms: performance.now() - start, locks };
    });
    expect(first).toMatchObject({ status: 401, code: "REFRESH_TIMEOUT", locks: 0 });
    expect(first.ms).toBeGreaterThan(REFRESH_TIMEOUT - 500);
    expect(await visitor.session()).toMatchObject({ status: "signed-in", userId: "alice" });
    expect((await visitor.events()).at(-1)).toMatchObject({
      name: "refresh-failed",
      detail: { code: "REFRESH_TIMEOUT" },
    });
    expect(await visitor.fetch("/me")).toMatchObject({ status: 200 });
    expect(server.count("session-refreshed")).toBe(1);
  });

  test("whose call is known to need it rejects with the typed error", async () => {
    const { server, page: visitor } = await openSignedIn(stage(), { refreshTimeout: 500 });
    server.expire();
    server.refresh.hold("before", 1);
    expect(await visitor.refresh()).toEqual({ code: "REFRESH_TIMEOUT" });
    expect(await visitor.session()).toMatchObject({ status: "signed-in" });
    expect(await visitor.refresh()).toMatchObject({ state: { status: "signed-in" } });
    expect(server.count("session-refreshed")).toBe(1);
  });
});

describeInBrowsers(
  "a tab that is frozen by the browser while it refreshes for all",
  (stage) => {
    test("another one finishes after 5 s, and no alarm rings when it thaws", async () => {
      const { server, visitor, other } = await openWithHangingRefresh(stage(), "after");
      const session = await chromiumPage(visitor.tab).context().newCDPSession(chromiumPage(visitor.tab));
      await session.send("Page.setWebLifecycleState", { state: "frozen" });
      const { status, ms } = await timeCall(other);
      expect(status).toBe(200);
      expect(ms).toBeLessThan(2 * LOCK_TIMEOUT);
      server.refresh.release();
      await session.send("Page.setWebLifecycleState", { state: "active" });
      await expect.poll(() => visitor.fetch("/me?thawed"), { timeout: 15_000 }).toMatchObject({ status: 200 });
      expect(await other.fetch("/notes", { method: "POST", body: "x" })).toMatchObject({ status: 200 });
    });
  },
  { only: "Chromium" },
);
