/**
 * What a sibling sub-domain can have done in the name of a visitor, in an app of Next.js, before
 * its proxy and without one.
 */
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isSkippedWithoutBrowser, openBrowser } from "../browser/chromium.ts";
import { bound } from "../fixtures/bounds.ts";
import { cookieHeader, send } from "../http/send.ts";
import { type CrossSiteServer, startCrossSite } from "./cross-site-server.ts";

const NEXT_16 = { name: "Next.js 16", version: "next" } as const;
/**
 * Its app is a build of its own, of some 36 s of CPU, and every rule that it tries is tried in
 * Next.js 16.
 */
const NEXT_15 = { name: "Next.js 15", version: "next15" } as const;
const VERSIONS = bound([NEXT_16], [NEXT_15, NEXT_16]);
/** The page and the route handler behind the proxy, and those that have none before them. */
const SHARDS = [
  { place: "behind the proxy", page: "/shop", route: "/shop/api/transfer", refusals: [403] },
  // Some versions of Next refuse such an action themselves, with 500. Of our refusal Next 16 makes
  // a 404.
  { place: "without a proxy", page: "/bare", route: "/bare/transfer", refusals: [403, 404, 500] },
] as const;
const TYPES = ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain"] as const;

describe.skipIf(isSkippedWithoutBrowser("cross-site requests to Next.js")).each(VERSIONS)("$name", ({ version }) => {
  let browser: Browser;
  let server: CrossSiteServer;
  let context: BrowserContext;
  let page: Page;
  /** The hidden field by which a form names its action. */
  let action: string;

  beforeAll(async () => {
    [browser, server] = await Promise.all([openBrowser(), startCrossSite(version)]);
    context = await browser.newContext();
    page = await context.newPage();
    await page.goto(`${server.origin}/shop`);
    expect(await page.evaluate(async () => (await fetch("/shop/login", { method: "POST" })).status)).toBe(200);
    action = (await page.getAttribute("form input[type=hidden]", "name")) ?? "";
    expect(action).toMatch(/^\$ACTION_ID_/);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.[Symbol.asyncDispose]();
  });

  const cookies = async (): Promise<string> =>
    cookieHeader((await context.cookies(server.origin)).map(({ name, value }) => [name, value]));

  /** How often the action has run for the visitor. */
  async function transfers(): Promise<number> {
    const answer = await send(server.port, { path: "/shop/api/mine", headers: { cookie: await cookies() } });
    return (answer.json() as { readonly transfers: number }).transfers;
  }

  /**
   * Loads a page of the sibling that posts a form by itself; the status of what the app answers.
   */
  async function postFromSibling(path: string, type: string, field: string): Promise<number | undefined> {
    const html = `<form method="post" action="${server.origin}${path}" enctype="${type}"><input name="${field}" value="1"></form>
      <script>document.forms[0].submit()</script>`;
    const answering = page.waitForResponse((response) => response.url() === server.origin + path);
    await page.goto(`${server.sibling}/?html=${encodeURIComponent(html)}`).catch(() => undefined);
    const answer = await answering;
    const sent = await answer.request().allHeaders();
    // What the attack rests on: the cookies come along, and the origin does not.
    expect([sent["sec-fetch-site"], sent["origin"], "cookie" in sent]).toEqual(["same-site", "null", true]);
    return answer.status();
  }

  describe.each(SHARDS)("$place", ({ page: path, route, refusals }) => {
    test("an action as a plain form of a sibling sub-domain: refused, and it does not run", async () => {
      const before = await transfers();
      expect(refusals).toContain(await postFromSibling(path, "multipart/form-data", action));
      expect(await transfers()).toBe(before);
    });

    test.each(TYPES)(
      "a route handler and a form of a sibling sub-domain (%s): 403, and nothing is done",
      async (type) => {
        const before = await transfers();
        expect(await postFromSibling(route, type, "amount")).toBe(403);
        expect(await transfers()).toBe(before);
      },
    );

    test("a fetched action that claims to come from elsewhere: refused, and it does not run", async () => {
      const before = await transfers();
      const headers = { "next-action": action.replace("$ACTION_ID_", ""), "content-type": "text/plain;charset=UTF-8" };
      for (const from of [
        { "sec-fetch-site": "same-site", origin: "null" },
        { "sec-fetch-site": "cross-site", origin: "https://evil.example" },
        { "sec-fetch-site": "cross-site", "counterfoil-method": "GET" },
      ]) {
        const sent = { host: new URL(server.origin).host, cookie: await cookies(), ...headers, ...from };
        const answer = await send(server.port, { method: "POST", path, headers: sent, body: "[]" });
        expect(refusals, JSON.stringify(from)).toContain(answer.status);
        expect(await transfers()).toBe(before);
      }
    });

    test("the app's own form, its own action by script and its own request go on working", async () => {
      let count = await transfers();
      await page.goto(server.origin + path);
      await page.click("#script");
      await page.waitForSelector("text=done");
      expect(await transfers()).toBe((count += 1));
      const status = await page.evaluate(async (url) => (await fetch(url, { method: "POST" })).status, route);
      expect([status, await transfers()]).toEqual([200, (count += 1)]);
      await using plain = await withoutScript();
      await plain.page.goto(server.origin + path);
      await plain.page.click("#form");
      await plain.page.waitForLoadState();
      expect([await plain.page.innerText("h1"), await transfers()]).toEqual(["victim", (count += 1)]);
    });

    test("a link of a sibling sub-domain shows the page, and the route, of the user who is signed in", async () => {
      for (const url of [path, route]) {
        const html = `<a href="${server.origin}${url}">go</a>`;
        await page.goto(`${server.sibling}/?html=${encodeURIComponent(html)}`);
        await page.click("a");
        await page.waitForURL(server.origin + url);
        expect(await page.innerText("body")).toContain("victim");
      }
    });

    test("a request without a cookie of ours passes, wherever it says that it comes from", async () => {
      const from = { "sec-fetch-site": "cross-site", origin: "https://pay.example" };
      const answer = await send(server.port, { method: "POST", path: route, headers: from, body: "{}" });
      expect([answer.status, answer.json()]).toEqual([200, { user: null }]);
    });
  });

  describe("sign-in by a server action", () => {
    const NAMES = ["sAccessToken", "sIdRefreshToken", "sRefreshToken"];
    const namesOf = async (of: BrowserContext): Promise<readonly string[]> =>
      (await of.cookies()).map(({ name }) => name).toSorted();

    test.each([
      { how: "with scripts", javaScriptEnabled: true },
      { how: "as plain forms", javaScriptEnabled: false },
    ])("$how: the page knows the user at once, and nobody after the sign-out", async ({ javaScriptEnabled }) => {
      await using other = await browser.newContext({ javaScriptEnabled });
      const visit = await other.newPage();
      await visit.goto(`${server.origin}/shop/account`);
      expect(await visit.innerText("h1")).toBe("Nobody");
      await visit.click("#in");
      await visit.waitForSelector("h1:has-text('bob')");
      const set = await other.cookies();
      expect(await namesOf(other)).toEqual(NAMES);
      // As a route handler sets them.
      const byRoute = await context.cookies();
      for (const { name, path, httpOnly, secure, sameSite } of byRoute)
        expect(set.find((cookie) => cookie.name === name)).toMatchObject({ path, httpOnly, secure, sameSite });
      await visit.goto(`${server.origin}/shop`);
      expect(await visit.innerText("h1")).toBe("bob");
      await visit.goto(`${server.origin}/shop/account`);
      await visit.click("#out");
      await visit.waitForSelector("h1:has-text('Nobody')");
      expect(await namesOf(other)).toEqual([]);
    });

    test("an action that is called signs in, and another user's session is over then", async () => {
      await using other = await browser.newContext();
      const visit = await other.newPage();
      await visit.goto(`${server.origin}/shop/account`);
      await visit.click("#in");
      await visit.waitForSelector("h1:has-text('bob')");
      const before = (await other.cookies()).find(({ name }) => name === "sRefreshToken")?.value;
      await visit.click("#script-in");
      await visit.waitForSelector("output:has-text('carol')");
      await visit.waitForSelector("h1:has-text('carol')");
      const after = (await other.cookies()).find(({ name }) => name === "sRefreshToken")?.value;
      expect([before === undefined, after === undefined, before === after]).toEqual([false, false, false]);
    });

    test("a page, which can set no cookie, is told so by Next, and leaves no session", async () => {
      await page.goto(`${server.origin}/shop/wrong`);
      expect(await page.innerText("h1")).toMatch(/^Cookies can only be modified in a Server Action.* 0 left$/);
    });
  });

  /** The same visitor, where no script runs. */
  async function withoutScript(): Promise<AsyncDisposable & { readonly page: Page }> {
    const other = await browser.newContext({ javaScriptEnabled: false });
    await other.addCookies(await context.cookies());
    return { page: await other.newPage(), [Symbol.asyncDispose]: () => other.close() };
  }
});
