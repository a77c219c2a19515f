/** supertest and superagent's jar, over the http of a test's app. */
import { createRequire } from "node:module";
import { type CounterfoilConfig, createSessions, type Sessions } from "counterfoil";
import { sessionsFor } from "counterfoil/express";
import { memory } from "counterfoil/memory";
import { createFakeClock, type FakeClock, signInForTest } from "counterfoil/testing";
import express, { type Express } from "express";
import { expect, onTestFinished, test } from "vitest";
import { describeWithFolder } from "../../test/run/describe-with-folder.ts";

interface Reply {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
}
interface Sending extends PromiseLike<Reply> {
  set(headers: Readonly<Record<string, string>>): Sending;
}
interface Client {
  get(path: string): Sending;
  post(path: string): Sending;
}
interface Agent extends Client {
  readonly jar: { setCookies(lines: readonly string[], domain: string, path: string): void };
}
type Supertest = ((app: Express) => Client) & { agent(app: Express): Agent };

interface App {
  readonly app: Express;
  readonly sessions: Sessions;
  readonly clock: FakeClock;
}

function createApp(config: CounterfoilConfig = {}): App {
  const clock = createFakeClock();
  const sessions = createSessions({ store: memory(), clock: clock.now, ...config });
  onTestFinished(() => sessions.close());
  const { createNewSession, errorHandler, sessionOf, sessionRoutes, verifySession } = sessionsFor(sessions);
  const app = express();
  app.use(sessionRoutes());
  app.post("/login", async (req, res) => {
    await createNewSession(req, res, "alice");
    res.json({});
  });
  app.get("/api/me", verifySession(), (req, res) => void res.json(sessionOf(req).getUserId()));
  app.post("/api/like", verifySession(), (req, res) => void res.json(sessionOf(req).getUserId()));
  app.use(errorHandler());
  return { app, sessions, clock };
}

describeWithFolder("ecosystem", "supertest", () => {
  const request = createRequire(import.meta.url)("supertest") as Supertest;

  test("an agent drops the secure cookies of an app by http", async () => {
    const agent = request.agent(createApp().app);
    expect((await agent.post("/login")).status).toBe(200);
    expect((await agent.get("/api/me")).status).toBe(401);
  });

  test("an agent keeps cookies that are not secure, and refreshes", async () => {
    const { app, clock } = createApp({ cookie: { secure: false } });
    const agent = request.agent(app);
    const { headers } = await agent.post("/login");
    const csrf = { "anti-csrf": headers["anti-csrf"] ?? "" };
    expect((await agent.post("/api/like")).status).toBe(401);
    expect((await agent.post("/api/like").set(csrf)).body).toBe("alice");
    clock.advance(16 * 60_000);
    expect((await agent.get("/api/me")).status).toBe(401);
    expect((await agent.post("/session/refresh")).status).toBe(200);
    expect((await agent.get("/api/me")).body).toBe("alice");
  });

  test("a user who is signed in for the test, with secure cookies by http", async () => {
    const { app, sessions, clock } = createApp();
    const { headers, refreshHeaders } = await signInForTest("alice", { sessions });
    expect((await request(app).get("/api/me")).status).toBe(401);
    expect((await request(app).get("/api/me").set(headers)).body).toBe("alice");
    expect((await request(app).post("/api/like").set(headers)).body).toBe("alice");
    clock.advance(16 * 60_000);
    expect((await request(app).get("/api/me").set(headers)).status).toBe(401);
    expect((await request(app).post("/session/refresh").set(refreshHeaders)).status).toBe(200);
    expect((await request(app).post("/session/signout").set(headers)).status).toBe(200);
  });

  test("the jar of an agent takes the cookies", async () => {
    const { app, sessions } = createApp({ cookie: { secure: false } });
    const { setCookies } = await signInForTest("alice", { sessions });
    const agent = request.agent(app);
    agent.jar.setCookies(setCookies, "127.0.0.1", "/");
    expect((await agent.get("/api/me")).body).toBe("alice");
    expect((await agent.post("/session/refresh")).status).toBe(200);
    expect((await agent.get("/api/me")).body).toBe("alice");
  });

  test("tokens in headers", async () => {
    const { app, sessions } = createApp({ http: { transports: ["header"] } });
    const { headers, refreshHeaders } = await signInForTest("alice", { sessions });
    expect((await request(app).post("/api/like").set(headers)).body).toBe("alice");
    expect((await request(app).post("/session/refresh").set(refreshHeaders)).headers["st-access-token"]).toBeTruthy();
  });
});
