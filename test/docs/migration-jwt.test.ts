/**
 * The move in docs/guide/migration-jwt.md: its servers as they stand there, step by step.
 */
import { join } from "node:path";
import jwt from "jsonwebtoken";
import { createSessions, type Sessions } from "counterfoil";
import { sqlite } from "counterfoil/sqlite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { codeOf } from "./migration/guide.ts";
import { type App, createStage, SECRET, type Stage } from "./migration/stage.ts";
import { createVisitor, credentials, post, seen } from "./migration/visitor.ts";

const JWT_SECRET = "the secret of the old tokens";
const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

let stage: Stage;
let sessions: Sessions;
let before: App;
let bridge: App;
let after: App;
beforeAll(async () => {
  stage = createStage({ JWT_SECRET });
  before = await stage.start(codeOf("JWT: before", "ts"));
  bridge = await stage.start(codeOf("JWT: the bridge", "ts"));
  after = await stage.start(codeOf("JWT: after", "ts"));
  sessions = createSessions({ store: sqlite({ path: join(stage.folder, "counterfoil.db") }), secret: SECRET });
});
afterAll(async () => {
  await sessions?.close();
  await stage?.remove();
});

async function oldToken(name: string, app = before): Promise<string> {
  const answer = await createVisitor().call(app, "/login", credentials(name));
  return (answer.json() as { token: string }).token;
}

/** How the page of the bridge gets a session for its old token. */
const exchange = (token: string) => ({ method: "POST", ...bearer(token) }) as const;

test("before", async () => {
  const token = await oldToken("ann");
  const visitor = createVisitor();
  expect(seen(await visitor.call(before, "/api/me", bearer(token)))).toEqual([200, { userId: "ann", role: "member" }]);
  expect((await visitor.call(before, "/api/me", bearer(`${token.slice(0, -4)}AAAA`))).status).toBe(401);
  expect((await visitor.call(before, "/api/me")).status).toBe(401);
});

test("after", async () => {
  const visitor = createVisitor();
  const page = visitor.openPage();
  expect(seen(await page.api(after, "/login", credentials("bob")))).toEqual([200, { ok: true }]);
  expect(seen(await page.api(after, "/api/like", post()))).toEqual([200, { likedBy: "bob" }]);
  expect((await visitor.call(after, "/api/like", post())).status).toBe(401);
  expect((await page.api(after, "/api/me", bearer(await oldToken("bob")))).status).toBe(400);
  expect((await page.api(after, "/session/signout", post())).status).toBe(200);
  expect(seen(await page.api(after, "/api/me"))).toEqual([401, { message: "unauthorised" }]);
});

test("step 1: with the old page any server does, and nothing is turned", async () => {
  for (const [first, second] of [
    [before, bridge],
    [bridge, before],
  ] as const) {
    const token = await oldToken("cleo", first);
    const visitor = createVisitor();
    expect(seen(await visitor.call(second, "/api/me", bearer(token)))).toEqual([
      200,
      { userId: "cleo", role: "member" },
    ]);
    const like = { method: "POST", ...bearer(token) } as const;
    expect(seen(await visitor.call(second, "/api/like", like))).toEqual([200, { likedBy: "cleo" }]);
  }
  expect(await sessions.getSessionsForUser("cleo")).toEqual([]);
});

test("step 2: the old token gives a session, with its role and its age, and step 3 knows it", async () => {
  const signedInAt = Math.floor(Date.now() / 1000) - 3600;
  const token = jwt.sign({ role: "admin", iat: signedInAt }, JWT_SECRET, { subject: "dora", expiresIn: "7d" });
  const visitor = createVisitor();
  const page = visitor.openPage();
  expect((await page.refresh(bridge, exchange(token))).status).toBe(200);
  expect(seen(await page.api(bridge, "/api/me"))).toEqual([200, { userId: "dora", role: "admin" }]);
  expect(seen(await page.api(bridge, "/api/like", post()))).toEqual([200, { likedBy: "dora" }]);
  expect(await sessions.getSessionsForUser("dora")).toMatchObject([{ authTime: signedInAt * 1000 }]);
  visitor.forgetAccessToken();
  expect(seen(await page.api(after, "/api/me"))).toEqual([200, { userId: "dora", role: "admin" }]);
});

test("step 2: the answer may get lost, and two tabs may ask at once", async () => {
  const token = await oldToken("emma");
  const visitor = createVisitor();
  expect((await visitor.lose(bridge, "/session/refresh", exchange(token))).cookies).not.toEqual([]);
  const tabs = [visitor.openPage(), visitor.openPage()];
  const answers = await Promise.all(tabs.map((tab) => tab.refresh(bridge, exchange(token))));
  expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  for (const tab of tabs) expect(seen(await tab.api(bridge, "/api/like", post()))).toEqual([200, { likedBy: "emma" }]);
});

test("step 2: a page that was loaded before goes on beside a new one", async () => {
  const token = await oldToken("finn");
  const visitor = createVisitor();
  await visitor.openPage().refresh(bridge, exchange(token));
  const like = { method: "POST", ...bearer(token) } as const;
  expect(seen(await visitor.call(bridge, "/api/like", like))).toEqual([200, { likedBy: "finn" }]);
});

test("back to step 1: the new page has an old token, too", async () => {
  const visitor = createVisitor();
  const answer = await visitor.openPage().api(bridge, "/login", credentials("gina"));
  expect(visitor.has("sRefreshToken")).toBe(true);
  const { token } = answer.json() as { token: string };
  for (const app of [bridge, before]) {
    expect((await createVisitor().call(app, "/api/me", bearer(token))).status).toBe(200);
  }
});

test("an old token that has expired or is not ours gives nothing", async () => {
  const expired = jwt.sign({ role: "admin" }, JWT_SECRET, { subject: "hugo", expiresIn: -1 });
  const forged = jwt.sign({ role: "admin" }, "another secret", { subject: "hugo" });
  for (const token of [expired, forged, "rubbish"]) {
    const answer = await createVisitor().call(bridge, "/session/refresh", exchange(token));
    expect(seen(answer)).toEqual([401, { message: "unauthorised" }]);
    expect((await createVisitor().call(bridge, "/api/me", bearer(token))).status).toBe(401);
  }
  expect(await sessions.getSessionsForUser("hugo")).toEqual([]);
});

test("another site can exchange nothing", async () => {
  const headers = { ...exchange(await oldToken("ida")).headers, "sec-fetch-site": "cross-site" };
  expect((await createVisitor().call(bridge, "/session/refresh", { method: "POST", headers })).status).toBe(403);
});

test("a native app moves with headers alone", async () => {
  const mode = { "st-auth-mode": "header" };
  const headers = { ...mode, ...exchange(await oldToken("jack")).headers };
  const answer = await createVisitor().call(bridge, "/session/refresh", { method: "POST", headers });
  expect(answer.cookies).toEqual([]);
  const native = { method: "POST", ...bearer(answer.header("st-access-token")!) } as const;
  for (const app of [bridge, after]) {
    expect(seen(await createVisitor().call(app, "/api/like", native))).toEqual([200, { likedBy: "jack" }]);
  }
  const renewal = {
    method: "POST",
    headers: { ...mode, ...bearer(answer.header("st-refresh-token")!).headers },
  } as const;
  expect((await createVisitor().call(after, "/session/refresh", renewal)).header("st-access-token")).toBeTruthy();
});
