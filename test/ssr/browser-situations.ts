/** The same page loads by a real browser, with its own cookies and its own idea of a redirect. */
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isSkippedWithoutBrowser, openBrowser } from "../browser/chromium.ts";
import { startForgetfulProxy } from "./forgetful-proxy.ts";
import type { PageServer } from "./page-server.ts";
import { seen } from "./visitor.ts";

/** Somebody who has signed in, in a browser of their own. */
export interface Guest extends AsyncDisposable {
  readonly user: string;
  readonly context: BrowserContext;
  readonly page: Page;
}

export interface Stage {
  readonly server: () => PageServer;
  readonly signIn: () => Promise<Guest>;
}

const REFRESH = "/session/refresh";
export const textOf = (page: Page): Promise<string> => page.innerText("body");

/** The status of a script's own request. */
const fetchIn = (page: Page, path: string, method = "GET"): Promise<number> =>
  page.evaluate(async ({ url, how }) => (await fetch(url, { method: how })).status, { url: path, how: method });

/** In the browser: nothing replaces `fetch`. */
export function keepFetch(): void {
  const own = window.fetch.bind(window);
  Object.defineProperty(window, "fetch", { get: () => own, set() {} });
}

/**
 * @param serverOf what has been started before the tests
 * @param more situations that only this way of rendering has
 */
export function describeInBrowser(
  name: string,
  serverOf: () => PageServer,
  more: (stage: Stage) => void = () => undefined,
): void {
  const isSkipped = isSkippedWithoutBrowser(`pages rendered by ${name}`);

  describe.skipIf(isSkipped)(`${name} in Chromium`, () => {
    let browser: Browser;
    let server: PageServer;
    let users = 0;
    beforeAll(async () => {
      server = serverOf();
      browser = await openBrowser();
    });
    afterAll(() => browser?.close());

    async function signIn(): Promise<Guest> {
      users += 1;
      // Others sign in on the same server.
      const user = `guest${users}`;
      const context = await browser.newContext();
      const page = await context.newPage();
      await page.goto(`${server.origin}/`);
      const shown = await page.evaluate(async (who) => {
        const body = new URLSearchParams({ user: who });
        return (await fetch("/login", { method: "POST", body })).text();
      }, user);
      expect(seen({ text: shown })).toBe(`Signed in as ${user}`);
      // A page that stays open may refresh by itself what the next one is to refresh.
      await page.goto("about:blank");
      return { user, context, page, [Symbol.asyncDispose]: () => context.close() };
    }

    test("expired: one refresh, and the same page at a clean address", async () => {
      await using guest = await signIn();
      const { page, user, context } = guest;
      server.expire();
      const asked: string[] = [];
      page.on("request", (request) => {
        if (request.isNavigationRequest()) asked.push(new URL(request.url()).pathname);
      });
      const refreshed = server.count("session-refreshed");
      await page.goto(`${server.origin}/notes?page=1&q=%26a%3D`);
      expect([page.url(), await textOf(page)]).toEqual([
        `${server.origin}/notes?page=1&q=%26a%3D`,
        expect.stringContaining(`Notes of ${user}`),
      ]);
      expect(asked).toEqual(["/notes", REFRESH, "/notes", "/notes"]);
      expect(server.count("session-refreshed") - refreshed).toBe(1);
      expect((await context.cookies()).map((cookie) => cookie.name.replace("__Host-", "")).sort()).toEqual([
        "sAccessToken",
        "sIdRefreshToken",
        "sRefreshToken",
      ]);
    });

    test("expired, by a link of another site", async () => {
      await using guest = await signIn();
      const { page, user } = guest;
      server.expire();
      // Another host, so another site.
      const elsewhere = server.origin.replace("localhost", "127.0.0.1");
      await page.goto(`${elsewhere}/`);
      expect(await textOf(page)).toContain("Signed out");
      await page.setContent(`<a href="${server.origin}/notes?page=1">go</a>`);
      await page.click("a");
      await page.waitForURL(`${server.origin}/notes?page=1`);
      expect(await textOf(page)).toContain(`Notes of ${user}`);
    });

    test("ended: signed out, without cookies, at a clean address", async () => {
      await using guest = await signIn();
      const { page, user, context } = guest;
      await server.revoke(user);
      server.expire();
      await page.goto(`${server.origin}/?page=1`);
      expect([page.url(), await textOf(page)]).toEqual([
        `${server.origin}/?page=1`,
        expect.stringContaining("Signed out"),
      ]);
      expect(await context.cookies()).toEqual([]);
    });

    test("cookies that do not arrive: signed out for as long, and not sent around", async () => {
      await using proxy = await startForgetfulProxy(server.port);
      // The server checks where a sign-in comes from, so that goes to its own address; cookies do
      // not know ports.
      await using guest = await signIn();
      const { page, user } = guest;
      server.expire();
      proxy.keeps = false;
      let loads = 0;
      page.on("request", (request) => (loads += request.isNavigationRequest() ? 1 : 0));
      await page.goto(`${proxy.origin}/?page=1`);
      expect([await textOf(page), loads]).toEqual([expect.stringContaining("Signed out"), 3]);
      proxy.keeps = true;
      await page.goto(`${proxy.origin}/`);
      expect(await textOf(page)).toContain(`Signed in as ${user}`);
      expect(server.count("reuse-detected")).toBe(0);
    });

    test("ten tabs and their scripts at once: nobody is logged out", async () => {
      await using guest = await signIn();
      const { context, page, user } = guest;
      const tabs = await Promise.all(Array.from({ length: 10 }, () => context.newPage()));
      const ended = server.count("session-revoked");
      await page.goto(`${server.origin}/`);
      server.expire();
      const loads = tabs.map((tab, index) => tab.goto(`${server.origin}/notes?tab=${index}`));
      const scripts = Array.from({ length: 10 }, () => fetchIn(page, REFRESH, "POST"));
      for (const status of await Promise.all(scripts)) expect([200, 409]).toContain(status);
      await Promise.all(loads);
      for (const [index, tab] of tabs.entries()) {
        expect([tab.url(), await textOf(tab)]).toEqual([
          `${server.origin}/notes?tab=${index}`,
          expect.stringContaining(`Notes of ${user}`),
        ]);
      }
      expect(await fetchIn(page, "/api/me")).toBe(200);
      server.expire();
      await page.reload();
      expect(await textOf(page)).toContain(`Signed in as ${user}`);
      expect([server.count("reuse-detected"), server.count("session-revoked") - ended]).toEqual([0, 0]);
    });

    test("a script's request is refused, so that the script refreshes", async () => {
      await using guest = await signIn();
      const { page } = guest;
      await page.addInitScript(keepFetch);
      await page.goto(`${server.origin}/`);
      server.expire();
      expect(await fetchIn(page, "/api/me")).toBe(401);
      expect(await fetchIn(page, REFRESH, "POST")).toBe(200);
      expect(await fetchIn(page, "/api/me")).toBe(200);
    });

    test("not to another origin", async () => {
      await using guest = await signIn();
      const { page } = guest;
      for (const to of [
        "//127.0.0.1/",
        "/\\127.0.0.1/",
        "/\t/127.0.0.1/",
        "http://127.0.0.1/",
        "javascript:alert(1)",
      ]) {
        const response = await page.goto(`${server.origin}${REFRESH}?to=${encodeURIComponent(to)}`);
        expect([to, response?.status(), new URL(page.url()).origin]).toEqual([to, 400, server.origin]);
      }
    });

    more({ server: () => server, signIn });
  });
}
