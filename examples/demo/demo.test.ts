import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Browser, BrowserContext, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isSkippedWithoutBrowser, openBrowser } from "../../test/browser/chromium.ts";
import { send } from "../../test/http/send.ts";
import { type RunningDemo, startDemo } from "./start-demo.ts";

let demo: RunningDemo;
beforeAll(async () => {
  demo = await startDemo();
});
afterAll(() => demo?.stop());

const isSkipped = isSkippedWithoutBrowser("the demo's page");
describe.skipIf(isSkipped)("the demo's page (needs a browser: Debian's package chromium, or CHROMIUM_PATH)", () => {
  const complaints: string[] = [];
  const strangers: string[] = [];
  const posted: string[] = [];
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let you: Locator;
  let thief: Locator;

  beforeAll(async () => {
    browser = await openBrowser();
    context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    await context.addInitScript(watchLayout);
    page = await openTab();
    you = page.getByRole("region", { name: "You", exact: true });
    thief = page.getByRole("region", { name: "The thief" });
  });
  afterAll(() => browser?.close());

  async function openTab(prepare?: () => void): Promise<Page> {
    const tab = await context.newPage();
    if (prepare) await tab.addInitScript(prepare);
    tab.on("pageerror", (error) => complaints.push(String(error)));
    tab.on("console", (message) => {
      // The browser itself reports each refusal, those are what the demo is about; and the request
      // that a test aborts.
      const isRefusal = /^Failed to load resource.* (401 |409 |net::ERR_FAILED)/.test(message.text());
      if (["error", "warning"].includes(message.type()) && !isRefusal) complaints.push(message.text());
    });
    tab.on("request", (request) => {
      if (!request.url().startsWith(`${demo.url}/`)) strangers.push(request.url());
      if (request.method() === "POST") posted.push(new URL(request.url()).pathname);
    });
    await tab.goto(demo.url);
    return tab;
  }

  const countPosted = (path: string): number => posted.filter((one) => one === path).length;
  const generation = async (side: Locator): Promise<number> => Number(await side.locator("output").textContent());
  const shoot = (name: string): Promise<unknown> =>
    page.screenshot({
      path: fileURLToPath(new URL(`../../.screenshots/demo-${name}.png`, import.meta.url)),
      fullPage: true,
      animations: "disabled",
    });

  it("wants a name, in words of its own", async () => {
    await you.getByLabel("Your name").fill("  ");
    await page.keyboard.press("Enter");
    await you.getByText("Type a name; any will do.").waitFor();
    expect(posted).toEqual([]);
  });

  it("signs in under any name, with the keyboard alone", async () => {
    await you.getByLabel("Your name").fill("alice");
    await page.keyboard.press("Enter");
    await you.getByText("you are alice").waitFor();
    expect(await generation(you)).toBe(1);
  });

  it("calls the API, also with a request that changes something", async () => {
    await you.getByRole("button", { name: "Like" }).click();
    await you.getByText("liked, once in this session").waitFor();
  });

  it("lists the devices, ends another one, and shows that it is refused at once", async () => {
    const devices = page.getByRole("region", { name: "Your devices" }).first();
    const rows = devices.getByRole("listitem");
    await devices.getByRole("button", { name: "Sign in on another device" }).click();
    await devices.getByText("Safari on iPhone · 198.51.100.0/24").waitFor();
    await devices.getByRole("button", { name: "Sign in on another device" }).click();
    await expect.poll(() => rows.count()).toBe(3);
    await devices.getByRole("button", { name: "End the session on Laptop" }).click();
    await devices.getByText("The laptop called the API just now and got 401: unauthorised.").waitFor();
    await expect.poll(() => rows.count()).toBe(2);
    await expect.poll(() => devices.getByText("this session").count()).toBe(1);
  });

  it(
    "rotates the tokens while nobody does anything, once for all tabs, and says why",
    { timeout: 90_000 },
    async () => {
      // Its own timer comes round a few times before it hears of the other tab's refresh.
      const tab = await openTab(hearLate);
      const inTab = tab.getByRole("region", { name: "You", exact: true });
      await expect.poll(() => generation(inTab)).toBeGreaterThan(0);
      const first = await generation(inTab);
      for (const side of [you, inTab])
        await expect
          .poll(() => generation(side), { timeout: 60_000, interval: 200 })
          .toBeGreaterThanOrEqual(Math.max(3, first + 2));
      // The server's own log: each refresh that has reached it is one line.
      const seen = page.getByRole("log", { name: "What the server sees" });
      await seen.getByText("You: mint, 1 → 2").waitFor();
      await seen.getByText("You: confirm, 2 → 3").waitFor();
      for (const before of [first, first + 1]) {
        const step = `${before} → ${before + 1}`;
        expect(await seen.getByText(new RegExp(`^You: (mint|confirm), ${step}$`)).count()).toBe(1);
        const rows = await Promise.all(
          [you, inTab].map((side) => side.getByText(`generation ${step}`).allTextContents()),
        );
        expect(rows.flat().toSorted()).toEqual([`by another tab: generation ${step}`, `generation ${step}`]);
      }
      expect(await seen.getByText("You: renew").count()).toBe(0);
      await shoot("signed-in");
      await tab.close();
    },
  );

  it("knows who you are after a reload, without a call", async () => {
    await page.reload();
    await you.getByText("still alice; no call was needed").waitFor();
    expect(await you.getByText("GET me").count()).toBe(0);
    await you.getByRole("button", { name: "Like" }).click();
    await you.getByText("liked, 2 times in this session").waitFor();
  });

  it("lets a thief in who has a copy of the cookies, one for a double click", async () => {
    await page.getByRole("button", { name: "Steal this session" }).dblclick();
    await thief.getByText("you are alice").waitFor();
    expect(countPosted("/session/refresh/steal")).toBe(1);
    expect(await generation(thief)).toBe(await generation(you));
    await page.getByText("The thief holds a copy of your cookies").waitFor();
    // Side by side: what waited in the thief's place is gone.
    expect((await thief.boundingBox())?.y).toBe((await you.boundingBox())?.y);
    await shoot("stolen");
  });

  it("rings the alarm when both have refreshed, and ends the session for both", { timeout: 90_000 }, async () => {
    await page.getByText("Both of you have refreshed").waitFor({ timeout: 40_000 });
    await page.getByText("Theft detected: two parties hold tokens of one session").waitFor({ timeout: 40_000 });
    await page.getByText("Chrome on Windows, 203.0.113.0/24").waitFor();
    await thief.getByText("token theft detected").waitFor();
    await you.getByText("401").first().waitFor();
    for (const side of [you, thief]) await side.getByText("no session", { exact: true }).waitFor();
    expect(await context.cookies()).toEqual([]);
    await shoot("alarm");
    await page.emulateMedia({ colorScheme: "dark" });
    await shoot("alarm-dark");
    await page.emulateMedia({ colorScheme: "light" });
  });

  it("moves nothing by itself, and fits a phone", async () => {
    expect(await page.evaluate("shifted")).toEqual([]);
    await page.setViewportSize({ width: 390, height: 844 });
    await shoot("alarm-mobile");
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
  });

  it("begins anew after the alarm, with one session for a double click", async () => {
    await you.getByRole("button", { name: "Sign in" }).dblclick();
    await page.getByText("You hold an access token").waitFor();
    expect(await generation(you)).toBe(1);
    expect(countPosted("/login")).toBe(2);
    await page.getByRole("button", { name: "Steal this session" }).waitFor();
  });

  it("tells another browser of the same user from you, also in what it saw before", async () => {
    await fetch(`${demo.url}/login`, { method: "POST", body: new URLSearchParams({ name: "alice" }) });
    const seen = page.getByRole("log", { name: "What the server sees" });
    const row = seen.getByRole("listitem").filter({ hasText: "Another browser: sign-in" });
    await row.waitFor();
    expect(await row.getAttribute("class")).toBe("by-other");
    expect(await seen.getByText("You: sign-in").count()).toBe(2);
    expect(await seen.getByText("Another browser").count()).toBe(1);
  });

  it("has the operators' console, which knows of the theft, for visitors on this machine alone", async () => {
    const tab = await openTab();
    await tab.getByRole("link", { name: "The operators' console" }).click();
    await tab.getByText("anybody on this machine, since this is a demo").waitFor();
    const reuse = tab.getByRole("table", { name: "Reused refresh tokens" }).getByRole("row").nth(1);
    for (const fact of ["Chrome on Windows", "203.0.113.0/24"]) await reuse.getByText(fact).waitFor();
    await tab.getByLabel("User id").fill("alice");
    await tab.keyboard.press("Enter");
    await tab.getByRole("table", { name: "Live sessions of" }).waitFor();
    await tab.close();
    const { port } = new URL(demo.url);
    const stranger = await send(Number(port), { path: "/console", headers: { host: "evil.example" } });
    expect(stranger.status).toBe(404);
  });

  it("says why nothing can be stolen just now", async () => {
    await page.route("**/steal", (route) => route.abort());
    await page.getByRole("button", { name: "Steal this session" }).click();
    await page.getByText("No answer from the server.").waitFor();
    await page.unroute("**/steal");
    await shoot("refused-mobile");
  });

  it("refreshes only for a button that needs it, when it does not by itself", { timeout: 60_000 }, async () => {
    await you.getByLabel("keep refreshing by itself").uncheck();
    await you.getByText("expired", { exact: true }).waitFor();
    const seen = page.getByRole("log", { name: "What the server sees" });
    const refreshes = seen.getByText(/^You: (mint|confirm|renew)/);
    const before = await refreshes.count();
    // The page hears of it, and would like a new list of devices.
    await fetch(`${demo.url}/login`, { method: "POST", body: new URLSearchParams({ name: "alice" }) });
    await expect.poll(() => seen.getByText("Another browser: sign-in").count()).toBe(2);
    expect(await you.getByText("expired", { exact: true }).count()).toBe(1);
    expect(await refreshes.count()).toBe(before);
    await page.getByRole("button", { name: "Steal this session" }).click();
    await thief.getByText("you are alice").waitFor();
    await expect.poll(() => refreshes.count()).toBe(before + 1);
    await you.getByText("expired", { exact: true }).waitFor({ state: "hidden" });
  });

  it("follows another tab that signs out, and in as somebody else", async () => {
    const tab = await openTab();
    const inTab = tab.getByRole("region", { name: "You", exact: true });
    await inTab.getByRole("button", { name: "Sign out" }).click();
    await page.getByText("You signed out.").waitFor();
    await thief.getByText("no session", { exact: true }).waitFor();
    await inTab.getByLabel("Your name").fill("bob");
    await tab.keyboard.press("Enter");
    await you.getByText("bob", { exact: true }).waitFor();
    await page.getByText("You hold an access token").waitFor();
    await page.getByRole("button", { name: "Steal this session" }).waitFor();
    await tab.close();
  });

  it("needs no other server and no inline code, and the console stays empty", async () => {
    const policy = (await fetch(demo.url)).headers.get("content-security-policy");
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain("unsafe");
    expect(strangers).toEqual([]);
    expect(complaints).toEqual([]);
  });
});

describe("the README", () => {
  it("has curl lines that do what they say", async () => {
    const readme = await readFile(new URL("README.md", import.meta.url), "utf8");
    const block = /```sh\n([\s\S]*?)```/.exec(readme)?.[1];
    const script = block?.replaceAll("http://localhost:3000", demo.url);
    const folder = await mkdtemp(join(tmpdir(), "counterfoil-demo-curl-"));
    try {
      const { stdout } = await promisify(execFile)("bash", ["-euc", script ?? "false"], { cwd: folder });
      expect(stdout.split("\n")).toEqual([
        expect.stringMatching(/^\{"user":"alice","session":"[\w-]{24}","likes":0\}$/),
        '{"likes":1}',
        "{}",
        "generation 2",
        "{}",
        "generation 2",
        '{"message":"token theft detected"}',
        '{"message":"unauthorised"}',
        "",
      ]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

/** Runs in the page: what other tabs and the server tell comes late, as on a busy machine. */
function hearLate(): void {
  const listen = Reflect.get(EventTarget.prototype, "addEventListener") as (...given: unknown[]) => void;
  for (const { prototype } of [BroadcastChannel, EventSource]) {
    prototype.addEventListener = function (this: EventTarget, name: string, listener: unknown) {
      const hear = listener as (event: Event) => void;
      listen.call(this, name, (event: Event) => setTimeout(hear, 600, event));
    };
  }
}

/**
 * Runs in the page: notes what moved though nobody had done anything. In a log new lines come in at
 * the top, and may.
 */
function watchLayout(): void {
  type Shift = PerformanceEntry & { hadRecentInput: boolean; sources: readonly { node: Node | null }[] };
  const shifted: string[] = [];
  Object.assign(globalThis, { shifted });
  new PerformanceObserver((list) => {
    for (const { hadRecentInput, sources } of list.getEntries() as Shift[]) {
      for (const { node } of hadRecentInput ? [] : sources) {
        const element = node instanceof Element ? node : node?.parentElement;
        if (element?.closest("[role=log]") === null) shifted.push(element.outerHTML);
      }
    }
  }).observe({ type: "layout-shift", buffered: true });
}
