/** An app whose instance is made by `createSessions`, and which forgets to pass it on somewhere. */
import * as counterfoil from "counterfoil";
import * as inExpress from "counterfoil/express";
import { memory } from "counterfoil/memory";
import express, { type NextFunction, type Request, type Response } from "express";
import { expect, onTestFinished, test } from "vitest";
import { listen } from "../fixtures/listen.ts";
import { codeOf } from "./fixtures.ts";
import { send } from "./send.ts";

type Forgotten = "sessionRoutes" | "verifySession" | "createNewSession" | "errorHandler";

async function start(forgotten: Forgotten) {
  const sessions = counterfoil.createSessions({ store: memory(), http: { sessionExpiredStatus: 440 } });
  const given = (name: Forgotten): object => (name === forgotten ? {} : { sessions });
  const errors: unknown[] = [];
  const app = express();
  app.use(inExpress.sessionRoutes(given("sessionRoutes")));
  app.post("/login", (request, response, next) => {
    const starting = inExpress.createNewSession(request, response, "alice", given("createNewSession"));
    starting.then(() => response.json({}), next);
  });
  app.get("/api", inExpress.verifySession(given("verifySession")), (_request, response) => void response.json({}));
  app.use(inExpress.errorHandler(given("errorHandler")));
  app.use((error: unknown, _request: Request, response: Response, _next: NextFunction) => {
    errors.push(error);
    response.status(500).json({ app: codeOf(error) });
  });
  const server = await listen(app);
  onTestFinished(async () => {
    await server.close();
    await sessions.close();
  });
  return { port: server.port, errors };
}

test.each([
  ["sessionRoutes", "GET", "/api"],
  ["verifySession", "GET", "/api"],
  ["createNewSession", "POST", "/login"],
] as const)("%s says how the instance gets to it", async (forgotten, method, path) => {
  const { port, errors } = await start(forgotten);
  const answer = await send(port, { method, path });
  expect([answer.status, answer.json()]).toEqual([500, { app: "NOT_INITIALISED" }]);
  expect(String(errors[0])).toContain("or pass { sessions } to this function");
});

test("errorHandler answers an error by the options of the instance that it comes from", async () => {
  const { port } = await start("errorHandler");
  const answer = await send(port, { path: "/api" });
  expect([answer.status, answer.json()]).toEqual([440, { message: "try refresh token" }]);
});

test("a function of the package root says where the one of the instance is", async () => {
  await expect(counterfoil.getSession("x", null)).rejects.toMatchObject({
    code: "NOT_INITIALISED",
    message: expect.stringContaining("or call the function of this name on what createSessions returned") as string,
  });
});
