/** No network: the session stays, and is refreshed once when the browser is back. */
import type { CounterfoilConfig } from "counterfoil";
import { expect, test } from "vitest";
import { startProxy } from "../servers/proxy.ts";
import { until } from "../servers/until.ts";
import { ClientPage, openSignedIn } from "./client-page.ts";
import { hasPassed, insist, outcomeOf, pausesOf } from "./failed-call.ts";
import type { ClientPageScript } from "./pages/client-page.ts";
import { describeInBrowsers, type Stage } from "./stage.ts";
import { chromiumPage, type Tab } from "./tab.ts";

declare const page: ClientPageScript;

/** What the browser tells a page when it is online again; several times, as it does where the network comes and goes. */
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

describeInBrowsers("without a network", (stage) => {
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
    server.refresh.answer(500, {}, "", 2);
    expect(await outcomeOf(client, "/me")).toMatchObject({ status: 401, code: "REFRESH_FAILED" });
    await tellOnline(client.tab);
    await server.seen("POST /session/refresh", 2);
    await until("the page knows", async () => (await client.events()).length === 3);
    await insist(client);
    const refreshes = server.takeCalls().filter((call) => call.startsWith("POST"));
    expect(refreshes).toEqual([500, 500, 200].map((status) => `POST /session/refresh ${status}`));
    expect((await pausesOf(client))[1]).toBeGreaterThanOrEqual(1995);
  });

  test("a server that has said when to come back is not asked earlier", async () => {
    const { server, page: client } = await openSignedIn(stage());
    server.expire();
    server.refresh.answer(503, { "retry-after": "3" });
    await insist(client, true);
    const refreshes = server.takeCalls().filter((call) => call.startsWith("POST"));
    expect(refreshes).toEqual(["POST /session/refresh 503", "POST /session/refresh 200"]);
    expect((await pausesOf(client))[0]).toBeGreaterThanOrEqual(2995);
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

const SHORT: CounterfoilConfig = { tokens: { accessToken: { validity: "2s" } } };

describeInBrowsers(
  "a browser that is offline",
  (stage) => {
    test("sends no call whose token is known to have expired, and refreshes when it is back", async () => {
      const { server, page: client } = await openSignedIn(stage(), {}, SHORT);
      const context = chromiumPage(client.tab).context();
      await until("the token has expired", () => hasPassed(client, 3000));
      await context.setOffline(true);
      expect(await outcomeOf(client, "/me")).toEqual({ code: "REFRESH_UNREACHABLE" });
      await until("it has tried again", async () => {
        await outcomeOf(client, "/me");
        return (await client.events()).length > 2;
      });
      expect((await pausesOf(client))[0]).toBeGreaterThanOrEqual(995);
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
