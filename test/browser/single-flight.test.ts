/**
 * Calls that need the same refresh: in one tab, in tabs without locks, and in tabs that come late.
 */
import { expect, test } from "vitest";
import { bound } from "../fixtures/bounds.ts";
import { ClientPage, openSignedIn } from "./client-page.ts";
import { countRefreshes } from "./refresh-count.ts";
import { describeInAnyBrowser } from "./stage.ts";

const REFRESH = "POST /session/refresh";

describeInAnyBrowser("single flight", (stage) => {
  test("a hundred callers in a tab: one refresh, one lock request", async () => {
    const { server, page } = await openSignedIn(stage());
    await page.tab.evaluate(() => {
      const { locks } = navigator;
      const request: (...given: never[]) => unknown = locks.request.bind(locks);
      const asked = Object.assign(globalThis, { asked: [] as string[] }).asked;
      const counted = (...given: never[]): unknown => {
        asked.push(String(given[0]));
        return request(...given);
      };
      Object.defineProperty(locks, "request", { value: counted });
    });
    server.expire();
    expect(await page.fetchMe(100)).toEqual(Array.from({ length: 100 }, () => 200));
    expect(await page.tab.evaluate(() => Reflect.get(globalThis, "asked") as unknown)).toEqual([
      `counterfoil:${server.origin}/session/refresh`,
    ]);
    expect(server.count("session-refreshed")).toBe(1);
    expect(countRefreshes(server)).toBe(1);
  });

  test("a refusal that arrives after the refresh: sent again, no second refresh", async () => {
    const { server, page } = await openSignedIn(stage());
    const other = await new ClientPage(await stage().newTab()).open(server);
    server.expire();
    server.at("GET /me").hold("after", 2);
    const late = page.fetchMe(1);
    const lateElsewhere = other.fetchMe(1);
    await server.seen("GET /me", 2);
    expect(await page.fetchMe(1)).toEqual([200]);
    expect(server.takeCalls()).toEqual([
      "GET /me pending",
      "GET /me pending",
      "GET /me 401",
      `${REFRESH} 200`,
      "GET /me 200",
    ]);
    server.at("GET /me").release();
    expect(await Promise.all([late, lateElsewhere])).toEqual([[200], [200]]);
    expect(server.takeCalls()).toEqual(["GET /me 200", "GET /me 200"]);
    expect(server.count("session-refreshed")).toBe(1);
  });
});

describeInAnyBrowser("three tabs without locks", (stage) => {
  test("all calls succeed, with at most one refresh a tab", async () => {
    const server = await stage().serve();
    const pages = await Promise.all(
      [1, 2, 3].map(async (number) => {
        const tab = await stage().newTab();
        expect(await tab.goto(`${server.origin}/page?${number}`)).toBe(200);
        // As in a page that is no secure context.
        await tab.evaluate(() => void Reflect.deleteProperty(Navigator.prototype, "locks"));
        expect(await tab.evaluate(() => "locks" in navigator)).toBe(false);
        const page = new ClientPage(tab);
        await page.create();
        return page;
      }),
    );
    const [first] = pages;
    expect(await first?.signIn()).toMatchObject({ status: 200 });

    // All are refused before one of them asks for tokens, and all ask before one of them is
    // answered.
    server.expire();
    server.gather(6);
    server.refresh.gather(3);
    const askers = async (): Promise<readonly string[]> => {
      const answers = await Promise.all(pages.map((page) => page.fetchMe(5)));
      expect(answers).toEqual(pages.map(() => [200, 200, 200, 200, 200]));
      const refreshes = server.takeTraffic().filter(({ call }) => call.startsWith(REFRESH));
      expect(new Set(refreshes.map(({ call }) => call))).toEqual(new Set([`${REFRESH} 200`]));
      return refreshes.map(({ asked }) => asked.referer ?? "").toSorted();
    };
    expect(await askers()).toEqual([1, 2, 3].map((number) => `${server.origin}/page?${number}`));

    // The session has survived the three, and goes on.
    for (let round = 0; round < bound(2, 5); round++) {
      server.expire();
      const asked = await askers();
      expect(asked.length).toBeGreaterThanOrEqual(1);
      expect(new Set(asked).size).toBe(asked.length);
    }
  });
});
