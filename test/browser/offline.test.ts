/** No network: the session stays, and is refreshed once when the browser is back. */
import { expect, test } from "vitest";
import { MINUTE } from "../fixtures/constants.ts";
import { startProxy } from "../servers/proxy.ts";
import { until } from "../servers/until.ts";
import { ClientPage, openSignedIn } from "./client-page.ts";
import { expectPause, outcomeOf } from "./failed-call.ts";
import { passInPage, stopClock } from "./page-clocks.ts";
import type { ClientPageScript } from "./pages/client-page.ts";
import { describeInAnyBrowser, describeInBrowsers, type Stage } from "./stage.ts";
import { chromiumPage, type Tab } from "./tab.ts";

declare const page: ClientPageScript;

/**
 * What the browser tells a page when it is online again; several times, as it does where the
 * network comes and goes.
 */
const tellOnline = (tab: Tab): Promise<void> =>
  tab.evaluate(() => {
    for (let n = 0; n < 5; n++) globalThis.dispatchEvent(new Event("online"));
  });

/** Alice's page, behind a network that can go away. */
async function openBehindNetwork(stage: Stage) {
  const server = await stage.serve();
  const network = await startProxy({ host: "127.0.0.1", port: Number(new URL(server.origin).port) });
  const url = `http://${stage.site}:${network.port}/page?options={}`;
  const client = new ClientPage(await stage.newTab());
  expect(await client.tab.goto(url)).toBe(200);
  expect(await client.signIn()).toMatchObject({ status: 200 });
  server.takeCalls();
  return { server, network, client, [Symbol.asyncDispose]: () => network.close() };
}

/** The network goes away while a refresh is under way. */
async function loseNetwork({ server, network, client }: Awaited<ReturnType<typeof openBehindNetwork>>): Promise<void> {
  const before = await client.session();
  server.expire();
  server.refresh.hold("before", 1);
  const outcome = outcomeOf(client, "/me");
  await server.seen("POST /session/refresh");
  network.refuse();
  network.cut();
  expect(await outcome).toEqual({
    status: 401,
    text: '{"message":"try refresh token"}',
    code: "REFRESH_UNREACHABLE",
  });
  expect(await client.session()).toEqual(before);
  await client.tab.evaluate(async () => {
    for (let n = 0; n < 20; n++) await page.client.fetch("/me").catch(() => undefined);
  });
  expect((await client.events()).map(({ name }) => name)).toEqual(["signed-in", "refresh-failed"]);
  // The one that was cut is all that has come.
  expect(server.takeCalls()).toEqual(["GET /me 401", "POST /session/refresh gone"]);
}

describeInAnyBrowser("without a network", (stage) => {
  test("the session stays, and is refreshed once when the browser says that it is online", async () => {
    await using opened = await openBehindNetwork(stage());
    const { server, network, client } = opened;
    await loseNetwork(opened);
    await network.accept();
    await tellOnline(client.tab);
    await server.seen("POST /session/refresh 200");
    await until("the page knows", async () => (await client.events()).at(-1)?.name === "refreshed");
    await tellOnline(client.tab);
    expect(await outcomeOf(client, "/me")).toMatchObject({ status: 200 });
    expect(server.takeCalls()).toEqual(["POST /session/refresh 200", "GET /me 200"]);
  });

  test("each return of the network is one try, and no more", async () => {
    const { server, page: client } = await openSignedIn(stage());
    server.expire();
    await stopClock(client.tab);
    server.refresh.answer(500, {}, "", 2);
    expect(await outcomeOf(client, "/me")).toMatchObject({ status: 401, code: "REFRESH_FAILED" });
    await tellOnline(client.tab);
    await server.seen("POST /session/refresh", 2);
    await until("the page knows", async () => (await client.events()).length === 3);
    const refreshes = server.takeCalls().filter((call) => call.startsWith("POST"));
    expect(refreshes).toEqual([500, 500].map((status) => `POST /session/refresh ${status}`));
    await expectPause({ server, client }, 2000);
    expect(await outcomeOf(client, "/me")).toMatchObject({ status: 200 });
  });

  test("a server that has said when to come back is not asked earlier", async () => {
    const { server, page: client } = await openSignedIn(stage());
    server.expire();
    await stopClock(client.tab);
    server.refresh.answer(503, { "retry-after": "3" });
    expect(await outcomeOf(client, "/me")).toMatchObject({ status: 401, refreshStatus: 503 });
    expect(server.takeCalls()).toEqual(["GET /me 401", "POST /session/refresh 503"]);
    await expectPause({ server, client }, 3000, () => tellOnline(client.tab));
    expect(await outcomeOf(client, "/me")).toMatchObject({ status: 200 });
    expect(server.takeCalls()).toEqual(["GET /me 401", "POST /session/refresh 200", "GET /me 200"]);
  });
});

describeInBrowsers(
  "a tab that was hidden without a network",
  (stage) => {
    test("refreshes once when it is looked at again", async () => {
      await using opened = await openBehindNetwork(stage());
      const { server, network, client } = opened;
      await loseNetwork(opened);
      const other = await stage().newTab();
      await other.bringToFront();
      const isHidden = () => client.tab.evaluate(() => document.visibilityState === "hidden");
      await until("the tab is hidden", isHidden);
      await network.accept();
      await tellOnline(client.tab);
      expect(server.takeCalls(), "nobody looks").toEqual([]);
      await client.tab.bringToFront();
      await server.seen("POST /session/refresh 200");
      expect(await outcomeOf(client, "/me")).toMatchObject({ status: 200 });
      expect(server.takeCalls()).toEqual(["POST /session/refresh 200", "GET /me 200"]);
    });
  },
  { only: "Firefox" },
);

describeInBrowsers(
  "a browser that is offline",
  (stage) => {
    test("sends no call whose token is known to have expired, and refreshes when it is back", async () => {
      const { server, page: client } = await openSignedIn(stage());
      const context = chromiumPage(client.tab).context();
      await stopClock(client.tab);
      await passInPage(client.tab, 15 * MINUTE);
      server.expire();
      await context.setOffline(true);
      const namesAfterCall = async (): Promise<readonly string[]> => {
        expect(await outcomeOf(client, "/me")).toEqual({ code: "REFRESH_UNREACHABLE" });
        return (await client.events()).map(({ name }) => name);
      };
      expect(await namesAfterCall()).toEqual(["signed-in", "refresh-failed"]);
      await passInPage(client.tab, 999);
      expect(await namesAfterCall()).toEqual(["signed-in", "refresh-failed"]);
      await passInPage(client.tab, 1);
      expect(await namesAfterCall()).toEqual(["signed-in", "refresh-failed", "refresh-failed"]);
      expect(await client.session()).toMatchObject({ status: "signed-in", userId: "alice" });
      expect(server.takeCalls()).toEqual([]);
      await context.setOffline(false);
      await server.seen("POST /session/refresh 200");
      expect(server.takeCalls()).toEqual(["POST /session/refresh 200"]);
      expect(await outcomeOf(client, "/me")).toMatchObject({ status: 200 });
    });
  },
  { only: "Chromium" },
);
