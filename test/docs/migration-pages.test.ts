/**
 * The pages of docs/guide/migration-*.md in a real browser, which stays open while one server takes
 * over from the other.
 */
import type { Browser, BrowserContext } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { isSkippedWithoutBrowser, openBrowser } from "../browser/chromium.ts";
import { describeWithServer } from "../servers/describe-with-server.ts";
import { freePort } from "../servers/free-port.ts";
import { sharedMariaDb, sharedRedis } from "../servers/shared.ts";
import { codeOf, readSessionScript } from "./migration/guide.ts";
import { type App, createStage, type Environment, type Stage } from "./migration/stage.ts";
import { bundlePage, openTabOf, type Tab } from "./migration/tabs.ts";

const isSkipped = isSkippedWithoutBrowser("the pages of the migration guide");
describe.skipIf(isSkipped)("the pages (need a browser: Debian's package chromium, or CHROMIUM_PATH)", () => {
  let browser: Browser;
  let context: BrowserContext;
  let stage: Stage | undefined;
  let app: App | undefined;
  let origin = "";
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    context = await browser.newContext();
  });
  afterEach(async () => {
    await context.close();
    await stage?.remove();
    [stage, app] = [undefined, undefined];
  });

  async function setUp(host: string, env: Environment): Promise<(code: string, more?: Environment) => Promise<void>> {
    const port = await freePort();
    origin = `http://${host}:${port}`;
    stage = createStage({ ...env, PUBLIC_ORIGIN: origin, PORT: String(port) });
    stage.publish("index.html", "<!doctype html><title>Shop</title>");
    stage.publish("session.js", readSessionScript());
    return async (code, more = {}) => {
      await app?.stop();
      app = await stage!.start(code, { PORT: String(port), ...more });
    };
  }

  const publish = (heading: string): void => stage!.publish("app.js", codeOf(heading, "js"));

  const openTab = (): Promise<Tab> => openTabOf(context, origin);

  /** The access token expires, and its cookie with it. */
  const expire = (): Promise<void> => context.clearCookies({ name: /^(__Host-)?sAccessToken$/ });

  describeWithServer("redis", "from express-session", () => {
    let url = "";
    beforeAll(async () => {
      url = await sharedRedis();
    });

    test("nobody is signed out on the way there, nor on the way back", async () => {
      const deploy = await setUp("localhost", { REDIS_URL: url, SESSION_SECRET: "of express-session" });
      publish("express-session: before");
      await deploy(codeOf("express-session: before", "ts"));
      const old = await openTab();
      expect(await old.call("showCart")).toEqual([401, { message: "sign in" }]);
      expect(await old.call("signIn", "ann", "open sesame")).toEqual([200, { ok: true }]);
      expect(await old.call("add", "tea")).toEqual([200, { cart: ["tea"] }]);

      await deploy(codeOf("express-session: the bridge", "ts"));
      expect(await old.call("add", "milk")).toEqual([200, { cart: ["tea", "milk"] }]);

      publish("express-session: after");
      const fresh = await openTab();
      expect(await fresh.call("showCart")).toEqual([200, { userId: "ann", cart: ["tea", "milk"] }]);
      expect(await fresh.call("add", "rum")).toEqual([200, { cart: ["tea", "milk", "rum"] }]);
      await expire();
      expect(await old.call("add", "ice")).toEqual([200, { cart: ["tea", "milk", "rum", "ice"] }]);

      publish("express-session: before");
      const back = await openTab();
      expect(await back.call("add", "gin")).toEqual([200, { cart: ["tea", "milk", "rum", "ice", "gin"] }]);

      publish("express-session: after");
      await deploy(codeOf("express-session: after", "ts"));
      const last = await openTab();
      const cart = ["tea", "milk", "rum", "ice", "gin"];
      expect(await last.call("showCart")).toEqual([200, { userId: "ann", cart }]);
      expect(await fresh.call("add", "ale")).toEqual([200, { cart: [...cart, "ale"] }]);
      expect((await last.call("signOut"))[0]).toBe(200);
      expect((await last.call("showCart"))[0]).toBe(401);
      expect(await last.call("signIn", "ann", "open sesame")).toEqual([200, { ok: true }]);
      expect(await last.call("add", "tea")).toEqual([200, { cart: ["tea"] }]);
    });
  });

  test("from a JWT middleware: nobody is signed out on the way there, nor on the way back", async () => {
    const deploy = await setUp("localhost", { JWT_SECRET: "the secret of the old tokens" });
    const ann = [200, { userId: "ann", role: "member" }];
    publish("JWT: before");
    await deploy(codeOf("JWT: before", "ts"));
    const old = await openTab();
    expect((await old.call("me"))[0]).toBe(401);
    expect((await old.call("signIn", "ann", "open sesame"))[0]).toBe(200);
    expect(await old.call("like")).toEqual([200, { likedBy: "ann" }]);

    await deploy(codeOf("JWT: the bridge", "ts"));
    expect(await old.call("like")).toEqual([200, { likedBy: "ann" }]);

    publish("JWT: the bridge");
    const fresh = await openTab();
    expect(await fresh.call("like")).toEqual([200, { likedBy: "ann" }]);
    expect(await fresh.page.evaluate("document.cookie")).toContain("sIdRefreshToken=");
    expect(await old.call("me")).toEqual(ann);
    await expire();
    expect(await fresh.call("me")).toEqual(ann);

    publish("JWT: before");
    expect(await (await openTab()).call("like")).toEqual([200, { likedBy: "ann" }]);

    publish("JWT: after");
    await deploy(codeOf("JWT: after", "ts"));
    const last = await openTab();
    expect(await last.page.evaluate("localStorage.length")).toBe(0);
    expect(await last.call("like")).toEqual([200, { likedBy: "ann" }]);
    expect(await fresh.call("me")).toEqual(ann);
    expect((await last.call("signOut"))[0]).toBe(200);
    expect((await last.call("me"))[0]).toBe(401);
    expect((await last.call("signIn", "ann", "open sesame"))[0]).toBe(200);
    expect(await last.call("like")).toEqual([200, { likedBy: "ann" }]);
  });

  test("from a JWT middleware: sign-in and sign-out while the bridge is up", async () => {
    const deploy = await setUp("localhost", { JWT_SECRET: "the secret of the old tokens" });
    publish("JWT: the bridge");
    await deploy(codeOf("JWT: the bridge", "ts"));
    const tab = await openTab();
    expect((await tab.call("signIn", "bob", "open sesame"))[0]).toBe(200);
    expect(await tab.call("like")).toEqual([200, { likedBy: "bob" }]);
    publish("JWT: before");
    expect(await (await openTab()).call("like")).toEqual([200, { likedBy: "bob" }]);
    expect((await tab.call("signOut"))[0]).toBe(200);
    expect((await tab.call("me"))[0]).toBe(401);
    expect((await (await openTab()).call("me"))[0]).toBe(401);
  });

  describeWithServer("mariadb", "from supertokens-node-mysql-ref-jwt", () => {
    let url = "";
    beforeAll(async () => {
      const server = await sharedMariaDb();
      url = server.url(await server.createDatabase());
    });

    test("its web client goes on, there and back", async () => {
      const host = "shop.localhost";
      const deploy = await setUp(host, { DATABASE_URL: url, COOKIE_DOMAIN: host });
      stage!.publish("app.js", await bundlePage(stage!.folder, codeOf("SuperTokens: before", "js")));
      await deploy(codeOf("SuperTokens: before", "ts"));
      const tab = await openTab();
      expect(await tab.call("signIn", "ann", "open sesame")).toEqual([200, { ok: true }]);
      const cart = ["tea"];
      const add = async (item: string): Promise<void> => {
        cart.push(item);
        expect(await tab.call("add", item)).toEqual([200, { cart }]);
      };
      expect(await tab.call("add", "tea")).toEqual([200, { cart }]);
      await expire();
      await add("milk");

      const bridge = codeOf("SuperTokens: the bridge", "ts");
      const marker = async (): Promise<string | undefined> =>
        (await context.cookies()).find(({ name }) => name.endsWith("sIdRefreshToken"))?.value;
      for (const [turn, moving] of ["off", "on", "off"].entries()) {
        await deploy(bridge, { MOVE_SESSIONS: moving });
        await add(`before the refresh ${turn}`);
        await expire();
        await add(`after the refresh ${turn}`);
        if (turn === 0) expect(await marker()).not.toMatch(/^1\./);
        else expect(await marker()).toMatch(/^1\./);
      }
      await deploy(codeOf("SuperTokens: after", "ts"));
      await add("rum");
      await expire();
      await add("ice");
      await tab.page.reload();
      const last = await openTab();
      expect(await last.call("showCart")).toEqual([200, { userId: "ann", role: "member", cart }]);
      expect(await last.call("add", "gin")).toEqual([200, { cart: [...cart, "gin"] }]);
      expect((await last.call("signOut"))[0]).toBe(200);
      expect((await last.call("showCart"))[0]).toBe(401);
    });
  });
});
