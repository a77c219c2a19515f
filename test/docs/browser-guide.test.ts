/**
 * The guides to the browser's half, done: its scripts run in a page, against the server of the
 * guides.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { init } from "counterfoil";
import { createNewSession, errorHandler, sessionRoutes, verifySession, sessionOf } from "counterfoil/express";
import { memory } from "counterfoil/memory";
import express, { type Express } from "express";
import type { Browser } from "playwright-core";
import { rolldown } from "rolldown";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isSkippedWithoutBrowser, openBrowser } from "../browser/chromium.ts";
import { listen, type Listening } from "../fixtures/listen.ts";
import { root } from "./snippets.ts";

const blocksIn = (document: string, language: string): readonly string[] =>
  [...readFileSync(join(root, document), "utf8").matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, "gms"))].map(
    ([, code = ""]) => code,
  );

const snippets = blocksIn("docs/guide/browser.md", "ts browser");
const react = blocksIn("docs/guide/react.md", "tsx");

/** The one block of the React guide that has a text. */
function reactBlock(text: string): string {
  const [found = "", ...others] = react.filter((code) => code.includes(text));
  expect([text, others.length, found === ""]).toEqual([text, 0, false]);
  return found;
}

/** As in getting started: the same routes and rules. */
function createApp(scripts: ReadonlyMap<string, string>): Express {
  const app = express();
  app.use(sessionRoutes());
  app.use("/counterfoil", express.static(dirname(fileURLToPath(import.meta.resolve("counterfoil/browser")))));
  app.get("/script/:name", (req, res) => {
    res
      .type("html")
      .send(
        `<!doctype html><title>guide</title><div id="root"></div><script type="module" src="/scripts/${req.params.name}.js"></script>`,
      );
  });
  app.get("/scripts/:name.js", (req, res) => void res.type("js").send(scripts.get(req.params.name)));
  app.get("/page.js", (_req, res) => void res.type("js").send(scripts.get("hydrate")));
  app.get("/", (_req, res) => void res.type("html").send(blocksIn("docs/guide/getting-started.md", "html")[0]));
  app.get("/favicon.ico", (_req, res) => void res.status(204).end());
  app.post("/login", express.json(), express.urlencoded(), async (req, res) => {
    const { user, name = "", password } = req.body as { user?: string; name?: string; password?: string };
    if (user !== undefined) {
      await createNewSession(req, res, user, { jwtPayload: { role: "member" } });
      return void res.json({});
    }
    if (password !== "open sesame") return void res.status(401).json({ message: "wrong name or password" });
    await createNewSession(req, res, name, { jwtPayload: { role: "member" } });
    res.json({ ok: true });
  });
  app.get("/api/me", verifySession(), (req, res) => void res.json({ userId: sessionOf(req).getUserId() }));
  app.post("/api/like", verifySession(), (req, res) => void res.json({ likedBy: sessionOf(req).getUserId() }));
  app.use(errorHandler());
  return app;
}

/** With a bundler, as the guide has it: by the package's name. */
async function bundle(code: string, folder: string, name: string): Promise<string> {
  const file = join(folder, name);
  writeFileSync(file, `${code}\nObject.assign(globalThis, { isDone: true });\n`);
  const define = { "process.env.NODE_ENV": '"production"' };
  await using build = await rolldown({ input: file, platform: "browser", logLevel: "silent", transform: { define } });
  const { output } = await build.generate({ format: "esm" });
  return output[0].code;
}

const isSkipped = isSkippedWithoutBrowser("the guide to the browser's half");
describe.skipIf(isSkipped)("browser.md and react.md (need a browser: Debian's chromium, or CHROMIUM_PATH)", () => {
  const scripts = new Map<string, string>();
  let folder = "";
  let browser: Browser;
  let server: Listening;
  beforeAll(async () => {
    await init({
      store: memory(),
      secret: "a secret for tests, of 32 characters and more",
      cookie: { secure: false },
    });
    // Inside the repository, so that the package is found by its name.
    folder = mkdtempSync(join(root, ".vitest-guide-"));
    for (const [index, code] of snippets.entries()) scripts.set(`${index}`, await bundle(code, folder, `${index}.ts`));
    writeFileSync(join(folder, "app.tsx"), reactBlock("export function App"));
    writeFileSync(join(folder, "server.tsx"), `${reactBlock("renderToString")}\nexport { app };\n`);
    writeFileSync(join(folder, "provider.tsx"), reactBlock('"use client"'));
    writeFileSync(join(folder, "devices.tsx"), reactBlock("useOwnSessions()"));
    scripts.set("react", await bundle(reactBlock("createRoot"), folder, "main.tsx"));
    scripts.set("hydrate", await bundle(reactBlock("hydrateRoot"), folder, "page.tsx"));
    server = await listen(createApp(scripts));
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test("has scripts to run", () => {
    expect(snippets.length).toBeGreaterThanOrEqual(3);
  });

  test("each script runs to its end, and does what it says", async () => {
    const page = await browser.newPage();
    const said: string[] = [];
    const complaints: string[] = [];
    page.on("console", (message) => said.push(message.text()));
    page.on("pageerror", (error) => complaints.push(String(error)));
    for (const index of snippets.keys()) {
      await page.goto(`http://localhost:${server.port}/script/${index}`);
      await page.waitForFunction("globalThis.isDone");
    }
    expect(complaints).toEqual([]);
    // The first one signs in and calls; the second shows who that is.
    expect(said[0]).toMatch(/^200 /);
    expect(await page.context().cookies()).toHaveLength(3);
    await page.goto(`http://localhost:${server.port}/script/1`);
    expect(await page.title()).toBe("alice, member");
  });

  test("the React blocks compile as they stand, under strict settings", () => {
    const files = ["app", "main", "page", "server", "provider", "devices"].map((name) => join(folder, `${name}.tsx`));
    const target = ["--noEmit", "--strict", "--target", "es2023", "--module", "nodenext", "--jsx", "react-jsx"];
    const options = [...target, "--allowImportingTsExtensions", "--skipLibCheck", "--types", "node"];
    let errors = "";
    try {
      execFileSync("tsc", [...options, "--ignoreConfig", ...files], { cwd: folder, encoding: "utf8", stdio: "pipe" });
    } catch (error) {
      errors = (error as { stdout: string }).stdout;
    }
    expect(errors).toBe("");
  });

  test("the React app: sign in, like, sign out", async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    const liked = page.waitForResponse(/api\/like/);
    await page.goto(`http://localhost:${server.port}/script/react`);
    await page.getByLabel("Your name").fill("carol");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("carol, member").waitFor();
    await page.getByRole("button", { name: "Like" }).click();
    expect((await liked).status()).toBe(200);
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("button", { name: "Sign in" }).waitFor();
    await context.close();
  });

  test("the React app, rendered on the server: for the user, and hydrated without a complaint", async () => {
    await using build = await rolldown({
      input: join(folder, "server.tsx"),
      platform: "node",
      logLevel: "silent",
      external: /^(?!.*\.tsx$)[^./]/,
    });
    await build.write({ file: join(folder, "server.mjs"), format: "esm" });
    const { app } = (await import(join(folder, "server.mjs"))) as { app: Express };
    const rendering = await listen(express().use(app).use(createApp(scripts)));
    const context = await browser.newContext();
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
    const signIn = { form: { user: "dave" } };
    await context.request.post(`http://localhost:${rendering.port}/login`, signIn);
    const answer = await page.goto(`http://localhost:${rendering.port}/`);
    expect(await answer?.text()).toMatch(/dave.*member/s);
    await page.waitForFunction("globalThis.isDone");
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("button", { name: "Sign in" }).waitFor();
    expect(complaints).toEqual([]);
    await context.close();
    await rendering.close();
  });

  test("getting started's page: sign in, like, in two tabs, sign out", async () => {
    const context = await browser.newContext();
    const [page, other] = [await context.newPage(), await context.newPage()];
    for (const tab of [page, other]) await tab.goto(`http://localhost:${server.port}/`);
    await page.locator("[name=name]").fill("bob");
    await page.locator("[name=password]").fill("wrong");
    await page.getByText("Sign in").click();
    await page.getByText("wrong name or password").waitFor();
    await page.locator("[name=password]").fill("open sesame");
    await page.getByText("Sign in").click();
    await page.getByText('{"ok":true}').waitFor();
    await expect.poll(() => other.title()).toBe("bob");
    await other.getByText("Like").click();
    await other.getByText('{"likedBy":"bob"}').waitFor();
    await page.getByText("Sign out").click();
    for (const tab of [page, other]) await expect.poll(() => tab.title()).toBe("Signed out");
    await context.close();
  });
});
