/**
 * The server of docs/guide/migration-middleware.md: node:http and the functions of the package
 * root.
 */
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createSessions, type Sessions } from "counterfoil";
import { sqlite } from "counterfoil/sqlite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { codeOf } from "./migration/guide.ts";
import { type App, createStage, SECRET, type Stage } from "./migration/stage.ts";
import { createVisitor, seen } from "./migration/visitor.ts";

const ORIGIN = "https://shop.example";
const post = (headers: Readonly<Record<string, string>> = {}) => ({ method: "POST", headers }) as const;

let stage: Stage;
let sessions: Sessions;
let names: Sessions["cookieNames"];
let app: App;
beforeAll(async () => {
  stage = createStage({ PUBLIC_ORIGIN: ORIGIN });
  advance(0);
  app = await stage.start(withClock(codeOf("A middleware of your own", "ts")));
  sessions = createSessions({
    store: sqlite({ path: join(stage.folder, "counterfoil.db") }),
    secret: SECRET,
    clock: () => Date.now() + ahead,
    cookie: { hostPrefix: true },
  });
  names = sessions.cookieNames;
});
afterAll(async () => {
  await sessions?.close();
  await stage?.remove();
});

/** The server as it stands in the guide, on a clock that a file puts forward. */
function withClock(code: string): string {
  const init = "await init({";
  expect(code.split(init)).toHaveLength(2);
  const clock = ` clock: () => Date.now() + Number(readFileSync("ahead", "utf8")), `;
  return `import { readFileSync } from "node:fs";\n${code.replace(init, init + clock)}`;
}

const MINUTE = 60_000;
let ahead = 0;
function advance(ms: number): void {
  ahead += ms;
  // Renamed into place, so that the server never reads half of it.
  writeFileSync(join(stage.folder, "ahead.new"), String(ahead));
  renameSync(join(stage.folder, "ahead.new"), join(stage.folder, "ahead"));
}

async function signedIn() {
  const visitor = createVisitor();
  const page = visitor.openPage();
  expect((await page.api(app, "/login", post())).status).toBe(200);
  return { visitor, page };
}
const member = { userId: "alice", jwtPayload: { role: "member" } };

test("sign-in sets three cookies with the attributes that they need", async () => {
  const { cookies } = await createVisitor().call(app, "/login", post());
  const attributes = cookies.map((line) => line.replaceAll(/=[^;=]{20,}(?=; Path)|Expires=[^;]*; /g, ""));
  expect(attributes.toSorted()).toEqual([
    `${names.access}; Path=/; Secure; SameSite=Lax; HttpOnly`,
    `${names.marker}; Path=/; Secure; SameSite=Lax`,
    `${names.refresh}; Path=/; Secure; SameSite=Lax; HttpOnly`,
  ]);
});

test("a request is verified, refreshed and repeated", async () => {
  const { visitor, page } = await signedIn();
  expect(seen(await page.api(app, "/api/me"))).toEqual([200, member]);
  const token = visitor.cookie(names.refresh);
  visitor.forgetAccessToken();
  expect(seen(await visitor.call(app, "/api/me"))).toEqual([401, { message: "try refresh token" }]);
  expect(seen(await page.api(app, "/api/me"))).toEqual([200, member]);
  expect(visitor.cookie(names.refresh)).not.toBe(token);
});

test("a refresh token that is not rotated is not set again", async () => {
  const { visitor, page } = await signedIn();
  await page.refresh(app);
  const answer = await page.refresh(app);
  expect(answer.status).toBe(200);
  expect(answer.cookies.some((line) => line.startsWith(`${names.refresh}=`))).toBe(false);
  expect(visitor.has(names.refresh)).toBe(true);
});

test("an unsafe request needs the anti-CSRF token, also where the header is missing", async () => {
  const { visitor, page } = await signedIn();
  for (const headers of [{}, { "anti-csrf": "" }, { "anti-csrf": "wrong" }]) {
    expect(seen(await visitor.call(app, "/api/promote", post(headers)))).toEqual([
      401,
      { message: "try refresh token" },
    ]);
  }
  expect(seen(await page.api(app, "/api/promote", post()))).toEqual([200, { role: "admin" }]);
});

test("claims that change come with the next request, in a new token", async () => {
  const { visitor, page } = await signedIn();
  await page.api(app, "/api/promote", post());
  const token = visitor.cookie(names.access);
  expect(seen(await page.api(app, "/api/me"))).toEqual([200, { userId: "alice", jwtPayload: { role: "admin" } }]);
  expect(visitor.cookie(names.access)).not.toBe(token);
  expect((await page.api(app, "/api/me")).cookies).toEqual([]);
});

test.each(["/login", "/session/refresh", "/session/signout", "/api/promote"])(
  "%s refuses other sites",
  async (path) => {
    const { page } = await signedIn();
    expect((await page.api(app, path, post({ origin: "https://evil.example" }))).status).toBe(403);
    expect((await page.api(app, path, post({ origin: ORIGIN }))).status).toBe(200);
  },
);

test("sign-in ends the session that the browser had", async () => {
  const { page } = await signedIn();
  const count = async (): Promise<number> => (await sessions.getSessionsForUser("alice")).length;
  const earlier = await count();
  expect((await page.api(app, "/login", post())).status).toBe(200);
  expect(await count()).toBe(earlier);
});

test("sign-out ends the session and clears the cookies, and does so twice", async () => {
  const { visitor, page } = await signedIn();
  const copy = visitor.copy();
  expect((await page.api(app, "/session/signout", post())).status).toBe(200);
  for (const name of Object.values(names)) expect(visitor.has(name)).toBe(false);
  const answer = await copy.call(app, "/api/me");
  expect(seen(answer)).toEqual([401, { message: "unauthorised" }]);
  expect(answer.cookies).toEqual([]);
  expect((await copy.call(app, "/session/signout", post())).status).toBe(200);
  expect(copy.has(names.refresh)).toBe(false);
});

test("refresh: no token, rubbish, and a session that has ended", async () => {
  const { page, visitor } = await signedIn();
  await sessions.revokeAllSessionsForUser("alice");
  expect(seen(await page.refresh(app))).toEqual([401, { message: "unauthorised" }]);
  expect(visitor.has(names.refresh)).toBe(false);
  const rubbish = { cookie: `${names.refresh}=rubbish` };
  for (const headers of [{}, rubbish]) {
    expect((await createVisitor().call(app, "/session/refresh", post(headers))).status).toBe(401);
  }
});

test("time goes by: expired, refreshed, superseded for a moment, and at last a thief", async () => {
  const { visitor, page } = await signedIn();
  const thief = visitor.copy();
  const stale = thief.openPage();
  advance(16 * MINUTE);
  expect(seen(await visitor.call(app, "/api/me"))).toEqual([401, { message: "try refresh token" }]);
  expect(seen(await page.api(app, "/api/me"))).toEqual([200, member]);
  advance(16 * MINUTE);
  expect(seen(await page.api(app, "/api/me"))).toEqual([200, member]);

  const early = await stale.refresh(app);
  expect(seen(early)).toEqual([409, { message: "retry" }]);
  expect([early.header("retry-after"), early.cookies]).toEqual(["1", []]);

  advance(MINUTE);
  expect(seen(await stale.refresh(app))).toEqual([401, { message: "token theft detected" }]);
  expect(thief.has(names.refresh)).toBe(false);
  expect(seen(await page.api(app, "/api/me"))).toEqual([401, { message: "unauthorised" }]);
});

test("an unknown path", async () => {
  expect((await createVisitor().call(app, "/nowhere")).status).toBe(404);
});
