/**
 * Tabs wait for the lock of another one that refreshes. What they hear of it meanwhile can end
 * their wait: here the lock is released when the test says so.
 */
/* oxlint-disable unicorn/require-post-message-target-origin -- channels have none */
import { expect, test } from "vitest";
import { until } from "../servers/until.ts";
import { ClientPage, openSignedIn } from "./client-page.ts";
import type { ClientPageScript } from "./pages/client-page.ts";
import { countRefreshes } from "./refresh-count.ts";
import type { SessionServer } from "./session-server.ts";
import { describeInBrowsers, type Stage } from "./stage.ts";
import type { StagedRoute } from "./staged-route.ts";
import type { Tab } from "./tab.ts";

declare const page: ClientPageScript;

/** From now on the tab keeps its locks after their work is done, until `releaseLocks`. */
const keepLocks = (tab: Tab): Promise<void> =>
  tab.evaluate(() => {
    let open: (() => void) | undefined;
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const { locks } = navigator;
    const request = locks.request.bind(locks) as (...given: unknown[]) => unknown;
    const keeping = (name: string, options: LockOptions, work: () => Promise<unknown>): unknown =>
      request(name, options, () => work().finally(() => gate));
    Object.defineProperty(locks, "request", { value: keeping });
    Object.assign(globalThis, { open });
  });

const releaseLocks = (tab: Tab): Promise<void> =>
  tab.evaluate(() => (globalThis as unknown as { open: () => void }).open());

/** How many tabs have the lock, and how many wait for it. */
const countLocks = (tab: Tab): Promise<{ readonly held: number; readonly waiting: number }> =>
  tab.evaluate(async () => {
    const { held = [], pending = [] } = await navigator.locks.query();
    return { held: held.length, waiting: pending.length };
  });

/**
 * A tab whose refresh has come to the server and is held there, and others that wait for it.
 *
 * @param stageRefresh how the refresh is answered
 */
async function openWaiting(stage: Stage, count: number, stageRefresh?: (refresh: StagedRoute) => void) {
  const { server, page: holder } = await openSignedIn(stage);
  const others: ClientPage[] = [];
  while (others.length < count) others.push(await new ClientPage(await stage.newTab()).open(server));
  await keepLocks(holder.tab);
  stageRefresh?.(server.refresh);
  server.expire();
  server.refresh.hold("before", 1);
  const held = holder.fetch("/me?holder");
  await server.seen("POST /session/refresh");
  const calls = Promise.all(others.map((other, n) => other.fetch(`/me?${n}`)));
  await until("the others wait", async () => (await countLocks(holder.tab)).waiting === count);
  return { server, holder, held, others, calls };
}

/** No message arrives in this page from now on. */
const loseMessages = (tab: Tab): Promise<void> =>
  tab.evaluate(() => {
    // The channel is left while a page rests in the back/forward cache.
    dispatchEvent(new PageTransitionEvent("pagehide"));
  });

const statuses = (answers: readonly { readonly status: number }[]): readonly number[] =>
  answers.map(({ status }) => status);

/**
 * Another script of the origin tells all tabs of a marker that the server has not made. Resolves
 * when they have heard it.
 */
async function lie(liar: Tab, { origin }: SessionServer, hearers: readonly ClientPage[]): Promise<void> {
  const name = `counterfoil:${origin}/session/refresh`;
  for (const { tab } of hearers)
    await tab.evaluate((of) => {
      const channel = new BroadcastChannel(of);
      const heard = new Promise((resolve) => {
        channel.addEventListener("message", () => setTimeout(resolve));
      });
      Object.assign(globalThis, { heard });
    }, name);
  await liar.evaluate((of) => {
    const [, handle = "", generation = "", times = ""] =
      /sIdRefreshToken=(1\.[^.;]+\.)(\d+)(\.[^;]+)/.exec(document.cookie) ?? [];
    new BroadcastChannel(of).postMessage({ marker: handle + (Number(generation) + 1) + times });
  }, name);
  for (const { tab } of hearers) await tab.evaluate(() => Reflect.get(globalThis, "heard") as unknown);
}

describeInBrowsers("tabs that wait for another one's refresh", (stage) => {
  test("go on when they hear of it, while the lock is still held", async () => {
    const { server, holder, held, calls } = await openWaiting(stage(), 3);
    server.refresh.release();
    expect(statuses(await calls)).toEqual([200, 200, 200]);
    expect(await countLocks(holder.tab)).toEqual({ held: 1, waiting: 0 });
    await releaseLocks(holder.tab);
    expect(await held).toMatchObject({ status: 200 });
    expect(countRefreshes(server)).toBe(1);
  });

  test("wait for the lock when the message is lost", async () => {
    const { server, holder, held, others, calls } = await openWaiting(stage(), 2);
    for (const { tab } of others) await loseMessages(tab);
    server.refresh.release();
    await server.seen("POST /session/refresh 200");
    expect(await countLocks(holder.tab)).toEqual({ held: 1, waiting: 2 });
    await releaseLocks(holder.tab);
    expect(statuses([await held, ...(await calls)])).toEqual([200, 200, 200]);
    expect(countRefreshes(server)).toBe(1);
  });

  test("do not believe a marker that the browser does not have", async () => {
    const { server, holder, held, others, calls } = await openWaiting(stage(), 2);
    const liar = await stage().newTab();
    await liar.goto(`${server.origin}/blank`);
    await lie(liar, server, others);
    expect(await countLocks(holder.tab)).toEqual({ held: 1, waiting: 2 });
    expect(server.takeCalls()).toEqual(["GET /me 401", "POST /session/refresh pending", "GET /me 401", "GET /me 401"]);
    server.refresh.release();
    await releaseLocks(holder.tab);
    expect(statuses([await held, ...(await calls)])).toEqual([200, 200, 200]);
    expect(server.count("session-refreshed")).toBe(1);
  });

  test("end their wait when another tab signs out", async () => {
    const { server, holder, held, others, calls } = await openWaiting(stage(), 2);
    const leaving = await new ClientPage(await stage().newTab()).open(server);
    await leaving.tab.evaluate(() => void page.client.signOut());
    expect(statuses(await calls)).toEqual([401, 401]);
    for (const other of others) expect(await other.session()).toEqual({ status: "signed-out", reason: "sign-out" });
    expect((await countLocks(holder.tab)).held).toBe(1);
    server.refresh.release();
    await releaseLocks(holder.tab);
    await held;
    await server.seen("POST /session/signout 200");
    expect(countRefreshes(server)).toBe(1);
  });

  test("end their wait when the refresh finds a theft", async () => {
    const { server, holder, held, others, calls } = await openWaiting(stage(), 2, (refresh) =>
      refresh.answer(
        401,
        { "www-authenticate": 'Bearer realm="session", error="invalid_token"' },
        '{"message":"token theft detected"}',
      ),
    );
    server.refresh.release();
    expect(statuses(await calls)).toEqual([401, 401]);
    for (const other of others) expect(await other.session()).toEqual({ status: "signed-out", reason: "theft" });
    expect(await countLocks(holder.tab)).toEqual({ held: 1, waiting: 0 });
    await releaseLocks(holder.tab);
    expect(await held).toMatchObject({ status: 401 });
    expect(countRefreshes(server)).toBe(1);
  });
});
