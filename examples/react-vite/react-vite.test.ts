import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createFakeClock } from "counterfoil/testing";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { build, createServer, type InlineConfig, type ViteDevServer } from "vite";
import { isSkippedWithoutBrowser, openBrowser } from "../../test/browser/chromium.ts";
import { freePorts } from "../../test/servers/free-port.ts";
import { readSettings } from "./server/settings.ts";
import { type RunningServer, startServer } from "./server/start-server.ts";

const PASSWORD = "open sesame";
const secret = "a secret for tests, of 32 characters and more";
const MINUTE = 60_000;

const folder = mkdtempSync(join(tmpdir(), "counterfoil-react-vite-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** As the example's own, with a cache that leaves nothing in the repository. */
const viteConfig: InlineConfig = {
  configFile: join(import.meta.dirname, "vite.config.ts"),
  root: join(import.meta.dirname, "page"),
  cacheDir: join(folder, "vite"),
  logLevel: "error",
};

const isSkipped = isSkippedWithoutBrowser("the example react-vite");
describe.skipIf(isSkipped)("the example react-vite (needs a browser: Debian's package chromium)", () => {
  const complaints: string[] = [];
  let browser: Browser;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser?.close());

  /** A browser of somebody, with the page. */
  async function openPage(context: BrowserContext, origin: string): Promise<Page> {
    const page = await context.newPage();
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("console", (message) => {
      // Chromium itself reports each refusal, which are what this is about.
      const isRefusal = /^Failed to load resource.* (400|401|403) /.test(message.text());
      if (["error", "warning"].includes(message.type()) && !isRefusal) complaints.push(message.text());
    });
    await page.goto(origin);
    return page;
  }

  async function signIn(page: Page, name: string, password = PASSWORD): Promise<void> {
    await page.getByLabel("Name").fill(name);
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Sign in" }).click();
  }

  async function addNote(page: Page, text: string): Promise<void> {
    await page.getByLabel("A note").fill(text);
    await page.getByRole("button", { name: "Add" }).click();
    await page.getByText(text).waitFor();
  }

  describe("in development, on two origins", () => {
    const clock = createFakeClock();
    let server: RunningServer;
    let vite: ViteDevServer;
    let origin: string;
    let laptop: BrowserContext;
    let page: Page;
    const posts: string[] = [];

    beforeAll(async () => {
      const [apiPort = 0, pagePort = 0] = await freePorts(2);
      origin = `http://localhost:${pagePort}`;
      server = await startServer({
        ...readSettings({
          PORT: String(apiPort),
          DATABASE: ":memory:",
          COUNTERFOIL_SECRET: secret,
          PAGE_ORIGIN: origin,
        }),
        clock: clock.now,
      });
      vite = await createServer({
        ...viteConfig,
        server: { port: pagePort, hmr: false },
        define: { "import.meta.env.VITE_API_ORIGIN": JSON.stringify(server.url) },
      });
      await vite.listen();
      laptop = await browser.newContext({ viewport: { width: 1000, height: 800 } });
      page = await openPage(laptop, origin);
      page.on("response", (response) => {
        const url = new URL(response.url());
        if (response.request().method() === "POST") posts.push(`${url.pathname} ${response.status()}`);
      });
    });
    afterAll(async () => {
      await vite?.close();
      await server?.close();
    });

    const takePosts = (): string[] => posts.splice(0);

    it("signs in by the right password only", async () => {
      await signIn(page, "alice", "guess");
      await page.getByText("Wrong name or password.").waitFor();
      await signIn(page, "alice");
      await page.getByText("alice member").waitFor();
      await addNote(page, "milk");
      expect(takePosts()).toEqual(["/api/login 401", "/api/login 200", "/api/notes 201"]);
    });

    it("refuses a member what needs the role admin", async () => {
      await page.getByRole("button", { name: "Show users" }).click();
      await page.getByText("You need another role for this.").waitFor();
      expect(await page.getByText("olga").count()).toBe(0);
    });

    it("lists the devices, and ends a session on another one", async () => {
      const phone = await browser.newContext({ viewport: { width: 390, height: 700 } });
      const other = await openPage(phone, origin);
      await signIn(other, "alice");
      await other.getByText("alice member").waitFor();
      expect(await other.evaluate(() => document.documentElement.scrollWidth)).toBe(390);

      await page.reload();
      const rows = page.getByRole("region", { name: "Your devices" }).getByRole("listitem");
      await expect.poll(() => rows.count()).toBe(2);
      await rows.getByRole("button", { name: "End" }).click();
      await expect.poll(() => rows.count()).toBe(1);
      await rows.getByText("this browser").waitFor();

      await other.getByLabel("A note").fill("from nowhere");
      await other.getByRole("button", { name: "Add" }).click();
      await other.getByText("Your session has ended. Please sign in again.").waitFor();
      await phone.close();
      expect(await page.getByText("from nowhere").count()).toBe(0);
    });

    it("asks for the password again before a dangerous action, and then carries it out", async () => {
      clock.advance(11 * MINUTE); // the action wants a sign-in of ten minutes at most
      takePosts();
      const change = page.getByRole("button", { name: "Change" });
      const dialog = page.getByRole("dialog");
      await page.getByRole("textbox", { name: "New password" }).fill("a better one");
      await change.click();
      await dialog.getByRole("button", { name: "Cancel" }).click();
      await page.getByText("Nothing was done, because you did not confirm it.").waitFor();

      await page.getByRole("textbox", { name: "New password" }).fill("a better one");
      await change.click();
      await dialog.getByLabel("Your password").fill("guess");
      await dialog.getByRole("button", { name: "Confirm" }).click();
      await dialog.getByText("Wrong password.").waitFor();
      await dialog.getByLabel("Your password").fill(PASSWORD);
      await dialog.getByRole("button", { name: "Confirm" }).click();
      await page.getByText("Your password is changed.").waitFor();
      expect(takePosts()).toEqual([
        "/api/password 401",
        "/api/password 401",
        "/session/refresh/again 401",
        "/session/refresh/again 200",
        "/api/password 200",
      ]);
    });

    it("goes on when the access token has expired, by one refresh", async () => {
      clock.advance(16 * MINUTE);
      await addNote(page, "bread");
      expect(takePosts()).toEqual(["/api/notes 401", "/session/refresh 200", "/api/notes 201"]);
    });

    it("signs out, in all tabs, and leaves nothing behind", async () => {
      const tab = await openPage(laptop, origin);
      await tab.getByText("alice member").waitFor();
      await page.getByRole("button", { name: "Sign out" }).click();
      for (const one of [page, tab]) await one.getByText("You have signed out.").waitFor();
      await expect.poll(() => laptop.cookies()).toEqual([]);
      await tab.close();
    });

    it("takes the new password only, and shows an admin what it refused the member", async () => {
      await signIn(page, "alice");
      await page.getByText("Wrong name or password.").waitFor();
      await signIn(page, "alice", "a better one");
      await page.getByText("alice member").waitFor();
      await page.getByRole("button", { name: "Sign out" }).click();
      await signIn(page, "olga");
      await page.getByRole("button", { name: "Show users" }).click();
      const users = page.getByRole("region", { name: "Users, for admins" }).getByRole("listitem");
      await expect.poll(() => users.allTextContents()).toEqual(["alice member", "olga admin"]);
    });
  });

  it("is one origin once it is built, with no script of others", async () => {
    await build({ ...viteConfig, build: { outDir: join(folder, "page"), emptyOutDir: true } });
    const settings = readSettings({ DATABASE: ":memory:", COUNTERFOIL_SECRET: secret });
    const [port = 0] = await freePorts(1);
    const publicOrigin = `http://localhost:${port}`;
    await using server = {
      ...(await startServer({ ...settings, port, publicOrigin, page: join(folder, "page") })),
      [Symbol.asyncDispose]: () => server.close(),
    };
    const context = await browser.newContext();
    const page = await openPage(context, server.url);
    await signIn(page, "alice");
    await addNote(page, "butter");
    await page.reload();
    await page.getByText("butter").waitFor();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByText("You have signed out.").waitFor();
    await context.close();
  });

  it("complains of nothing on the way", () => expect(complaints).toEqual([]));
});
