/**
 * The tab that refreshes for all may be closed, frozen, or wait for a server that never answers.
 */
import { expect, test } from "vitest";
import { ClientPage, openSignedIn } from "./client-page.ts";
import { until } from "../servers/until.ts";
import { holdTimeouts, holdTimers, passTimeout, passTimer, timeoutsOf, timersOf } from "./page-clocks.ts";
import type { ClientPageScript } from "./pages/client-page.ts";
import { describeInAnyBrowser, describeInBrowsers, type Stage } from "./stage.ts";
import { chromiumPage } from "./tab.ts";

declare const page: ClientPageScript;

const LOCK_TIMEOUT = 5000;
const REFRESH_TIMEOUT = 10_000;
/** Each time out when the test says so. */
const DEFAULTS = { lockTimeout: LOCK_TIMEOUT, refreshTimeout: REFRESH_TIMEOUT };

/** A tab whose refresh hangs at the server, and others that wait as long as the test wants. */
async function openWithHangingRefresh(stage: Stage, point: "before" | "after", count = 1) {
  const { server, page: visitor } = await openSignedIn(stage);
  const others: ClientPage[] = [];
  for (let n = 0; n < count; n++) {
    const other = await new ClientPage(await stage.newTab()).open(server, DEFAULTS);
    await holdTimeouts(other.tab);
    others.push(other);
  }
  server.expire();
  server.refresh.hold(point, 1);
  await visitor.tab.evaluate(() => void page.client.fetch("/me").catch(() => undefined));
  await server.seen("POST /session/refresh");
  const [other] = others as [ClientPage];
  return { server, visitor, others, other };
}

/** A call that needs the refresh, too; all of it is sent by now but what waits for the lock. */
async function callBeside({ server, others }: Awaited<ReturnType<typeof openWithHangingRefresh>>) {
  const calls = others.map((other) => other.fetch("/me?other"));
  await server.seen("GET /me 401", 1 + others.length);
  return { calls };
}

const refreshesOf = (calls: readonly string[]): readonly string[] =>
  calls.filter((call) => call.startsWith("POST /session/refresh"));

describeInAnyBrowser("a tab that refreshes for all", (stage) => {
  test("is waited for 5 s and its server 10 s, by default", async () => {
    const { server, page: visitor } = await openSignedIn(stage());
    await visitor.create();
    await holdTimeouts(visitor.tab);
    server.expire();
    expect(await visitor.fetch("/me")).toMatchObject({ status: 200 });
    expect(await timeoutsOf(visitor.tab)).toEqual([LOCK_TIMEOUT, REFRESH_TIMEOUT]);
  });

  test.each(["before", "after"] as const)(
    "is closed, %s the server has done it: another one takes over, and waits for no timeout",
    async (point) => {
      const opened = await openWithHangingRefresh(stage(), point);
      const { calls } = await callBeside(opened);
      await opened.visitor.tab.close();
      expect(await calls[0]).toMatchObject({ status: 200 });
      expect(opened.server.count("session-refreshed")).toBe(point === "before" ? 1 : 2);
    },
  );

  test("waits for a server that does not answer: another one does without the lock after 5 s", async () => {
    const opened = await openWithHangingRefresh(stage(), "after");
    const { server, visitor, other } = opened;
    const { calls } = await callBeside(opened);
    expect(refreshesOf(server.takeCalls())).toEqual(["POST /session/refresh pending"]);
    await passTimeout(other.tab, LOCK_TIMEOUT);
    expect(await calls[0]).toMatchObject({ status: 200 });
    // The holder's answer comes late; whose cookies the browser has then is for the server to bear.
    server.refresh.release();
    await expect.poll(() => visitor.fetch("/me")).toMatchObject({ status: 200 });
    expect(await other.fetch("/notes", { method: "POST", body: "x" })).toMatchObject({ status: 200 });
    expect(server.count("session-refreshed")).toBe(2);
  });

  test("hangs while four others wait: after 5 s those go on one after the other, with one refresh", async () => {
    const opened = await openWithHangingRefresh(stage(), "before", 4);
    const { calls } = await callBeside(opened);
    for (const other of opened.others) await passTimeout(other.tab, LOCK_TIMEOUT);
    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(opened.server.count("session-refreshed")).toBe(1);
  });

  test("that hangs gives up after 10 s, with an error of its own, and the next call tries again", async () => {
    const { server, page: visitor } = await openSignedIn(stage(), DEFAULTS);
    await holdTimeouts(visitor.tab);
    server.expire();
    server.refresh.hold("before", 1);
    const first = visitor.tab.evaluate(async () => {
      const answer = await page.client.fetch("/me");
      const { held = [], pending = [] } = await navigator.locks.query();
      const locks = [...held, ...pending].length;
      return { status: answer.status, code: answer.sessionError?.code, locks };
    });
    await server.seen("POST /session/refresh");
    await passTimeout(visitor.tab, REFRESH_TIMEOUT);
    expect(await first).toEqual({ status: 401, code: "REFRESH_TIMEOUT", locks: 0 });
    expect(await visitor.session()).toMatchObject({ status: "signed-in", userId: "alice" });
    expect((await visitor.events()).at(-1)).toMatchObject({
      name: "refresh-failed",
      detail: { code: "REFRESH_TIMEOUT" },
    });
    expect(await visitor.fetch("/me")).toMatchObject({ status: 200 });
    expect(server.count("session-refreshed")).toBe(1);
  });

  test("is told to wait longer than that: it fails at once, and holds no lock", async () => {
    const { server, page: visitor } = await openSignedIn(stage(), DEFAULTS);
    await holdTimers(visitor.tab);
    server.expire();
    server.refresh.answer(409, { "retry-after": "25" });
    const found = await visitor.tab.evaluate(async () => {
      const answer = await page.client.fetch("/me");
      const { held = [] } = await navigator.locks.query();
      const { code, status, retryAfter } = answer.sessionError!;
      return { code, status, retryAfter, locks: held.length };
    });
    expect(found).toEqual({ code: "REFRESH_FAILED", status: 409, retryAfter: 25_000, locks: 0 });
    expect(await timersOf(visitor.tab)).toEqual([]);
  });

  test("is told to wait: no longer than is left of its 10 s", async () => {
    const { server, page: visitor } = await openSignedIn(stage(), DEFAULTS);
    await holdTimers(visitor.tab);
    await holdTimeouts(visitor.tab);
    server.expire();
    server.refresh.answer(409, { "retry-after": "6" }, "", 2);
    const answer = visitor.fetch("/me");
    await server.seen("POST /session/refresh 409");
    await passTimer(visitor.tab, 6000);
    await server.seen("POST /session/refresh 409", 2);
    await until("it waits again", async () => (await timersOf(visitor.tab)).includes(6000));
    await passTimeout(visitor.tab, REFRESH_TIMEOUT);
    expect(await answer).toMatchObject({ status: 401, code: "REFRESH_TIMEOUT" });
    expect(await visitor.fetch("/me")).toMatchObject({ status: 200 });
  });

  test("whose call is known to need it rejects with the typed error", async () => {
    const { server, page: visitor } = await openSignedIn(stage(), DEFAULTS);
    await holdTimeouts(visitor.tab);
    server.expire();
    server.refresh.hold("before", 1);
    const refreshed = visitor.refresh();
    await server.seen("POST /session/refresh");
    await passTimeout(visitor.tab, REFRESH_TIMEOUT);
    expect(await refreshed).toEqual({ code: "REFRESH_TIMEOUT" });
    expect(await visitor.session()).toMatchObject({ status: "signed-in" });
    expect(await visitor.refresh()).toMatchObject({ state: { status: "signed-in" } });
    expect(server.count("session-refreshed")).toBe(1);
  });
});

describeInBrowsers(
  "a tab that is frozen by the browser while it refreshes for all",
  (stage) => {
    test("another one finishes after 5 s, and no alarm rings when it thaws", async () => {
      const opened = await openWithHangingRefresh(stage(), "after");
      const { server, visitor, other } = opened;
      const session = await chromiumPage(visitor.tab).context().newCDPSession(chromiumPage(visitor.tab));
      await session.send("Page.setWebLifecycleState", { state: "frozen" });
      const { calls } = await callBeside(opened);
      await passTimeout(other.tab, LOCK_TIMEOUT);
      expect(await calls[0]).toMatchObject({ status: 200 });
      server.refresh.release();
      await session.send("Page.setWebLifecycleState", { state: "active" });
      await expect.poll(() => visitor.fetch("/me?thawed")).toMatchObject({ status: 200 });
      expect(await other.fetch("/notes", { method: "POST", body: "x" })).toMatchObject({ status: 200 });
    });
  },
  { only: "Chromium" },
);
