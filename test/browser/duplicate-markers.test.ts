/** Readable markers that another host of the site has set beside ours: none stops the client. */
import { MARKER_COOKIE } from "counterfoil/protocol";
import { expect, test } from "vitest";
import { ClientPage } from "./client-page.ts";
import type { ClientPageScript } from "./pages/client-page.ts";
import { serve } from "./serve-script.ts";
import type { SessionServer } from "./session-server.ts";
import { describeInAnyBrowser, type Stage } from "./stage.ts";

declare const page: ClientPageScript;

const OTHER = "A".repeat(24);
const OLD = `1.${OTHER}.1.1790000000000.1790000900000`;
const LATER = `1.${OTHER}.999999.8990000000000.8990000900000`;
const POST = { method: "POST", body: "x" };

class Shop {
  readonly server: SessionServer;
  readonly sibling: SessionServer;
  readonly visitor: ClientPage;

  private constructor(server: SessionServer, sibling: SessionServer, visitor: ClientPage) {
    this.server = server;
    this.sibling = sibling;
    this.visitor = visitor;
  }

  /** A server on `www.`, beside a sibling of the same site. */
  static async open(stage: Stage, cookie: object = {}): Promise<Shop> {
    const server = await stage.serve({ cookie }, `www.${stage.site}`);
    const html = '<!doctype html><html lang="en"><title>shop</title><script src="/page.js"></script></html>';
    for (const path of ["/shop/page", "/shop/deep/page"])
      serve(server, `GET ${path}`, (_req, res) => void res.type("html").send(html));
    const sibling = await stage.serve({}, `sibling.${stage.site}`);
    return new Shop(server, sibling, new ClientPage(await stage.newTab()));
  }

  async load(path = "/shop/page"): Promise<void> {
    expect(await this.visitor.tab.goto(`${this.server.origin}${path}?options={}`)).toBe(200);
  }

  /** Loads the page, and signs in there; the calls until then have been taken. */
  async signIn(): Promise<void> {
    await this.load();
    expect(await this.visitor.signIn()).toMatchObject({ status: 200 });
    this.server.takeCalls();
  }

  /** The sibling sets markers for the whole site, and the visitor comes back. */
  async toss(attributes: string, values: readonly string[] = [OLD], back = "/shop/page"): Promise<void> {
    await this.visitor.tab.goto(`${this.sibling.origin}/blank`);
    const domain = new URL(this.sibling.origin).hostname.replace("sibling.", "");
    const lines = values.map((value) => `${MARKER_COOKIE}=${value}; Domain=${domain}; ${attributes}`);
    await this.visitor.tab.evaluate((all) => all.forEach((line) => void (document.cookie = line)), lines);
    if (back) await this.load(back);
  }

  /** The calls since they were last taken, without pages. */
  takeCalls(): readonly string[] {
    return this.server.takeCalls().filter((call) => !call.startsWith("GET /shop/"));
  }

  /** Values of all markers that the page can see. */
  async markers(): Promise<readonly string[]> {
    const cookies = await this.visitor.tab.evaluate(() => document.cookie);
    const prefix = `${MARKER_COOKIE}=`;
    return cookies
      .split("; ")
      .filter((pair) => pair.startsWith(prefix))
      .map((pair) => pair.slice(prefix.length));
  }

  /** All that a user does, without a call more than without other markers. */
  async expectToWork(): Promise<void> {
    const { server, visitor } = this;
    await expect.poll(() => visitor.session()).toMatchObject({ status: "signed-in", userId: "alice" });
    this.takeCalls();
    for (const _ of [1, 2]) expect(await visitor.fetch("/notes", POST)).toMatchObject({ status: 200 });
    server.expire();
    for (const _ of [1, 2]) expect(await visitor.fetch("/notes", POST)).toMatchObject({ status: 200 });
    expect(await visitor.session()).toMatchObject({ status: "signed-in", userId: "alice" });
    const [ok, refused] = ["POST /notes 200", "POST /notes 401"];
    expect(this.takeCalls()).toEqual([ok, ok, refused, "POST /session/refresh 200", ok, ok]);
  }

  /** Signs out; nothing that is left makes a session of it. */
  async expectToEnd(): Promise<void> {
    const { visitor } = this;
    expect(await visitor.signOut()).toBe(true);
    expect(await visitor.session()).toMatchObject({ status: "signed-out", reason: "sign-out" });
    expect(await visitor.fetch("/notes", POST)).toMatchObject({ status: 401 });
    expect(await visitor.session()).toMatchObject({ status: "signed-out", reason: "sign-out" });
    expect(this.takeCalls()).toEqual(["POST /session/signout 200", "POST /notes 401"]);
  }
}

interface Place {
  readonly title: string;
  readonly attributes: string;
  readonly values?: readonly string[];
  /** Whether something can clear it. Default true. */
  readonly isCleared?: boolean;
}

const SHARDS: readonly Place[] = [
  { title: "for the directory of the page", attributes: "Path=/shop" },
  { title: "for the page itself", attributes: "Path=/shop/page" },
  { title: "for the site", attributes: "Path=/" },
  { title: "for the site, kept in another partition", attributes: "Path=/; Secure; Partitioned", isCleared: false },
  { title: "for the directory of the page, in another partition", attributes: "Path=/shop; Secure; Partitioned" },
  { title: "for the site, newer than ours", attributes: "Path=/", values: [LATER] },
  { title: "of a later wire", attributes: "Path=/shop/", values: ["2~whatever~more"] },
];

describeInAnyBrowser("a marker of a sibling beside ours", (stage) => {
  test.for(SHARDS)("$title", async ({ attributes, values, isCleared = true }) => {
    const shop = await Shop.open(stage());
    const { visitor } = shop;

    // Nobody is signed in.
    await shop.toss(attributes, values);
    await expect.poll(() => visitor.session()).toMatchObject({ status: "signed-out" });
    for (const _ of [1, 2, 3]) expect(await visitor.fetch("/notes", POST)).toMatchObject({ status: 401 });
    expect(await visitor.session()).toMatchObject({ status: "signed-out" });
    const calls = shop.takeCalls();
    expect(calls.filter((call) => call !== "POST /notes 401")).toEqual(["POST /session/refresh 401"]);
    expect(calls).toHaveLength(4);
    expect(await shop.markers()).toHaveLength(isCleared ? 0 : 1);
    expect(await visitor.signIn()).toMatchObject({ status: 200 });
    await shop.expectToWork();

    // The page knows who is signed in.
    await shop.toss(attributes, values);
    expect(await visitor.session()).toMatchObject({ status: "signed-in", userId: "alice" });
    expect(shop.takeCalls()).toEqual([]);
    await shop.expectToWork();
    expect(await shop.markers()).toHaveLength(isCleared ? 1 : 2);

    // It does not.
    await visitor.tab.evaluate(() => localStorage.clear());
    await shop.toss(attributes, values);
    await expect.poll(() => visitor.session()).toMatchObject({ status: "signed-in", userId: "alice" });
    expect(shop.takeCalls()).toEqual(["POST /session/refresh 200"]);
    expect(await shop.markers()).toHaveLength(isCleared ? 1 : 2);
    await shop.expectToWork();
    await shop.expectToEnd();
    expect(await shop.markers()).toHaveLength(isCleared ? 0 : 1);
  });

  test("of our own session, in another generation", async () => {
    for (const generation of [0, 9_999_999]) {
      const shop = await Shop.open(stage());
      await shop.signIn();
      const [ours = ""] = await shop.markers();
      await shop.visitor.tab.evaluate(() => localStorage.clear());
      await shop.toss("Path=/", [ours.replace(/^(1\.[^.]+)\.\d+\..*/, `$1.${generation}.1.2`)]);
      await expect.poll(() => shop.visitor.session()).toMatchObject({ status: "signed-in", userId: "alice" });
      expect(shop.takeCalls()).toEqual(["POST /session/refresh 200"]);
      await shop.expectToWork();
      await shop.expectToEnd();
    }
  });

  test("with another path: no page sees it, and a page there clears it", async () => {
    const shop = await Shop.open(stage());
    await shop.signIn();
    await shop.toss("Path=/shop/deep");
    await shop.expectToWork();
    await shop.load("/shop/deep/page");
    await shop.expectToWork();
    expect(await shop.markers()).toHaveLength(1);
  });

  test("many of them", async () => {
    const shop = await Shop.open(stage());
    await shop.signIn();
    await shop.visitor.tab.evaluate(() => localStorage.clear());
    for (const [index, path] of ["/", "/shop", "/shop/", "/shop/page"].entries()) {
      const value = `1.${OTHER}.${index}`;
      await shop.toss(`Path=${path}`, [`${value}.1.2`], "");
      await shop.toss(`Path=${path}; Secure; Partitioned`, [`${value}.3.4`], "");
    }
    await shop.load();
    await expect.poll(() => shop.visitor.session()).toMatchObject({ status: "signed-in", userId: "alice" });
    await shop.expectToWork();
    await shop.expectToEnd();
  });

  test("with a plain name, beside one with the prefix __Host-: nothing is asked, and nothing is taken from it", async () => {
    const shop = await Shop.open(stage(), { secure: true, hostPrefix: "auto" });
    const { server, visitor } = shop;
    const { marker } = server.sessions.cookieNames;
    expect(marker).not.toBe(MARKER_COOKIE);
    await shop.signIn();
    expect(await visitor.tab.evaluate(() => document.cookie)).toContain(`${marker}=`);
    for (const path of ["/", "/shop"]) {
      await shop.toss(`Path=${path}`, [LATER]);
      expect(await visitor.session()).toMatchObject({ status: "signed-in", userId: "alice" });
      expect(shop.takeCalls()).toEqual([]);
      await shop.expectToWork();
    }
    await visitor.tab.evaluate(() => localStorage.clear());
    await visitor.tab.reload();
    await expect.poll(() => visitor.session()).toMatchObject({ status: "signed-in", userId: "alice" });
    expect(shop.takeCalls()).toEqual(["POST /session/refresh 200"]);
    await shop.expectToWork();
    expect(await visitor.signOut()).toBe(true);
    await visitor.tab.reload();
    await expect.poll(() => visitor.session()).toMatchObject({ status: "signed-out" });
    for (const _ of [1, 2, 3]) await visitor.fetch("/notes", POST);
    const refreshes = shop.takeCalls().filter((call) => call.startsWith("POST /session/refresh"));
    expect(refreshes.length).toBeLessThanOrEqual(1);
  });

  test("while the page is open: other tabs go on, and their refresh is one for all", async () => {
    const shop = await Shop.open(stage());
    await shop.signIn();
    const second = new ClientPage(await stage().newTab());
    expect(await second.tab.goto(`${shop.server.origin}/shop/page?options={}`)).toBe(200);
    await shop.toss("Path=/", [LATER]);
    shop.takeCalls();
    for (let round = 0; round < 2; round++) {
      shop.server.expire();
      expect(await second.fetch("/notes", POST)).toMatchObject({ status: 200 });
      expect(await shop.visitor.fetch("/notes", POST)).toMatchObject({ status: 200 });
      const calls = shop.takeCalls();
      expect(calls.filter((call) => call.startsWith("POST /session"))).toEqual(["POST /session/refresh 200"]);
    }
    await shop.expectToEnd();
    await expect.poll(() => second.session()).toMatchObject({ status: "signed-out", reason: "sign-out" });
  });

  test("a sign-out that the server does not hear is told later, and signs out whom it meant", async () => {
    const shop = await Shop.open(stage());
    await shop.signIn();
    const { server, visitor } = shop;
    await visitor.tab.evaluate(() => localStorage.clear());
    server.at("POST /session/signout").answer(503);
    server.refresh.answer(503);
    await shop.toss("Path=/", [LATER]);
    await server.seen("POST /session/refresh");
    expect(await visitor.session()).toEqual({ status: "loading" });
    expect(await visitor.signOut()).toBe(false);
    expect(await visitor.session()).toMatchObject({ status: "signed-out", reason: "sign-out" });
    await visitor.tab.reload();
    await server.seen("POST /session/signout 200");
    expect(await visitor.session()).toMatchObject({ status: "signed-out" });
    expect(server.count("session-revoked")).toBe(1);
  });

  test("whose API is another origin, with a marker that no page of ours can read", async () => {
    const shop = await Shop.open(stage());
    const config = { http: { trustedOrigins: [shop.server.origin] } };
    const api = await stage().serve(config, `api.${stage().site}`);
    await shop.toss("Path=/", [LATER], "");
    const { visitor } = shop;
    const options = JSON.stringify({ api: api.origin });
    await visitor.tab.goto(`${shop.server.origin}/shop/page?options=${options}`);
    await expect.poll(() => visitor.session()).toMatchObject({ status: "signed-out" });
    expect(api.takeCalls()).toEqual(["POST /session/refresh 401"]);
    expect(await visitor.signIn("alice", {}, `${api.origin}/login`)).toMatchObject({ status: 200 });
    for (let round = 0; round < 2; round++) {
      api.takeCalls();
      expect(await visitor.session()).toMatchObject({ status: "signed-in", userId: "alice" });
      expect(await visitor.fetch(`${api.origin}/notes`, POST)).toMatchObject({ status: 200 });
      api.expire();
      expect(await visitor.fetch(`${api.origin}/notes`, POST)).toMatchObject({ status: 200 });
      const [ok, refused] = ["POST /notes 200", "POST /notes 401"];
      expect(api.takeCalls()).toEqual([ok, refused, "POST /session/refresh 200", ok]);
      await visitor.tab.reload();
    }
    expect(await visitor.signOut()).toBe(true);
    expect(await visitor.session()).toMatchObject({ status: "signed-out", reason: "sign-out" });
  });

  test("with a marker of the whole site, which is never cleared by the page", async () => {
    const shop = await Shop.open(stage(), { domain: stage().site });
    await shop.signIn();
    const [ours = ""] = await shop.markers();
    await shop.toss("Path=/shop");
    expect(await shop.visitor.session()).toMatchObject({ status: "signed-in" });
    expect(await shop.markers()).toEqual([ours]);
    await shop.expectToWork();
    await shop.expectToEnd();
  });

  test("and in an address that names other attributes of a cookie", async () => {
    const shop = await Shop.open(stage());
    await shop.signIn();
    const [ours = ""] = await shop.markers();
    for (const path of ["/shop;Path=/x", `/${"a".repeat(1100)}/x`, "//", "/;Path=/"]) {
      await shop.visitor.tab.evaluate((to) => history.replaceState(null, "", location.origin + to), path);
      expect(await shop.visitor.tab.evaluate(() => location.pathname)).toBe(path);
      const seen = await shop.visitor.tab.evaluate((name) => {
        document.cookie = `${name}=other; Domain=${location.hostname}; Path=/`;
        return page.client.session().status;
      }, MARKER_COOKIE);
      expect(seen).toBe("signed-in");
      expect(await shop.visitor.fetch("/notes", POST)).toMatchObject({ status: 200 });
      expect(await shop.markers()).toContain(ours);
      await shop.visitor.tab.evaluate((name) => {
        document.cookie = `${name}=; Domain=${location.hostname}; Path=/; Max-Age=0`;
      }, MARKER_COOKIE);
    }
  });
});
