/** The same rules with the cookies, `Origin` and `Sec-Fetch-Site` of a real browser. */
import express5 from "express";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { isSkippedWithoutBrowser, openBrowser } from "../browser/chromium.ts";
import { listen } from "../fixtures/listen.ts";
import { type AppSpec, FRAMEWORKS, startApp, type TestApp } from "./fixtures.ts";

const isSkipped = isSkippedWithoutBrowser("what browsers do with our cookies");

/** What a script of a page says beside the URL; goes to the browser as JSON. */
interface PagePost {
  readonly mode?: "no-cors";
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

describe.skipIf(isSkipped)("in Chromium", () => {
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let foreign: Awaited<ReturnType<typeof listen>>;

  beforeAll(async () => {
    browser = await openBrowser();
    // A page of another origin, with a form that posts to wherever its query says.
    const other = express5();
    other.get("/", (request, response) => {
      const target = new URL(request.url, "http://any.example").searchParams.get("to");
      response.send(`<form method="post" action="${target}"><button>go</button></form>`);
    });
    foreign = await listen(other);
  });
  afterAll(async () => {
    await foreign?.close();
    await browser?.close();
  });
  beforeEach(async () => {
    context = await browser.newContext();
    page = await context.newPage();
  });
  afterEach(() => context?.close());

  /**
   * The app with a login page; `seen` is what it answered, with what the browser said about the
   * origin.
   */
  async function startSite(spec: Omit<AppSpec, "before">) {
    const seen: string[] = [];
    const app = await startApp({
      ...spec,
      before(own) {
        own.use((request, response, next) => {
          response.on("finish", () => {
            const site = String(request.headers["sec-fetch-site"]);
            if (request.method !== "GET") seen.push(`${site} ${request.method} ${request.path} ${response.statusCode}`);
          });
          next();
        });
        own.get("/", (_request, response) => {
          response.send('<form method="post" action="/login?user=alice"><button>Sign in</button></form>');
        });
      },
    });
    return { app, seen, origin: `http://127.0.0.1:${app.port}` };
  }

  async function signInByForm(app: TestApp): Promise<void> {
    await page.goto(`http://127.0.0.1:${app.port}/`);
    await page.click("button");
    await page.waitForURL("**/login?user=alice");
    expect(await page.textContent("body")).toContain('"ok":true');
  }

  /** A POST by a script of the page at hand; the status that it sees, and the anti-CSRF token. */
  const post = (url: string, init: PagePost = {}): Promise<{ status: number; antiCsrf: string | null }> =>
    page.evaluate(
      async ({ target, more }) => {
        const answer = await fetch(target, { method: "POST", credentials: "include", ...more });
        return { status: answer.status, antiCsrf: answer.headers.get("anti-csrf") };
      },
      { target: url, more: init },
    );

  describe.each(FRAMEWORKS)("with $name", ({ express }) => {
    test("the own page: a form signs in, scripts call, refresh and sign out, and read no cookie but the marker", async () => {
      const { app, seen, origin } = await startSite({ express });
      await using _ = app;
      await signInByForm(app);
      const kept = await context.cookies(`${origin}/session/refresh`);
      expect(
        kept.map(({ name, httpOnly, secure, sameSite, path }) => [name, httpOnly, secure, sameSite, path]),
      ).toEqual(
        expect.arrayContaining([
          [app.sessions.cookieNames.access, true, true, "Lax", "/"],
          [app.sessions.cookieNames.refresh, true, true, "Lax", "/session/refresh"],
          [app.sessions.cookieNames.marker, false, true, "Lax", "/"],
        ]),
      );
      expect(kept).toHaveLength(3);
      const readable = await page.evaluate(() => document.cookie);
      expect(readable).toMatch(/^__Host-sIdRefreshToken=1\.[\w-]{24}\.1\.\d+\.\d+$/);

      const { status, antiCsrf } = await post("/session/refresh");
      expect(status).toBe(200);
      expect((await post("/api")).status, "without the token").toBe(401);
      expect((await post("/api", { headers: { "anti-csrf": antiCsrf ?? "" } })).status).toBe(200);
      expect((await post("/session/signout")).status).toBe(200);
      expect(await context.cookies()).toEqual([]);
      expect(seen).toEqual([
        "same-origin POST /login 200",
        "same-origin POST /session/refresh 200",
        "same-origin POST /api 401",
        "same-origin POST /api 200",
        "same-origin POST /session/signout 200",
      ]);
    });

    test.each([
      { name: "another port", host: "127.0.0.1", site: "same-site" },
      { name: "another host", host: "localhost", site: "cross-site" },
    ])("a page on $name is refused, by script and by form", async ({ host, site }) => {
      const { app, seen, origin } = await startSite({ express });
      await using _ = app;
      await signInByForm(app);
      const handles = await app.sessions.getAllSessionHandlesForUser("alice");
      seen.length = 0;
      for (const path of ["/session/refresh", "/session/signout", "/login", "/api"]) {
        await page.goto(`http://${host}:${foreign.port}/?to=${encodeURIComponent(origin + path)}`);
        await post(origin + path, { mode: "no-cors" });
        await page.click("button");
        await page.waitForURL(origin + path);
        expect(await page.textContent("body")).toContain('{"message":"csrf"}');
        expect(seen.splice(0)).toEqual([`${site} POST ${path} 403`, `${site} POST ${path} 403`]);
      }
      expect(await app.sessions.getAllSessionHandlesForUser("alice")).toEqual(handles);
      expect(await context.cookies(`${origin}/session/refresh`)).toHaveLength(3);
    });

    test("a page of a trusted origin goes through the preflight, and reads the anti-CSRF token", async () => {
      const trusted = `http://127.0.0.1:${foreign.port}`;
      const { app, seen, origin } = await startSite({ express, config: { http: { trustedOrigins: [trusted] } } });
      await using _ = app;
      await page.goto(`${trusted}/?to=x`);
      const { antiCsrf } = await post(`${origin}/login`);
      const headers = { "anti-csrf": antiCsrf ?? "", "content-type": "application/json", "x-trace": "1" };
      expect((await post(`${origin}/api`, { headers, body: "{}" })).status).toBe(200);
      expect(seen).toEqual(["same-site POST /login 200", "same-site OPTIONS /api 204", "same-site POST /api 200"]);
    });

    test("a refresh cookie that a page has put on another path is passed over, and cleared", async () => {
      const { app, origin } = await startSite({ express });
      await using _ = app;
      await signInByForm(app);
      await page.evaluate(
        (name) => void (document.cookie = `${name}=tossed; path=/session`),
        app.sessions.cookieNames.refresh,
      );
      expect(await context.cookies(`${origin}/session/refresh`)).toHaveLength(4);
      expect((await post("/session/refresh")).status).toBe(200);
      expect(await context.cookies(`${origin}/session/refresh`)).toHaveLength(3);
    });

    test("a plain cookie of our name that a page has put on another path: 409, cleared, and on with ours", async () => {
      const { app, origin } = await startSite({ express, config: { cookie: { hostPrefix: false } } });
      await using _ = app;
      await signInByForm(app);
      await page.evaluate(() => {
        for (const name of ["sAccessToken", "sRefreshToken"]) document.cookie = `${name}=tossed; path=/session`;
      });
      expect(await context.cookies(`${origin}/session/refresh`)).toHaveLength(5);
      expect((await post("/session/refresh")).status).toBe(409);
      expect((await post("/session/refresh")).status).toBe(200);
      expect(await context.cookies(`${origin}/session/refresh`)).toHaveLength(3);
      expect(await app.sessions.getAllSessionHandlesForUser("alice")).toHaveLength(1);
    });
  });
});
