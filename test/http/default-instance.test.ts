/**
 * Without `sessions` the Express functions use the instance of `init`; the order of these tests is
 * that of a start.
 */
import * as counterfoil from "counterfoil";
import * as sessionsInExpress from "counterfoil/express";
import { memory } from "counterfoil/memory";
import { signInForTest } from "counterfoil/testing";
import type { Request, Response } from "express";
import { afterAll, describe, expect, test } from "vitest";
import { listen } from "../fixtures/listen.ts";
import { apiCookies, codeOf, credentialsOf, type Express, FRAMEWORKS, refreshCookies, route } from "./fixtures.ts";
import { send } from "./send.ts";

async function startDefault(express: Express) {
  const app = express();
  const errors: unknown[] = [];
  app.get("/throws", () => {
    throw new Error("boom");
  });
  app.use(sessionsInExpress.sessionRoutes());
  app.post(
    "/login",
    route(async (request, response) => {
      await sessionsInExpress.createNewSession(request, response, "alice");
      response.json({ ok: true });
    }),
  );
  app.get("/api", sessionsInExpress.verifySession(), (request: Request, response: Response) => {
    response.json({ user: sessionsInExpress.findSession(request)?.getUserId() });
  });
  app.use(sessionsInExpress.errorHandler());
  app.use((error: unknown, _request: Request, response: Response, _next: unknown) => {
    errors.push(error);
    response.status(500).json({ app: codeOf(error) });
  });
  const server = await listen(app);
  return {
    errors,
    send: (method: string, path: string, headers = {}) => send(server.port, { method, path, headers }),
    [Symbol.asyncDispose]: server.close,
  };
}

afterAll(() => counterfoil.close());

describe.each(FRAMEWORKS)("before init in $name", ({ express }) => {
  test.each([
    ["GET", "/api"],
    ["POST", "/login"],
    ["POST", "/session/refresh"],
  ])("%s %s: the app's handler gets an error that names the fix", async (method, path) => {
    await using app = await startDefault(express);
    const answer = await app.send(method, path);
    expect([answer.status, answer.json()]).toEqual([500, { app: "NOT_INITIALISED" }]);
    expect(String(app.errors[0])).toContain("write await init({ ... }) once before the server listens");
  });

  test("an error of the app's own stays what it is", async () => {
    await using app = await startDefault(express);
    expect((await app.send("GET", "/throws")).json()).toEqual({ app: "boom" });
  });
});

describe.each(FRAMEWORKS)("after init in $name", ({ express }) => {
  test("routes that were mounted before it work, and it may be called again", async () => {
    await using app = await startDefault(express);
    for (const turn of [1, 2]) {
      await counterfoil.init({ store: memory() });
      const own = credentialsOf(await app.send("POST", "/login"));
      const answer = await app.send("GET", "/api", { cookie: apiCookies(own) });
      expect([turn, answer.json()]).toEqual([turn, { user: "alice" }]);
      expect(await counterfoil.getAllSessionHandlesForUser("alice")).toContain(own.handle);
      const cookie = refreshCookies(own);
      expect((await app.send("POST", "/session/refresh", { cookie })).status).toBe(200);
    }
  });

  test("a user who is signed in for a test", async () => {
    await using app = await startDefault(express);
    await counterfoil.init({ store: memory() });
    const { headers } = await signInForTest("alice");
    expect((await app.send("GET", "/api", headers)).json()).toEqual({ user: "alice" });
  });

  test("something that createSessions did not return is refused by name", async () => {
    const app = express();
    const foreign = { ...counterfoil.createSessions({ store: memory() }) };
    app.get("/api", sessionsInExpress.verifySession({ sessions: foreign }));
    app.use((error: unknown, _request: Request, response: Response, _next: unknown) => {
      response.status(500).json({ app: String(error) });
    });
    const server = await listen(app);
    const answer = await send(server.port, { path: "/api" });
    expect(answer.json()).toEqual({ app: "TypeError: this is not what createSessions returned" });
    await server.close();
  });
});
