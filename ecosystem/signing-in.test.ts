/**
 * The code of docs/guide/signing-in.md and recipes.md with the packages that it names: it compiles
 * against their own types, and users sign in by it, in a real browser.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { rolldown } from "rolldown";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { isSkippedWithoutBrowser, openBrowser } from "../test/browser/chromium.ts";
import { type App, createStage, type Stage } from "../test/docs/migration/stage.ts";
import { root } from "../test/docs/snippets.ts";
import { describeWithFolder } from "../test/run/describe-with-folder.ts";
import { freePort } from "../test/servers/free-port.ts";

const snippets = ["signing-in", "recipes"].flatMap((page) =>
  [...readFileSync(join(root, `docs/guide/${page}.md`), "utf8").matchAll(/^```ts[^\n]*\n(.*?)^```$/gms)].map(
    ([, code = ""], index) => ({ name: `${page}-${index}`, code }),
  ),
);

/** The one snippet that has a text. */
function snippetWith(text: string): string {
  const [found, ...others] = snippets.filter(({ code }) => code.includes(text));
  expect([text, others.length, found === undefined]).toEqual([text, 0, false]);
  return found!.code;
}

const END = "\napp.use(errorHandler());";
/** What every one of the snippets has for itself, and a server once. */
const COMMON =
  /^(?:import express|import \{ DatabaseSync|import \{ createNewSession|const origin|const app|const db).*\n/gm;

/** The routes of the guide in its first server, as the guide says. */
function assemble(): string {
  const server = snippetWith('app.post("/signup"');
  const passkeys = snippetWith('app.post("/passkeys"').replaceAll(COMMON, "");
  // The provider of the test has no https.
  const oidc = snippetWith("oidc.discovery(")
    .replaceAll(COMMON, "")
    .replace("OIDC_CLIENT_SECRET)", "OIDC_CLIENT_SECRET, undefined, { execute: [oidc.allowInsecureRequests] })");
  const page = 'app.get("/", (_req, res) => void res.type("html").send("<!doctype html><title>Shop</title>"));';
  const script = 'app.use("/scripts", express.static("public"));';
  expect(server.split(END)).toHaveLength(2);
  return server.replace(END, `${passkeys}\n${oidc}\n${page}\n${script}${END}`);
}

const isSkipped = isSkippedWithoutBrowser("signing users in");
describeWithFolder("ecosystem", "signing users in, as the guide does it", () => {
  test("its code compiles against the packages' own types", () => {
    const folder = mkdtempSync(join(import.meta.dirname, ".signing-in-"));
    try {
      for (const { name, code } of snippets) writeFileSync(join(folder, `${name}.ts`), `${code}\nexport {};\n`);
      const compilerOptions = {
        strict: true,
        noEmit: true,
        target: "es2023",
        module: "nodenext",
        types: ["node"],
        skipLibCheck: true,
      };
      writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions }));
      let errors = "";
      try {
        execFileSync("tsc", ["--project", folder], { encoding: "utf8", stdio: "pipe" });
      } catch (error) {
        errors = (error as { stdout: string }).stdout;
      }
      expect(errors).toBe("");
      expect(snippets.length).toBeGreaterThan(10);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  describe.skipIf(isSkipped)("in a browser", () => {
    let stage: Stage;
    let app: App;
    let provider: Server;
    let browser: Browser;
    let origin = "";
    beforeAll(async () => {
      // The provider says at each step that it is one for development.
      for (const method of ["info", "warn"] as const) vi.spyOn(console, method).mockReturnValue();
      const [port, providerPort] = [await freePort(), await freePort()];
      origin = `http://localhost:${port}`;
      const issuer = `http://localhost:${providerPort}`;
      provider = await serveProvider(issuer, providerPort, `${origin}/login/oidc/callback`);
      // Inside this folder, where the packages are found.
      stage = createStage({}, import.meta.dirname);
      stage.publish("page.js", await bundle(snippetWith("startRegistration"), stage.folder));
      app = await stage.start(assemble(), {
        PORT: String(port),
        PUBLIC_ORIGIN: origin,
        OIDC_ISSUER: issuer,
        OIDC_CLIENT_ID: "shop",
        OIDC_CLIENT_SECRET: "the secret of the shop, long enough",
      });
      browser = await openBrowser();
    });
    afterAll(async () => {
      await browser?.close();
      await app?.stop();
      await stage?.remove();
      provider?.closeAllConnections();
      provider?.close();
      vi.restoreAllMocks();
    });

    const openPage = async (): Promise<Page> => {
      const page = await (await browser.newContext()).newPage();
      await page.goto(origin);
      return page;
    };
    const post = (page: Page, path: string, value: object): Promise<[number, string | undefined]> =>
      page.evaluate(
        async ([url, body]) => {
          const headers = { "content-type": "application/json" };
          const answer = await fetch(url, { method: "POST", headers, body });
          const text = await answer.text();
          return [answer.status, text.startsWith("{") ? (JSON.parse(text) as { message?: string }).message : undefined];
        },
        [path, JSON.stringify(value)] as const,
      );
    const whoIs = (page: Page): Promise<unknown> =>
      page.evaluate(async () => ((await (await fetch("/api/me")).json()) as { userId?: unknown }).userId);

    test("by a password", async () => {
      const page = await openPage();
      const ann = { name: "ann", password: "open sesame open sesame" };
      expect(await post(page, "/signup", { ...ann, password: "short" })).toEqual([400, "15 characters and more"]);
      expect(await post(page, "/signup", ann)).toEqual([201, undefined]);
      expect(await post(page, "/signup", { ...ann, name: "ANN" })).toEqual([409, "this name is taken"]);
      const other = await openPage();
      const refusal = [401, "wrong name or password"];
      expect(await post(other, "/login", { ...ann, password: "open sesame" })).toEqual(refusal);
      expect(await post(other, "/login", { ...ann, name: "bob" })).toEqual(refusal);
      expect(await post(other, "/login", { name: 1, password: { length: 20 } })).toEqual(refusal);
      expect(await whoIs(other)).toBeUndefined();
      expect(await post(other, "/login", ann)).toEqual([200, undefined]);
      expect(await whoIs(other)).toBe(await whoIs(page));
    });

    test("by a passkey", async () => {
      const page = await openPage();
      const devtools = await page.context().newCDPSession(page);
      await devtools.send("WebAuthn.enable");
      await devtools.send("WebAuthn.addVirtualAuthenticator", {
        options: {
          protocol: "ctap2",
          transport: "internal",
          hasResidentKey: true,
          hasUserVerification: true,
          isUserVerified: true,
          automaticPresenceSimulation: true,
        },
      });
      const call = (name: "addPasskey" | "signInByPasskey"): Promise<number> =>
        page.evaluate(`import("/scripts/page.js").then((script) => script.${name}()).then(({ status }) => status)`);
      await post(page, "/signup", { name: "cleo", password: "open sesame open sesame" });
      const cleo = await whoIs(page);
      expect(await call("addPasskey")).toBe(201);
      await page.evaluate(`globalThis.fetch = ((real) => async (input, init) => {
        const request = new Request(input, init);
        if (request.url.endsWith("/login/passkey")) globalThis.recorded = await request.clone().text();
        return real(request);
      })(fetch)`);
      await page.context().clearCookies();
      expect(await whoIs(page)).toBeUndefined();
      expect(await call("signInByPasskey")).toBe(200);
      expect(await whoIs(page)).toBe(cleo);
      // A response that was recorded opens nothing: its challenge is used.
      await page.context().clearCookies();
      const recorded: string = await page.evaluate("recorded");
      expect(recorded).toContain("authenticatorData");
      const [status] = await post(page, "/login/passkey", JSON.parse(recorded) as object);
      expect(status).toBe(500);
      expect(await whoIs(page)).toBeUndefined();
    });

    test("by an account of a provider", async () => {
      const page = await openPage();
      await page.goto(`${origin}/login/oidc`);
      await page.fill("[name=login]", "dora");
      await page.fill("[name=password]", "any");
      await page.click("[type=submit]");
      await page.click("[type=submit]"); // the consent
      await page.waitForURL(`${origin}/`);
      expect(await whoIs(page)).toMatch(/\|dora$/);
      const stranger = await openPage();
      const answer = await stranger.goto(`${origin}/login/oidc/callback?code=a&state=b`);
      expect(answer?.status()).toBe(500);
      await stranger.goto(origin);
      expect(await whoIs(stranger)).toBeUndefined();
    });
  });

  test("the rate limit refuses the eleventh attempt, and a sign-in begins anew", async () => {
    const stage = createStage({}, import.meta.dirname);
    const code = snippetWith("rate-limiter-flexible")
      .replace("const app = express();", "await init();\nconst app = express();")
      .concat("\napp.listen(process.env.PORT);\n");
    const app = await stage.start(`import { init } from "counterfoil";\n${code}`);
    const attempt = async (name: string, password: string): Promise<number> => {
      const headers = { "content-type": "application/json" };
      const body = JSON.stringify({ name, password });
      return (await fetch(`http://127.0.0.1:${app.port}/login`, { method: "POST", headers, body })).status;
    };
    const attempts = async (count: number, name: string): Promise<readonly number[]> =>
      Promise.all(Array.from({ length: count }, () => attempt(name, "a guess")));
    expect(await attempts(9, "ann")).toEqual(Array.from({ length: 9 }, () => 401));
    expect(await attempt("ann", "open sesame")).toBe(200);
    const statuses = await attempts(12, "Ann");
    expect(statuses.filter((status) => status === 401)).toHaveLength(10);
    expect(statuses.filter((status) => status === 429)).toHaveLength(2);
    expect(await attempt("ann", "open sesame")).toBe(429);
    expect(await attempt("bob", "open sesame")).toBe(200);
    await stage.remove();
  });
});

async function bundle(code: string, folder: string): Promise<string> {
  const file = join(folder, "page.ts");
  writeFileSync(file, code);
  await using build = await rolldown({ input: file, platform: "browser", logLevel: "silent" });
  const { output } = await build.generate({ format: "esm" });
  return output[0].code;
}

async function serveProvider(issuer: string, port: number, redirectUri: string): Promise<Server> {
  const { default: Provider } = await import("oidc-provider");
  const provider = new Provider(issuer, {
    clients: [
      { client_id: "shop", client_secret: "the secret of the shop, long enough", redirect_uris: [redirectUri] },
    ],
    cookies: { keys: ["of the provider"] },
  });
  const server = createServer(provider.callback());
  await new Promise<void>((resolve) => server.listen(port, resolve));
  return server;
}
