/** One stream for all tabs of a browser tells them that their session has ended. */
import { type CounterfoilConfig, createSessions, type Sessions } from "counterfoil";
import { memory } from "counterfoil/memory";
import { expect, onTestFinished, test } from "vitest";
import { SECRET } from "../../fixtures/constants.ts";
import { until } from "../../servers/until.ts";
import { switchable } from "../../store/switchable-store.ts";
import { serveScript } from "../serve-script.ts";
import type { SessionServer } from "../session-server.ts";
import { describeInBrowsers, type Stage } from "../stage.ts";
import type { Tab } from "../tab.ts";
import type { OpenPageScript } from "./page-script.ts";

declare const page: OpenPageScript;

const STREAM = "GET /session/events";
const PATIENCE = { timeout: 60_000 };

/** A server that follows the feed, and another process on its store. */
async function serve(stage: Stage, http: CounterfoilConfig["http"] = { openPages: true }) {
  const { store, setFaults } = switchable(memory());
  const server = await stage.serve({
    store,
    http,
    tokens: { accessToken: { revocation: "feed", feed: { bound: "200ms" } } },
  });
  serveScript(server, "open", import.meta.resolve("./page-script.ts"));
  const elsewhere: Sessions = createSessions({ store, secret: SECRET, cookie: { secure: false } });
  onTestFinished(() => elsewhere.close());
  return { server, elsewhere, setFaults };
}

async function openTab(stage: Stage, server: SessionServer): Promise<Tab> {
  const tab = await stage.newTab();
  expect(await tab.goto(`${server.origin}/open`)).toBe(200);
  return tab;
}

const signIn = (tab: Tab): Promise<number> =>
  tab.evaluate(async () => (await page.client.signIn("/login", { method: "POST", body: '{"user":"alice"}' })).status);
const reasonsOf = (tab: Tab): Promise<readonly unknown[]> => tab.evaluate(() => page.reasons);
const streamsOf = (server: SessionServer): number =>
  server.takeCalls().filter((call) => call.startsWith(STREAM)).length;

describeInBrowsers("open pages", (stage) => {
  test("two tabs, one stream: both know that another process has ended their session", async () => {
    const { server, elsewhere } = await serve(stage());
    const [first, second] = [await openTab(stage(), server), await openTab(stage(), server)];
    expect(await signIn(first)).toBe(200);
    await server.seen(STREAM);
    await expect.poll(() => second.evaluate(() => page.client.session().status), PATIENCE).toBe("signed-in");
    await elsewhere.revokeAllSessionsForUser("alice");
    for (const tab of [first, second]) await expect.poll(() => reasonsOf(tab), PATIENCE).toEqual(["ended"]);
    expect(streamsOf(server)).toBe(1);
  });

  test("the next tab takes over when the one with the stream is closed", async () => {
    const { server, elsewhere } = await serve(stage());
    const first = await openTab(stage(), server);
    expect(await signIn(first)).toBe(200);
    await server.seen(STREAM);
    const second = await openTab(stage(), server);
    await first.close();
    await server.seen(STREAM, 2);
    await elsewhere.revokeAllSessionsForUser("alice");
    await expect.poll(() => reasonsOf(second), PATIENCE).toEqual(["ended"]);
  });

  test("an end that did not happen signs nobody out: the client refreshes, and the stream opens again", async () => {
    const { server, setFaults } = await serve(stage());
    const tab = await openTab(stage(), server);
    expect(await signIn(tab)).toBe(200);
    await server.seen(STREAM);
    // The store's answer is lost, so the guard ends what may have ended.
    setFaults((operation) => (operation === "deleteSessionsOfUser" ? "before" : undefined));
    let refreshes = 0;
    await until("a refresh", async () => {
      await server.sessions.revokeAllSessionsForUser("alice").catch(() => undefined);
      refreshes += server.takeCalls().filter((call) => call === "POST /session/refresh 200").length;
      return refreshes > 0;
    });
    await server.seen(STREAM);
    expect(await reasonsOf(tab)).toEqual([]);
    expect(await tab.evaluate(() => page.client.session().status)).toBe("signed-in");
  });

  test("without a session there is no stream, and a sign-out ends it", async () => {
    const { server } = await serve(stage());
    const tab = await openTab(stage(), server);
    expect(streamsOf(server)).toBe(0);
    expect(await signIn(tab)).toBe(200);
    await server.seen(STREAM);
    await tab.evaluate(() => page.client.signOut());
    expect(await reasonsOf(tab)).toEqual(["sign-out"]);
    expect(streamsOf(server)).toBe(1);
  });

  test("a server without the route is asked twice, and then left alone", async () => {
    const { server } = await serve(stage(), {});
    const tab = await openTab(stage(), server);
    expect(await signIn(tab)).toBe(200);
    await server.seen("HEAD /session/events 404");
    expect(streamsOf(server)).toBe(1);
    expect(await tab.evaluate(() => page.client.session().status)).toBe("signed-in");
  });
});
