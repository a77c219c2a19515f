/**
 * The move in docs/guide/migration-express-session.md: its servers as they stand there, step by
 * step.
 */
import { createClient } from "redis";
import { createSessions, type Sessions } from "counterfoil";
import { redis } from "counterfoil/redis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeWithServer } from "../servers/describe-with-server.ts";
import { sharedRedis } from "../servers/shared.ts";
import { codeOf } from "./migration/guide.ts";
import { type App, createStage, SECRET, type Stage } from "./migration/stage.ts";
import { createVisitor, credentials, post, seen, type Visitor } from "./migration/visitor.ts";

const serverOf = (step: string): string => codeOf(`express-session: ${step}`, "ts");

describeWithServer("redis", "from express-session", () => {
  let stage: Stage;
  let sessions: Sessions;
  let client: ReturnType<typeof createClient>;
  let before: App;
  let bridge: App;
  let after: App;
  beforeAll(async () => {
    const url = await sharedRedis();
    stage = createStage({ REDIS_URL: url, SESSION_SECRET: "the secret of express-session" });
    [before, bridge, after] = await Promise.all([
      stage.start(serverOf("before")),
      stage.start(serverOf("the bridge")),
      stage.start(serverOf("after")),
    ]);
    client = createClient({ url });
    await client.connect();
    sessions = createSessions({ store: redis({ client }), secret: SECRET });
  });
  afterAll(async () => {
    await sessions?.close();
    client?.destroy();
    await stage?.remove();
  });

  /** Signed in as before the move, with something in the cart. */
  async function signedInBefore(name: string): Promise<Visitor> {
    const visitor = createVisitor();
    expect(seen(await visitor.call(before, "/login", credentials(name)))).toEqual([200, { ok: true }]);
    expect(seen(await visitor.call(before, "/api/cart", post({ item: "tea" })))).toEqual([200, { cart: ["tea"] }]);
    return visitor;
  }

  /** The same, and turned by a new page. */
  async function turned(name: string): Promise<Visitor> {
    const visitor = await signedInBefore(name);
    expect((await visitor.openPage().api(bridge, "/api/cart")).status).toBe(200);
    expect(visitor.has("sRefreshToken")).toBe(true);
    return visitor;
  }

  test("before", async () => {
    const visitor = await signedInBefore("ann");
    expect(seen(await visitor.call(before, "/api/cart"))).toEqual([200, { userId: "ann", cart: ["tea"] }]);
    expect((await createVisitor().call(before, "/login", post({ name: "ann", password: "guess" }))).status).toBe(401);
    expect((await createVisitor().call(before, "/api/cart")).status).toBe(401);
    expect((await visitor.call(before, "/logout", post())).status).toBe(200);
    expect((await visitor.call(before, "/api/cart")).status).toBe(401);
  });

  test("after: requests at once lose nothing, and sign-out ends it", async () => {
    const visitor = createVisitor();
    const page = visitor.openPage();
    expect((await page.api(after, "/login", post({ name: "bob", password: "guess" }))).status).toBe(401);
    expect(seen(await page.api(after, "/login", credentials("bob")))).toEqual([200, { ok: true }]);
    const items = ["a", "b", "c", "d", "e"];
    await Promise.all(items.map((item) => page.api(after, "/api/cart", post({ item }))));
    const { cart } = (await page.api(after, "/api/cart")).json() as { cart: string[] };
    expect(cart.toSorted()).toEqual(items);
    expect((await page.api(after, "/session/signout", post())).status).toBe(200);
    expect(seen(await page.api(after, "/api/cart"))).toEqual([401, { message: "unauthorised" }]);
  });

  test("step 1: with the old page any server does, and nothing is turned", async () => {
    const visitor = await signedInBefore("cleo");
    for (const [app, item] of [
      [bridge, "milk"],
      [before, "honey"],
      [bridge, "lemon"],
    ] as const) {
      expect((await visitor.call(app, "/api/cart", post({ item }))).status).toBe(200);
    }
    const cart = ["tea", "milk", "honey", "lemon"];
    expect(seen(await visitor.call(before, "/api/cart"))).toEqual([200, { userId: "cleo", cart }]);
    expect(visitor.has("sRefreshToken")).toBe(false);

    const other = createVisitor();
    expect((await other.call(bridge, "/login", credentials("cleo"))).status).toBe(200);
    expect(seen(await other.call(before, "/api/cart"))).toEqual([200, { userId: "cleo", cart: [] }]);
  });

  test("step 2: the new page turns the session, with many requests at once, and step 3 knows it", async () => {
    const visitor = await signedInBefore("dora");
    const page = visitor.openPage();
    const answers = await Promise.all(
      ["/api/cart", "/api/cart", "/api/cart", "/api/cart"].map((path) => page.api(bridge, path)),
    );
    for (const answer of answers) expect(seen(answer)).toEqual([200, { userId: "dora", cart: ["tea"] }]);
    expect(await sessions.getSessionsForUser("dora")).toMatchObject([{ authTime: 0 }]);

    expect(seen(await page.api(bridge, "/api/cart", post({ item: "milk" })))).toEqual([200, { cart: ["tea", "milk"] }]);
    visitor.forgetAccessToken();
    expect((await page.api(bridge, "/api/cart")).status).toBe(200);
    expect(seen(await page.api(after, "/api/cart", post({ item: "rum" })))).toEqual([
      200,
      { cart: ["tea", "milk", "rum"] },
    ]);
    expect(await sessions.getSessionsForUser("dora")).toHaveLength(1);
  });

  test("step 2: a page that was loaded before goes on, in the same cart", async () => {
    const visitor = await turned("emma");
    expect(seen(await visitor.call(bridge, "/api/cart", post({ item: "milk" })))).toEqual([
      200,
      { cart: ["tea", "milk"] },
    ]);
    visitor.forgetAccessToken();
    expect(seen(await visitor.call(bridge, "/api/cart", post({ item: "rum" })))).toEqual([
      200,
      { cart: ["tea", "milk", "rum"] },
    ]);
    expect(seen(await visitor.openPage().api(bridge, "/api/cart"))).toEqual([
      200,
      { userId: "emma", cart: ["tea", "milk", "rum"] },
    ]);
  });

  test("step 2: the answer that brings the session may get lost, and two tabs may ask at once", async () => {
    const visitor = await signedInBefore("finn");
    expect((await visitor.lose(bridge, "/session/refresh", post())).cookies).not.toEqual([]);
    const tabs = [visitor.openPage(), visitor.openPage()];
    for (const answer of await Promise.all(tabs.map((tab) => tab.api(bridge, "/api/cart")))) {
      expect(seen(answer)).toEqual([200, { userId: "finn", cart: ["tea"] }]);
    }
    for (const tab of tabs) expect((await tab.api(bridge, "/api/cart", post({ item: "milk" }))).status).toBe(200);
    visitor.forgetAccessToken();
    for (const tab of tabs) expect((await tab.api(after, "/api/cart")).status).toBe(200);
  });

  test("back to step 1: who was turned, and who signed in since, goes on with the old page", async () => {
    const fresh = createVisitor();
    expect((await fresh.openPage().api(bridge, "/login", credentials("gus"))).status).toBe(200);
    for (const visitor of [await turned("gina"), fresh]) {
      visitor.forgetAccessToken();
      expect((await visitor.call(bridge, "/api/cart", post({ item: "milk" }))).status).toBe(200);
    }
  });

  test.each([
    ["the new page", "/session/signout"],
    ["a page that was loaded before", "/logout"],
  ])("sign-out on %s ends both", async (_page, path) => {
    const visitor = await turned("hugo");
    const thief = visitor.copy();
    expect((await visitor.call(bridge, path, post())).status).toBe(200);
    expect(visitor.has("sAccessToken")).toBe(false);
    expect(await sessions.getSessionsForUser("hugo")).toEqual([]);
    thief.forgetAccessToken();
    expect((await thief.call(bridge, "/api/cart")).status).toBe(401);
    expect((await thief.openPage().api(bridge, "/api/cart")).status).toBe(401);
  });

  test("sign-out before the session was turned", async () => {
    const visitor = await signedInBefore("ida");
    expect((await visitor.call(bridge, "/logout", post())).status).toBe(200);
    expect((await visitor.openPage().api(bridge, "/api/cart")).status).toBe(401);
  });

  test("a turned session that is revoked takes the old cookie with it", async () => {
    const visitor = await turned("jack");
    await sessions.revokeAllSessionsForUser("jack");
    visitor.forgetAccessToken();
    expect((await visitor.call(bridge, "/api/cart")).status).toBe(401);
    const page = visitor.openPage();
    expect((await page.api(bridge, "/api/cart")).status).toBe(401);
    expect((await page.api(bridge, "/api/cart")).status).toBe(401);
    expect(await sessions.getSessionsForUser("jack")).toEqual([]);
  });

  test("so it does on a route that reads no data", async () => {
    const last = "app.use(errorHandler());";
    const route = `app.get("/api/me", async (req, res) => void res.json({ userId: (await findShopper(req, res)).userId }));`;
    const code = serverOf("the bridge").replace(last, `${route}\n${last}`);
    const app = await stage.start(code);
    const visitor = await turned("kim");
    visitor.forgetAccessToken();
    expect(seen(await visitor.call(app, "/api/me"))).toEqual([200, { userId: "kim" }]);
    await sessions.revokeAllSessionsForUser("kim");
    expect((await visitor.call(app, "/api/me")).status).toBe(401);
  });
});
