/** A page that asks who is signed in goes on asking by itself, until it knows. */
import { expect, test } from "vitest";
import { ClientPage, openSignedIn, type PageOptions } from "./client-page.ts";
import { holdTimeouts, holdTimers, passInPage, passTimeout, passTimer, stopClock, timersOf } from "./page-clocks.ts";
import type { ClientPageScript } from "./pages/client-page.ts";
import type { SessionServer } from "./session-server.ts";
import { describeInAnyBrowser, type Stage } from "./stage.ts";

declare const page: ClientPageScript;

const REFRESH = "POST /session/refresh";
const SECOND = 1000;

/**
 * A page that has a session, no memory of it, and timers and clocks that stand still; it has no
 * client yet.
 */
async function openForgetful(stage: Stage): Promise<{ server: SessionServer; visitor: ClientPage }> {
  const { server, page: visitor } = await openSignedIn(stage);
  await visitor.tab.evaluate(() => {
    page.client.dispose();
    localStorage.clear();
  });
  await holdTimers(visitor.tab);
  await stopClock(visitor.tab);
  return { server, visitor };
}

/** Makes the client, whose first refresh fails. */
async function createInVain(server: SessionServer, visitor: ClientPage, options: PageOptions = {}): Promise<void> {
  await visitor.create(options);
  await expect.poll(async () => (await visitor.events()).at(-1)?.name).toBe("refresh-failed");
  expect(await visitor.session()).toEqual({ status: "loading" });
  expect(server.takeCalls().every((call) => call.startsWith(REFRESH))).toBe(true);
}

/** Lets the pause go by that the page has set; nothing is asked before its end. */
async function passPause(server: SessionServer, visitor: ClientPage, ms: number): Promise<void> {
  expect(await timersOf(visitor.tab)).toEqual([ms]);
  await passInPage(visitor.tab, ms - 1);
  await passTimer(visitor.tab, ms);
  expect(await timersOf(visitor.tab)).toEqual([1]);
  expect(server.takeCalls()).toEqual([]);
  await passInPage(visitor.tab, 1);
  await passTimer(visitor.tab, 1);
}

describeInAnyBrowser("a page that does not know who is signed in", (stage) => {
  test("asks again after 1, 2, 4, 8, 16, 30 and 30 s, and leaves no timer when it knows", async () => {
    const { server, visitor } = await openForgetful(stage());
    server.refresh.answer(502, {}, "", 7);
    await createInVain(server, visitor);
    for (const seconds of [1, 2, 4, 8, 16, 30]) {
      await passPause(server, visitor, seconds * SECOND);
      await expect.poll(() => timersOf(visitor.tab)).toHaveLength(1);
      expect(server.takeCalls()).toEqual([`${REFRESH} 502`]);
    }
    await passPause(server, visitor, 30 * SECOND);
    await expect.poll(() => visitor.session()).toMatchObject({ status: "signed-in", userId: "alice" });
    expect(server.takeCalls()).toEqual([`${REFRESH} 200`]);
    expect(await timersOf(visitor.tab)).toEqual([]);
  });

  test.for([
    { title: "a captive portal", status: 200, headers: { "content-type": "text/html" }, pause: SECOND },
    { title: "429 with Retry-After", status: 429, headers: { "retry-after": "3" }, pause: 3 * SECOND },
  ])("asks again after $title", async ({ status, headers, pause }) => {
    const { server, visitor } = await openForgetful(stage());
    server.refresh.answer(status, headers, "<h1>Please wait</h1>");
    await createInVain(server, visitor);
    await passPause(server, visitor, pause);
    await expect.poll(() => visitor.session()).toMatchObject({ status: "signed-in", userId: "alice" });
  });

  test("asks again after a server that did not answer, and not at once", async () => {
    const { server, visitor } = await openForgetful(stage());
    await holdTimeouts(visitor.tab);
    server.refresh.hold("before", 1);
    await visitor.create();
    await server.seen(REFRESH);
    await passTimeout(visitor.tab, 10_000);
    await expect.poll(() => timersOf(visitor.tab)).toEqual([SECOND]);
    server.takeCalls();
    await passPause(server, visitor, SECOND);
    await expect.poll(() => visitor.session()).toMatchObject({ status: "signed-in", userId: "alice" });
  });

  test.for([
    { title: "somebody signs in here", act: () => page.signIn("/login", { method: "POST", body: '{"user":"bob"}' }) },
    { title: "the user signs out", act: () => page.client.signOut() },
    { title: "its client is disposed of", act: () => page.client.dispose() },
  ])("asks no more, and has no timer, when $title", async ({ act }) => {
    const { server, visitor } = await openForgetful(stage());
    server.refresh.answer(502);
    await createInVain(server, visitor);
    expect(await timersOf(visitor.tab)).toEqual([SECOND]);
    await visitor.tab.evaluate(act);
    await expect.poll(() => timersOf(visitor.tab)).toEqual([]);
  });

  test("asks no more when another tab tells who it is", async () => {
    const { server, visitor } = await openForgetful(stage());
    server.refresh.answer(502);
    await createInVain(server, visitor);
    const other = await new ClientPage(await stage().newTab()).open(server);
    await expect.poll(() => other.session()).toMatchObject({ userId: "alice" });
    await expect.poll(() => visitor.session()).toMatchObject({ userId: "alice" });
    expect(await timersOf(visitor.tab)).toEqual([]);
  });

  test("a page that knows asks nothing by itself after a failure", async () => {
    const { server, page: visitor } = await openSignedIn(stage());
    await holdTimers(visitor.tab);
    server.expire();
    server.refresh.answer(502);
    expect(await visitor.fetch("/me")).toMatchObject({ status: 401, code: "REFRESH_FAILED" });
    expect(await timersOf(visitor.tab)).toEqual([]);
  });
});
