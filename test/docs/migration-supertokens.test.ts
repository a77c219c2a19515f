/**
 * The move in docs/guide/migration-supertokens.md: its servers as they stand there, step by step.
 */
import { createSessions, type Sessions } from "counterfoil";
import { mysql } from "counterfoil/mysql";
import { createConnection, type Connection } from "mysql2/promise";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeWithServer } from "../servers/describe-with-server.ts";
import { sharedMariaDb } from "../servers/shared.ts";
import { codeOf } from "./migration/guide.ts";
import { type App, createStage, SECRET, type Stage } from "./migration/stage.ts";
import { createVisitor, credentials, post, seen, type Visitor } from "./migration/visitor.ts";

const HOST = "shop.example";
const serverOf = (step: string): string => codeOf(`SuperTokens: ${step}`, "ts");
const cartOf = (userId: string, ...cart: readonly string[]) => [200, { userId, role: "member", cart }];

describeWithServer("mariadb", "from supertokens-node-mysql-ref-jwt", () => {
  let stage: Stage;
  let sessions: Sessions;
  let connection: Connection;
  let before: App;
  let still: App;
  let moving: App;
  let after: App;
  beforeAll(async () => {
    const server = await sharedMariaDb();
    const url = server.url(await server.createDatabase());
    stage = createStage({ DATABASE_URL: url });
    before = await stage.start(serverOf("before"));
    still = await stage.start(serverOf("the bridge"));
    [moving, after] = await Promise.all([
      stage.start(serverOf("the bridge"), { MOVE_SESSIONS: "on" }),
      stage.start(serverOf("after")),
    ]);
    sessions = createSessions({ store: mysql({ url }), secret: SECRET });
    connection = await createConnection(url);
  });
  afterAll(async () => {
    await connection?.end();
    await sessions?.close();
    await stage?.remove();
  });

  const oldHandles = async (user: string): Promise<readonly string[]> => {
    const [rows] = await connection.query("SELECT session_handle FROM refresh_token WHERE user_id = ?", [user]);
    return (rows as { session_handle: string }[]).map((row) => row.session_handle);
  };

  async function signedInBefore(name: string) {
    const visitor = createVisitor(HOST);
    const page = visitor.openPage();
    expect(seen(await page.api(before, "/login", credentials(name)))).toEqual([200, { ok: true }]);
    expect(seen(await page.api(before, "/api/cart", post({ item: "tea" })))).toEqual([200, { cart: ["tea"] }]);
    return { visitor, page };
  }

  const expire = (visitor: Visitor): void => visitor.forgetAccessToken(HOST);

  test("the functions print the same before and after", async () => {
    const printed = await stage.run(codeOf("The functions, before", "ts"));
    expect(printed.split("\n")).toHaveLength(7);
    expect(printed).not.toContain("false");
    expect(await stage.run(codeOf("The functions, after", "ts"))).toBe(printed);
  });

  test.each([
    ["before", () => before],
    ["after", () => after],
  ])("%s", async (_name, app) => {
    const visitor = createVisitor(HOST);
    const page = visitor.openPage();
    expect((await page.api(app(), "/login", post({ name: "ann", password: "guess" }))).status).toBe(403);
    await page.api(app(), "/login", credentials("ann"));
    expect(seen(await page.api(app(), "/api/cart", post({ item: "tea" })))).toEqual([200, { cart: ["tea"] }]);
    expect(seen(await visitor.call(app(), "/api/cart", post({ item: "tea" })))).toEqual([
      401,
      { message: "try refresh token" },
    ]);
    expire(visitor);
    expect(seen(await page.api(app(), "/api/cart"))).toEqual(cartOf("ann", "tea"));
    expect(seen(await page.api(app(), "/logout", post()))).toEqual([200, { ok: true }]);
    expect(visitor.has("sAccessToken")).toBe(false);
    expect((await page.api(app(), "/api/cart")).status).toBe(401);
  });

  test("step 1: any server does, and nothing is turned", async () => {
    const { visitor, page } = await signedInBefore("cleo");
    expect(seen(await page.api(still, "/api/cart", post({ item: "milk" })))).toEqual([200, { cart: ["tea", "milk"] }]);
    expire(visitor);
    expect(seen(await page.api(still, "/api/cart"))).toEqual(cartOf("cleo", "tea", "milk"));
    expire(visitor);
    expect(seen(await page.api(before, "/api/cart"))).toEqual(cartOf("cleo", "tea", "milk"));
    expect(await sessions.getSessionsForUser("cleo")).toEqual([]);
    const fresh = createVisitor(HOST);
    expect((await fresh.openPage().api(still, "/login", credentials("cleo"))).status).toBe(200);
    expect(seen(await fresh.call(before, "/api/cart"))).toEqual(cartOf("cleo"));
    expect((await fresh.openPage().api(still, "/logout", post())).status).toBe(200);
    expect(await oldHandles("cleo")).toHaveLength(1);
  });

  test("step 2: the refresh turns the session, the next one ends the old row, and step 3 knows it", async () => {
    const { visitor, page } = await signedInBefore("dora");
    const [old] = await oldHandles("dora");
    expect(seen(await page.api(moving, "/api/cart", post({ item: "milk" })))).toEqual([200, { cart: ["tea", "milk"] }]);
    expect(await sessions.getSessionsForUser("dora")).toEqual([]);
    const marker = visitor.cookie("sIdRefreshToken");
    expire(visitor);
    expect(seen(await page.api(moving, "/api/cart"))).toEqual(cartOf("dora", "tea", "milk"));
    expect(visitor.cookie("sIdRefreshToken")).not.toBe(marker);
    expect(await sessions.getSessionsForUser("dora")).toMatchObject([{ authTime: 0 }]);
    const [handle = ""] = await sessions.getAllSessionHandlesForUser("dora");
    expect(await sessions.getSessionData(handle)).toEqual({ cart: ["tea", "milk"], movedFrom: old });
    expect(await oldHandles("dora")).toEqual([old]);
    for (const app of [moving, still]) {
      expect((await page.api(app, "/api/cart", post({ item: "rum" }))).status).toBe(200);
    }
    expire(visitor);
    expect(seen(await page.api(still, "/api/cart"))).toEqual(cartOf("dora", "tea", "milk", "rum", "rum"));
    expect(await oldHandles("dora")).toEqual([]);
    expect(await sessions.getSessionData(handle)).toEqual({ cart: ["tea", "milk", "rum", "rum"] });

    expire(visitor);
    expect(seen(await page.api(after, "/api/cart"))).toEqual(cartOf("dora", "tea", "milk", "rum", "rum"));
    expect((await page.api(after, "/api/cart", post({ item: "ice" }))).status).toBe(200);
  });

  test("step 2: requests on their way with the old token are answered while the session is turned", async () => {
    const { visitor, page } = await signedInBefore("emma");
    const other = visitor.copy();
    expect((await page.refresh(moving)).status).toBe(200);
    expect(seen(await other.call(moving, "/api/cart"))).toEqual(cartOf("emma", "tea"));
    expect(seen(await page.api(moving, "/api/cart"))).toEqual(cartOf("emma", "tea"));
  });

  test("step 2: the answer that brings the session may get lost", async () => {
    const { visitor, page } = await signedInBefore("finn");
    expect((await visitor.lose(moving, "/session/refresh", post())).cookies).not.toEqual([]);
    expire(visitor);
    expect(seen(await page.api(moving, "/api/cart"))).toEqual(cartOf("finn", "tea"));
    expire(visitor);
    expect(seen(await page.api(after, "/api/cart"))).toEqual(cartOf("finn", "tea"));
  });

  test("step 2: who signs in anew has a Counterfoil session, and back in step 1 keeps it", async () => {
    const visitor = createVisitor(HOST);
    const page = visitor.openPage();
    expect((await page.api(moving, "/login", credentials("gina"))).status).toBe(200);
    expect(await oldHandles("gina")).toEqual([]);
    expire(visitor);
    expect((await page.api(still, "/api/cart", post({ item: "tea" }))).status).toBe(200);
    expect(await sessions.getSessionsForUser("gina")).toHaveLength(1);
  });

  test("sign-out ends the new session and the row that it came from", async () => {
    const { visitor, page } = await signedInBefore("hugo");
    expect((await page.refresh(moving)).status).toBe(200);
    expect(await oldHandles("hugo")).toHaveLength(1);
    expect(seen(await page.api(moving, "/logout", post()))).toEqual([200, { ok: true }]);
    expect(visitor.has("sAccessToken") || visitor.has("sRefreshToken")).toBe(false);
    expect(await oldHandles("hugo")).toEqual([]);
    expect(await sessions.getSessionsForUser("hugo")).toEqual([]);
  });

  test("a session that was revoked is not turned, and its cookies go", async () => {
    const { visitor, page } = await signedInBefore("ida");
    await connection.query("DELETE FROM refresh_token WHERE user_id = 'ida'");
    expire(visitor);
    expect(seen(await page.api(moving, "/api/cart"))).toEqual([401, { message: "unauthorised" }]);
    expect(visitor.has("sIdRefreshToken") || visitor.has("sRefreshToken")).toBe(false);
    expect(await sessions.getSessionsForUser("ida")).toEqual([]);
  });

  test("an old refresh token that was stolen is still found out, and turns nothing", async () => {
    const { visitor, page } = await signedInBefore("jack");
    const thief = visitor.copy();
    await page.refresh(before);
    await page.api(before, "/api/cart"); // the new token takes over
    expect((await thief.openPage().refresh(moving)).status).toBe(401);
    expect(await oldHandles("jack")).toEqual([]);
    expect(await sessions.getSessionsForUser("jack")).toEqual([]);
  });

  test("clean-up: the count says how many are left, and the tables can go", async () => {
    const count = codeOf("The database", "sql");
    const { visitor, page } = await signedInBefore("kate");
    const left = async (): Promise<number> => {
      const [rows] = await connection.query(count);
      return (rows as { sessions_left: number }[]).map((row) => row.sessions_left).reduce((sum, one) => sum + one);
    };
    const all = await left();
    expect(all).toBeGreaterThan(0);
    await page.refresh(moving);
    await page.refresh(moving);
    expect(await left()).toBe(all - 1);
    await connection.query(codeOf("SuperTokens: the bridge", "sql"));
    expire(visitor);
    expect(seen(await page.api(after, "/api/cart"))).toEqual(cartOf("kate", "tea"));
  });
});
