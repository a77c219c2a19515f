/** A session of `signInForTest` in a browser that Playwright drives, as tests of apps do it. */
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { type CounterfoilConfig, createSessions, type Sessions } from "counterfoil";
import type { SessionClient } from "counterfoil/browser";
import { sessionsFor } from "counterfoil/express";
import { memory } from "counterfoil/memory";
import { signInForTest } from "counterfoil/testing";
import express from "express";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { listen } from "../fixtures/listen.ts";
import { isSkippedWithoutBrowser, openBrowser } from "./chromium.ts";

declare const client: SessionClient;

const PAGE = `<!doctype html><title>Shop</title><script type="module">
  import { createSessionClient } from "/counterfoil/browser.js";
  globalThis.client = createSessionClient({ cookiePrefix: "PREFIX" });
</script><h1>USER</h1>`;

interface App {
  readonly sessions: Sessions;
  readonly origin: string;
}

async function startApp({ cookie = {}, ...config }: CounterfoilConfig): Promise<App> {
  const sessions = createSessions({ store: memory(), cookie, ...config });
  const { errorHandler, sessionOf, sessionRoutes, verifySession } = sessionsFor(sessions);
  const app = express();
  app.use(sessionRoutes());
  app.use("/counterfoil", express.static(dirname(fileURLToPath(import.meta.resolve("counterfoil/browser")))));
  app.get("/page", verifySession({ page: true }), (req, res) => {
    const user = String(sessionOf(req).getUserId());
    res.type("html").send(PAGE.replace("USER", user).replace("PREFIX", cookie.prefix ?? ""));
  });
  app.post("/api/like", verifySession(), (req, res) => void res.json(sessionOf(req).getUserId()));
  app.use(errorHandler());
  const { port, close } = await listen(app);
  onTestFinished(async () => {
    await close();
    await sessions.close();
  });
  return { sessions, origin: `http://localhost:${port}` };
}

/** Who the page and the client are shown, and what an unsafe call of the client gets. */
async function use(page: Page, origin: string): Promise<unknown> {
  await page.goto(`${origin}/page`);
  const shown = await page.textContent("h1");
  await page.waitForFunction(() => client.session().status === "signed-in");
  const seen = await page.evaluate(async () => {
    const response = await client.fetch("/api/like", { method: "POST" });
    const session = client.session();
    return [session.status === "signed-in" && session.userId, response.status, await response.json()];
  });
  return [shown, ...seen];
}

describe.skipIf(isSkippedWithoutBrowser("signInForTest with Playwright"))("signInForTest with Playwright", () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser.close());

  async function newPage(options: Parameters<Browser["newContext"]>[0] = {}): Promise<Page> {
    const context = await browser.newContext(options);
    onTestFinished(() => context.close());
    return context.newPage();
  }

  test.each([
    ["the defaults", {}],
    ["__Host-", { cookie: { hostPrefix: true } }],
    ["a prefix, by http", { cookie: { secure: false, prefix: "shop_" } }],
    ["cookies that end with the browser", { session: { persistent: false } }],
  ] satisfies readonly [string, CounterfoilConfig][])("with %s", async (_, config) => {
    const { sessions, origin } = await startApp(config);
    const page = await newPage();
    const alice = await signInForTest("alice", { sessions });
    await page.context().addCookies(alice.playwrightCookies(origin));
    expect(await use(page, origin)).toEqual(["alice", "alice", 200, "alice"]);
  });

  test("in a storage state, and with an access token that has expired", async () => {
    const { sessions, origin } = await startApp({});
    let refreshed = 0;
    sessions.on("session-refreshed", () => void (refreshed += 1));
    const alice = await signInForTest("alice", { sessions, expired: true });
    const page = await newPage({ storageState: { cookies: alice.playwrightCookies(origin), origins: [] } });
    expect(await use(page, origin)).toEqual(["alice", "alice", 200, "alice"]);
    expect(refreshed).toBeGreaterThan(0);
    // As real as any: it ends in the page.
    await sessions.revokeAllSessionsForUser("alice");
    await page.evaluate(() => client.refresh());
    expect(await page.evaluate(() => client.session())).toMatchObject({ status: "signed-out", reason: "ended" });
  });

  test("of two users in two contexts", async () => {
    const { sessions, origin } = await startApp({});
    const users = ["alice", "bob"];
    const pages = await Promise.all(
      users.map(async (user) => {
        const page = await newPage();
        await page.context().addCookies((await signInForTest(user, { sessions })).playwrightCookies(origin));
        return page;
      }),
    );
    const seen = await Promise.all(pages.map((page) => use(page, origin)));
    expect(seen).toEqual(users.map((user) => [user, user, 200, user]));
  });
});
