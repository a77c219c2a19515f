/**
 * The operators' console as people use it: by keyboard, with a screen reader, on a phone, in the
 * dark.
 */
import { fileURLToPath } from "node:url";
import { createSessions, type Sessions } from "counterfoil";
import { console as mountConsole } from "counterfoil/console";
import { memory } from "counterfoil/memory";
import { sessionsFor } from "counterfoil/express";
import express, { type Request, type Response } from "express";
import type { BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { expect, onTestFinished, test } from "vitest";
import { listen } from "../fixtures/listen.ts";
import { findFaintTexts } from "./faint-texts.ts";
import { describeInBrowsers, type Stage } from "./stage.ts";
import { chromiumPage } from "./tab.ts";

const MINUTE = 60_000;
const FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0";
const SAFARI =
  "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1";

interface Visit {
  readonly sessions: Sessions;
  readonly page: Page;
  readonly context: BrowserContext;
  readonly url: string;
  /** What the browser has said against the page. */
  readonly complaints: readonly string[];
}

/** A console with four sessions of alice, and one that was stolen. */
async function openVisit(stage: Stage, options: BrowserContextOptions = {}): Promise<Visit> {
  let now = Date.UTC(2026, 8, 21, 12);
  const sessions = createSessions({
    store: memory(),
    clock: () => now,
    rotation: { window: "5s" },
    tokens: { accessToken: { revocation: "store" } },
  });
  const admin = mountConsole({ sessions, authorize: () => "olga@example.com" });
  const app = express().use(admin.node);
  app.get("/framing", (_request, response) => {
    response.type("html").send('<!doctype html><iframe src="/counterfoil"></iframe>');
  });
  const { port, close } = await listen(app);
  const device = (label: string, ip: string, userAgent: string) => ({ device: { label, ip, userAgent } });
  const stolen = await sessions.createNewSession("mallory", {}, {}, device("Phone", "203.0.113.7", SAFARI));
  let token = stolen.refreshToken.value;
  for (let count = 0; count < 4; count += 1) {
    now += MINUTE;
    token = (await sessions.refreshSession(token)).newRefreshToken.value;
  }
  const thief = { ip: "198.51.100.4", userAgent: "curl/8.5" };
  await sessions.refreshSession(stolen.refreshToken.value, { device: thief }).catch(() => undefined);
  await sessions.rotateSigningKey();
  for (const [label, ip, userAgent] of [
    ["Work laptop", "203.0.113.7", FIREFOX],
    ["Phone", "2001:db8::7", SAFARI],
    ["Living room", "198.51.100.9", FIREFOX],
    ["Tablet in the <b>kitchen</b>", "198.51.100.9", SAFARI],
  ] as const) {
    now += 47 * MINUTE;
    await sessions.createNewSession("alice", {}, {}, device(label, ip, userAgent));
  }
  now += 8 * MINUTE;
  const browser = chromiumPage(await stage.newTab())
    .context()
    .browser();
  const context = await browser!.newContext({ timezoneId: "UTC", locale: "en-GB", ...options });
  onTestFinished(async () => {
    await context.close();
    await close();
    await sessions.close();
  });
  const complaints: string[] = [];
  await context.exposeFunction("complain", (text: string) => void complaints.push(text));
  await context.addInitScript(() => {
    addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => {
      (globalThis as unknown as { complain: (text: string) => void }).complain(`${violatedDirective} ${blockedURI}`);
    });
  });
  const page = await context.newPage();
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  const url = `http://${stage.site}:${port}/counterfoil`;
  return { sessions, page, context, url, complaints };
}

interface Node {
  readonly role: string;
  readonly name: string;
}

/** What the browser tells screen readers. */
async function readTree(page: Page): Promise<readonly Node[]> {
  interface Value {
    readonly value?: unknown;
  }
  const client = await page.context().newCDPSession(page);
  const { nodes } = (await client.send("Accessibility.getFullAXTree")) as unknown as {
    readonly nodes: readonly { readonly ignored: boolean; readonly role?: Value; readonly name?: Value }[];
  };
  await client.detach();
  return nodes
    .filter(({ ignored }) => !ignored)
    .map(({ role, name }) => ({ role: String(role?.value), name: typeof name?.value === "string" ? name.value : "" }));
}

const named = (tree: readonly Node[], role: string): readonly string[] =>
  tree.filter((node) => node.role === role).map(({ name }) => name);

const shoot = (page: Page, name: string): Promise<unknown> =>
  page.screenshot({
    path: fileURLToPath(new URL(`../../.screenshots/console-${name}.png`, import.meta.url)),
    fullPage: true,
  });

/** Presses Tab until an element of this name has the focus, and says which had it on the way. */
async function tabTo(page: Page, name: RegExp): Promise<void> {
  for (let count = 0; count < 60; count += 1) {
    await page.keyboard.press("Tab");
    const focused = await page.evaluate(() => {
      const element = document.activeElement;
      return element?.getAttribute("aria-label") ?? element?.id ?? element?.textContent ?? "";
    });
    const text = focused === "" ? await page.evaluate(() => document.activeElement?.textContent ?? "") : focused;
    if (name.test(text.trim())) return;
  }
  throw new Error(`nothing that is called ${name.source} takes the focus`);
}

describeInBrowsers(
  "the operators' console",
  (stage) => {
    test("one session, and then all, are revoked by the keyboard alone", async () => {
      const { page, url, sessions, complaints } = await openVisit(stage());
      await page.goto(url);
      await tabTo(page, /^Skip to the content$/);
      await page.keyboard.press("Enter");
      await tabTo(page, /^id$/);
      await page.keyboard.type("alice");
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { name: "Live sessions of" }).waitFor();
      const handles = await sessions.getAllSessionHandlesForUser("alice");
      await tabTo(page, new RegExp(`^Revoke session ${handles[1]}$`));
      // The focus shows.
      expect(await page.evaluate(() => getComputedStyle(document.activeElement!).outlineStyle)).toBe("solid");
      await page.keyboard.press("Enter");
      await page.getByRole("status").getByText("is revoked").waitFor();
      expect(await page.evaluate(() => document.activeElement?.getAttribute("role"))).toBe("status");
      expect(await sessions.getAllSessionHandlesForUser("alice")).toEqual(handles.toSpliced(1, 1));
      await tabTo(page, /^Revoke all sessions of this user/);
      await page.keyboard.press("Enter");
      await tabTo(page, /^Revoke all sessions$/);
      await page.keyboard.press("Enter");
      await page.getByRole("status").getByText("3 sessions of").waitFor();
      expect(await sessions.getAllSessionHandlesForUser("alice")).toEqual([]);
      expect(complaints).toEqual([]);
    });

    test("an operator whose own access token has expired is refreshed, and presses the button again", async () => {
      let ahead = 0;
      const sessions = createSessions({
        store: memory(),
        clock: () => Date.now() + ahead,
        cookie: { secure: false },
      });
      const { createNewSession, getSession, sessionRoutes } = sessionsFor(sessions);
      const admin = mountConsole({
        sessions,
        async authorize(request: Request, response: Response) {
          const found = await getSession(request, response, { sessionRequired: false, antiCsrfCheck: false });
          return found !== undefined && String(found.getUserId());
        },
        maxAuthAge: "30m",
      });
      const app = express().use(sessionRoutes());
      app.get("/login", async (request, response) => {
        await createNewSession(request, response, "olga");
        response.redirect("/counterfoil?id=bob");
      });
      const { port, close } = await listen(app.use(admin.node));
      onTestFinished(async () => {
        await close();
        await sessions.close();
      });
      await sessions.createNewSession("bob");
      const page = chromiumPage(await stage().newTab());
      await page.goto(`http://${stage().site}:${port}/login`);
      await page.getByText("Operator: olga").waitFor();
      ahead += 16 * MINUTE;
      await page.getByRole("button", { name: "Revoke session" }).click();
      await page.getByRole("status").getByText("Press the button again").waitFor();
      expect(await sessions.getAllSessionHandlesForUser("bob")).toHaveLength(1);
      await page.getByRole("button", { name: "Revoke session" }).click();
      await page.getByRole("status").getByText("is revoked").waitFor();
      expect(await sessions.getAllSessionHandlesForUser("bob")).toEqual([]);
      // A page is refreshed at once, and a change wants a sign-in that is not that old.
      await sessions.createNewSession("bob");
      ahead += 16 * MINUTE;
      await page.goto(`http://${stage().site}:${port}/counterfoil?id=bob`);
      await page.getByRole("button", { name: "Revoke session" }).click();
      await page.getByRole("alert").getByText("older than 30m").waitFor();
      expect(await sessions.getAllSessionHandlesForUser("bob")).toHaveLength(1);
    });

    test("works without its script", async () => {
      const { page, url, sessions } = await openVisit(stage(), { javaScriptEnabled: false });
      await page.goto(url);
      await page.getByLabel("User id").fill("alice");
      await page.getByRole("button", { name: "Search" }).click();
      expect(await page.locator("time").first().textContent()).toContain("UTC");
      await page.getByRole("button", { name: "Revoke session" }).first().click();
      await page.getByRole("status").getByText("is revoked").waitFor();
      expect(await sessions.getAllSessionHandlesForUser("alice")).toHaveLength(3);
      await page.getByRole("button", { name: "Rotate the key" }).click();
      await page.getByRole("status").getByText("The next key is").waitFor();
    });

    test("its script writes times by the operator's clock, and a double click sends one form", async () => {
      const { page, url, complaints } = await openVisit(stage(), { timezoneId: "Asia/Tokyo" });
      let posts = 0;
      page.on("request", (request) => void (request.method() === "POST" && (posts += 1)));
      await page.goto(`${url}?id=alice`);
      const time = page.locator("time").first();
      expect(await time.getAttribute("title")).toMatch(/^2026-09-21 \d\d:\d\d:\d\d UTC$/);
      expect(await time.textContent()).toMatch(/^2[12] Sept? 2026/);
      await page.getByRole("button", { name: "Revoke session" }).first().dblclick();
      await page.getByRole("status").getByText("is revoked").waitFor();
      expect(posts).toBe(1);
      expect(complaints).toEqual([]);
    });

    test("its policy lets no inline code run, and no other page frame it", async () => {
      const { page, url, complaints } = await openVisit(stage());
      await page.goto(`${url}?id=alice`);
      expect(complaints).toEqual([]);
      await page.evaluate(() => {
        const script = document.createElement("script");
        script.textContent = "globalThis.planted = true";
        document.body.append(script);
      });
      expect(await page.evaluate(() => "planted" in globalThis)).toBe(false);
      await expect.poll(() => complaints.join("\n")).toContain("script-src");
      await page.goto(url.replace("/counterfoil", "/framing"));
      await expect.poll(() => complaints.join("\n")).toContain("frame-ancestors 'none'");
      expect(await page.frameLocator("iframe").getByText("Session console").count()).toBe(0);
    });

    test.each([1280, 390])("screen readers get names, roles and tables, %d px wide", async (width) => {
      const { page, url } = await openVisit(stage(), { viewport: { width, height: 900 } });
      await page.goto(`${url}?id=alice`);
      const tree = await readTree(page);
      for (const [role, names] of [
        ["banner", [""]],
        ["main", [""]],
        ["search", [""]],
        ["navigation", ["Sections"]],
        ["region", ["Sessions of a user", "Reused refresh tokens", "Signing keys", "Status"]],
        ["textbox", ["User id"]],
        ["combobox", ["Type"]],
      ] as const)
        expect([role, named(tree, role)]).toEqual([role, names]);
      expect(named(tree, "table")).toEqual([
        expect.stringMatching(/^Live sessions of "alice" text$/),
        "Reused refresh tokens",
        "Signing keys",
      ]);
      expect(named(tree, "columnheader").slice(0, 6)).toEqual([
        "Device",
        "Created",
        "Last seen",
        "Expires",
        "Binding",
        "Session",
      ]);
      expect(named(tree, "rowheader")[1]).toContain("Living room");
      // 4 sessions of 6 columns, the first of which is the header of the row; 1 reuse and 2 keys of
      // 5.
      expect(named(tree, "cell").length + named(tree, "gridcell").length).toBe(4 * 5 + 3 * 4);
      const buttons = named(tree, "button");
      expect(buttons.filter((name) => /^Revoke session [\w-]{24}$/.test(name))).toHaveLength(4);
      expect(new Set(buttons).size).toBe(buttons.length);
      expect(buttons.filter((name) => name === "")).toEqual([]);
      expect(named(tree, "heading")[0]).toBe("Session console");
    });

    test.each([
      ["light", 1280],
      ["dark", 1280],
      ["light", 390],
      ["dark", 390],
    ] as const)("is readable, %s, %d px wide, and nothing hangs over", async (colorScheme, width) => {
      const { page, url, complaints } = await openVisit(stage(), { colorScheme, viewport: { width, height: 844 } });
      await page.goto(`${url}?id=alice`);
      expect(await findFaintTexts(page)).toEqual([]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
      await shoot(page, `${colorScheme}-${width}`);
      await page.getByRole("button", { name: "Revoke session" }).last().click();
      await page.getByRole("status").waitFor();
      expect(await findFaintTexts(page)).toEqual([]);
      // The longest id, of nothing but characters that are written out.
      await page.goto(`${url}?${new URLSearchParams({ user: JSON.stringify("\u202E".repeat(256)) }).toString()}`);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
      await page.goto(`${url}?id=x&type=number`);
      expect(await findFaintTexts(page)).toEqual([]);
      await shoot(page, `wrong-${colorScheme}-${width}`);
      expect(complaints).toEqual([]);
    });
  },
  { only: "Chromium" },
);
