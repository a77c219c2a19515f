import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Browser, BrowserContext, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isSkippedWithoutBrowser, openBrowser } from "../../test/browser/chromium.ts";
import { findFaintTexts } from "../../test/browser/faint-texts.ts";
import { send } from "../../test/http/send.ts";
import { PLAYED_BY } from "./agents.ts";
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
    context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    await context.addInitScript(watchLayout);
    page = await openTab();
    you = page.getByRole("region", { name: "You", exact: true });
    thief = page.getByRole("region", { name: "The thief" });
  });
  afterAll(() => browser?.close());

  async function openTab(prepare?: () => void, visitor = context): Promise<Page> {
    const tab = await visitor.newPage();
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
    await tab.locator("main[data-ready]").waitFor();
    return tab;
  }

  const countPosted = (path: string): number => posted.filter((one) => one === path).length;
  const generation = async (side: Locator): Promise<number> => Number(await side.locator("output").textContent());
  /** The one button that goes on with the story. */
  const next = (name: string, on = page): Locator => on.locator("#stage").getByRole("button", { name });
  const shoot = (name: string): Promise<unknown> =>
    page.screenshot({
      path: fileURLToPath(new URL(`../../.screenshots/demo-${name}.png`, import.meta.url)),
      fullPage: true,
      animations: "disabled",
    });

  /** In px from the top of the page, for what must be seen without scrolling. */
  const bottomOf = async (part: Locator): Promise<number> => {
    const box = await part.boundingBox();
    return box === null ? Infinity : box.y + box.height;
  };

  it("wants a name for somebody else, in words of its own", async () => {
    await you.getByLabel("Or under another name").fill("  ");
    await page.keyboard.press("Enter");
    await you.getByText("Type a name; any will do.").waitFor();
    expect(posted).toEqual([]);
  });

  it("signs in with one press of a key, and shows you, the thief and the server above the fold", async () => {
    await page.getByRole("button", { name: "Sign in as alice" }).focus();
    await page.keyboard.press("Enter");
    await you.getByText("you are alice").waitFor();
    expect(await generation(you)).toBe(1);
    await you.getByText("no device", { exact: true }).waitFor();
    for (const view of ["you", "thief", "server"])
      expect(await bottomOf(page.locator(`#view-${view}`))).toBeLessThanOrEqual(800);
    // The next step is where the last one was, and has the focus.
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Refresh now");
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
      expect(await findFaintTexts(page)).toEqual([]);
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
    // Long before the page refreshes by itself.
    await you.getByRole("button", { name: "Refresh now" }).click();
    await you.getByText(/^(?:9|10) s left$/).waitFor();
    await next("Steal this session").dblclick();
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
    await page.getByText("Theft detected: two browsers hold tokens of one session").waitFor({ timeout: 40_000 });
    await page.getByText("Chrome on Windows (203.0.113.0/24)").waitFor();
    await thief
      .getByRole("log")
      .getByText("token theft detected")
      .or(you.getByRole("log").getByText("token theft detected"))
      .waitFor();
    await you.getByText("401").first().waitFor();
    for (const side of [you, thief]) await side.getByText("no session", { exact: true }).waitFor();
    expect((await context.cookies()).map(({ name }) => name)).toEqual(["demo-visitor"]);
    expect(await bottomOf(page.locator("#view-server"))).toBeLessThanOrEqual(800);
    await shoot("alarm");
    expect(await findFaintTexts(page)).toEqual([]);
    await page.emulateMedia({ colorScheme: "dark" });
    await shoot("alarm-dark");
    expect(await findFaintTexts(page)).toEqual([]);
    await page.emulateMedia({ colorScheme: "light" });
  });

  it("moves nothing by itself, and fits a phone", async () => {
    expect(await page.evaluate("shifted")).toEqual([]);
    await page.setViewportSize({ width: 390, height: 844 });
    await shoot("alarm-mobile");
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  it("begins anew after the alarm, with one session for a double click", async () => {
    await page.getByRole("button", { name: "Sign in again as alice" }).dblclick();
    await page.getByText("You hold an access token").waitFor();
    expect(await generation(you)).toBe(1);
    expect(countPosted("/login")).toBe(2);
    // The devices and the lines of the story before are gone.
    const devices = page.getByRole("region", { name: "Your devices" }).first();
    await devices.getByText("this session").waitFor();
    expect(await devices.getByRole("listitem").count()).toBe(1);
    const seen = page.getByRole("log", { name: "What the server sees" });
    expect(await seen.getByRole("listitem").allTextContents()).toEqual([expect.stringContaining("You: sign-in")]);
  });

  it("has the operators' console, which knows of the theft, for visitors on this machine alone", async () => {
    // In a tab of its own, so that the story is still there.
    const opened = context.waitForEvent("page");
    await page.getByRole("link", { name: "Operators' console" }).click();
    const tab = await opened;
    await tab.getByText("anybody on this machine, since this is a demo").waitFor();
    await tab.getByRole("table", { name: /Live sessions of .*alice-/ }).waitFor();
    const reuse = tab.getByRole("table", { name: "Reused refresh tokens" }).getByRole("row").nth(1);
    for (const fact of ["Chrome on Windows", "203.0.113.0/24"]) await reuse.getByText(fact).waitFor();
    await tab.close();
    const { port } = new URL(demo.url);
    const stranger = await send(Number(port), { path: "/console", headers: { host: "evil.example" } });
    expect(stranger.status).toBe(404);
  });

  it("says why nothing can be stolen just now", async () => {
    await page.route("**/steal", (route) => route.abort());
    await next("Refresh now").click();
    await next("Steal this session").click();
    await page.getByText("That did not work: no answer from the server.").waitFor();
    await page.unroute("**/steal");
  });

  it("refreshes only for a button that needs it, when it does not by itself", { timeout: 60_000 }, async () => {
    await you.getByLabel("keep refreshing by itself").uncheck();
    await you.getByText("expired", { exact: true }).waitFor();
    const seen = page.getByRole("log", { name: "What the server sees" });
    const refreshes = seen.getByText(/^You: (mint|confirm|renew)/);
    const before = await refreshes.count();
    // The page hears of a device, and would like a new list of them.
    const [visitor] = await context.cookies().then((all) => all.filter(({ name }) => name === "demo-visitor"));
    await fetch(`${demo.url}/login`, {
      method: "POST",
      headers: { cookie: `demo-visitor=${visitor?.value}`, [PLAYED_BY]: "Phone" },
      body: new URLSearchParams({ name: "alice", device: "Phone" }),
    });
    await seen.getByText("Phone: sign-in").waitFor();
    expect(await you.getByText("expired", { exact: true }).count()).toBe(1);
    expect(await refreshes.count()).toBe(before);
    await next("Steal this session").click();
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
    await inTab.getByLabel("Or under another name").fill("bob");
    await tab.keyboard.press("Enter");
    await you.getByText("bob", { exact: true }).waitFor();
    await page.getByText("You hold an access token").waitFor();
    await page.getByText("Nobody yet.").waitFor();
    await tab.close();
  });

  it("says who is told when it is you who comes with the replaced token", { timeout: 60_000 }, async () => {
    await next("Refresh now").click();
    await you.getByLabel("keep refreshing by itself").uncheck();
    await next("Steal this session").click();
    await thief.getByText("you are bob").waitFor();
    const start = await generation(thief);
    // The first gets a successor, the second shows that it has arrived.
    for (const wanted of [start + 1, start + 2]) {
      await expect
        .poll(
          async () => {
            await thief.getByRole("button", { name: "Refresh now" }).click();
            return generation(thief);
          },
          { interval: 500 },
        )
        .toBe(wanted);
    }
    await you.getByRole("button", { name: "Refresh now" }).click();
    await you.getByText("401 token theft detected", { exact: true }).waitFor();
    await you.getByText("your page is told, and can warn you at once").waitFor();
    await thief.getByText("401 unauthorised", { exact: true }).waitFor();
    await thief.getByText("the session is over, and no reason").waitFor();
  });

  describe("a second visitor, on a phone", () => {
    let phone: Page;
    let seen: Locator;
    const tabOf = (name: string): Locator => phone.getByRole("tab", { name });
    /** What the story is about is on the screen, without scrolling to either side or down. */
    const expectOneScreen = async (tab: string, ticket: Locator): Promise<void> => {
      expect(await tabOf(tab).getAttribute("aria-selected")).toBe("true");
      expect(await phone.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
      expect(await bottomOf(ticket)).toBeLessThanOrEqual(844);
      expect(await phone.evaluate(() => scrollY)).toBe(0);
    };

    beforeAll(async () => {
      const visitor = await browser.newContext({
        viewport: { width: 390, height: 844 },
        hasTouch: true,
        isMobile: true,
        colorScheme: "dark",
        reducedMotion: "reduce",
      });
      phone = await openTab(undefined, visitor);
      seen = phone.getByRole("log", { name: "What the server sees" });
    });

    it("sees no line of the first, also under the same name", async () => {
      await next("Sign in as alice", phone).click();
      await phone.getByText("you are alice").waitFor();
      await expectOneScreen("You", phone.locator("#you .ticket"));
      await tabOf("Server").tap();
      expect(await seen.getByRole("listitem").allTextContents()).toEqual([expect.stringContaining("You: sign-in")]);
      await tabOf("You").tap();
      const devices = phone.getByRole("region", { name: "Your devices" }).first();
      await devices.getByText("this session").waitFor();
      expect(await devices.getByRole("listitem").count()).toBe(1);
    });

    it("comes to the alarm with one touch for each step", { timeout: 60_000 }, async () => {
      await next("Refresh now", phone).click();
      await expect.poll(() => generation(phone.locator("#you"))).toBe(2);
      await next("Steal this session", phone).click();
      await phone.locator("#thief").getByText("you are alice").waitFor();
      await expectOneScreen("Thief", phone.locator("#thief .ticket"));
      await next("Let both refresh", phone).click();
      await phone.getByText("Theft detected: two browsers hold tokens of one session").waitFor();
      await phone.getByText("401 token theft detected", { exact: true }).waitFor();
      await phone.getByText("it came with the replaced token, so it is the one who is told").waitFor();
      await expectOneScreen("Thief", phone.locator("#thief .ticket"));
      await next("Sign in again as alice", phone).waitFor();
    });

    it("has tabs for fingers and keys, in which the victim and the server tell their part", async () => {
      await tabOf("Thief").focus();
      await phone.keyboard.press("ArrowLeft");
      await phone.getByRole("tabpanel", { name: "You" }).getByText("401 unauthorised", { exact: true }).waitFor();
      await phone.getByText("What you see: the session is over, and no reason.").waitFor();
      expect(await tabOf("You").evaluate((tab) => tab === document.activeElement)).toBe(true);
      expect(await phone.locator("#thief").isVisible()).toBe(false);
      await tabOf("Server").tap();
      const server = phone.getByRole("tabpanel", { name: "Server" });
      await server
        .getByText(/Chrome on Windows \(203\.0\.113\.0\/24\) came with a refresh token of generation/)
        .waitFor();
      await server.getByText("Thief: reuse").waitFor();
      expect(await findFaintTexts(phone)).toEqual([]);
      await phone.screenshot({
        path: fileURLToPath(new URL("../../.screenshots/demo-alarm-phone.png", import.meta.url)),
      });
    });

    it("leads from the alarm to the guide, at the place that explains it", async () => {
      const opened = phone.context().waitForEvent("page");
      await phone.getByRole("link", { name: "How rotation finds a copy" }).tap();
      const guide = await opened;
      const heading = guide.getByRole("heading", { name: "What it looks like with a thief" });
      await heading.waitFor();
      expect(new URL(guide.url()).hash).toBe(`#${await heading.getAttribute("id")}`);
      const drawing = guide.getByRole("img");
      await expect.poll(() => drawing.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBeGreaterThan(0);
      expect(await guide.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
      expect(await findFaintTexts(guide)).toEqual([]);
      await phone.context().close();
    });
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
