/** Page loads where the refresh token comes along with each of them. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type PageServer, type Serve, startPages } from "./page-server.ts";
import { isSkippedWithoutBrowser, openBrowser } from "../browser/chromium.ts";
import { seen, TOO_OLD, visit } from "./visitor.ts";

const isCleared = (line: string): boolean => /^[^=]+=; Max-Age=0; /.test(line);

export function describeHostPrefix(name: string, serve: Serve): void {
  describe(`${name}: page loads with __Host- cookies`, () => {
    let server: PageServer;
    beforeAll(async () => {
      server = await startPages(serve, { cookie: { hostPrefix: true, secure: true } });
    });
    afterAll(() => server?.[Symbol.asyncDispose]());

    test("expired: refreshed on the spot, for the browser and for what is rendered", async () => {
      const { load, user } = await visit(server);
      server.expire();
      const refreshed = server.count("session-refreshed");
      const page = await load("/notes?page=1");
      expect([page.status, page.trail, seen(page), page.cookies.length]).toEqual([200, [], `Notes of ${user}`, 3]);
      expect(page.header("cache-control")).toBe("no-store");
      expect(server.count("session-refreshed") - refreshed).toBe(1);
      const next = await load("/notes?page=1");
      expect([next.trail, seen(next), next.cookies]).toEqual([[], `Notes of ${user}`, []]);
    });

    test("expired, and the sign-in is too old for the page: refreshed on the spot, and not rendered", async () => {
      const { load, user } = await visit(server);
      expect((await load("/settings")).text.replaceAll("<!-- -->", "")).toContain(`Settings of ${user}`);
      server.expire();
      const page = await load("/settings");
      expect([page.text.includes("Settings of"), page.cookies.length]).toEqual([false, 3]);
      expect(page.text).toMatch(TOO_OLD);
      expect(seen(await load("/notes"))).toBe(`Notes of ${user}`);
    });

    test("ended: signed out on the spot, cookies cleared", async () => {
      const { load, user, cookies } = await visit(server);
      await server.revoke(user);
      server.expire();
      const page = await load("/?page=1");
      expect([page.status, page.trail, seen(page)]).toEqual([200, [], "Signed out"]);
      expect([page.cookies.length, page.cookies.every(isCleared), cookies("/")]).toEqual([3, true, ""]);
    });

    test("a browser that drops new cookies is served all the same", async () => {
      const { load, user } = await visit(server);
      server.expire();
      for (const _ of [1, 2, 3]) {
        const page = await load("/notes", { keeps: false });
        expect([page.trail, seen(page)]).toEqual([[], `Notes of ${user}`]);
      }
      expect(server.count("reuse-detected")).toBe(0);
    });

    test("the store is down: 503, and nobody is logged out", async () => {
      const { load, user } = await visit(server);
      server.expire();
      const page = await server.whileDown(() => load("/notes"));
      expect([page.status, page.json(), page.cookies]).toEqual([503, { message: "unavailable" }, []]);
      expect(seen(await load("/notes"))).toBe(`Notes of ${user}`);
    });

    test("ten tabs, and scripts of ten others, at once: nobody is logged out", async () => {
      const { load, fetch, user } = await visit(server);
      server.expire();
      const loads = Array.from({ length: 10 }, (_, tab) => load(`/notes?tab=${tab}`));
      const fetches = Array.from({ length: 10 }, () => fetch("/session/refresh", "POST"));
      expect((await Promise.all(loads)).map(seen)).toEqual(Array(10).fill(`Notes of ${user}`));
      for (const { status } of await Promise.all(fetches)) expect([200, 409]).toContain(status);
      expect(server.count("reuse-detected")).toBe(0);
      server.expire();
      expect(seen(await load("/notes"))).toBe(`Notes of ${user}`);
    });

    test.skipIf(isSkippedWithoutBrowser(`__Host- cookies and pages of ${name}`))("and so in Chromium", async () => {
      const browser = await openBrowser();
      try {
        const page = await browser.newPage();
        await page.goto(server.origin);
        const signIn = async (): Promise<boolean> =>
          (await fetch("/login", { method: "POST", body: new URLSearchParams({ user: "alice" }) })).ok;
        expect(await page.evaluate(signIn)).toBe(true);
        await page.goto("about:blank");
        server.expire();
        const asked: string[] = [];
        page.on("request", (request) => request.isNavigationRequest() && asked.push(request.url()));
        const refreshed = server.count("session-refreshed");
        await page.goto(`${server.origin}/notes?page=1`);
        expect(await page.innerText("body")).toContain("Notes of alice");
        expect(asked).toEqual([`${server.origin}/notes?page=1`]);
        expect(server.count("session-refreshed") - refreshed).toBe(1);
        const cookies = await page.context().cookies();
        expect(cookies.map((cookie) => cookie.name.slice(0, 7))).toEqual(Array(3).fill("__Host-"));
      } finally {
        await browser.close();
      }
    });
  });
}
