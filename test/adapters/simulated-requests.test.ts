/** Requests that never went through a socket, as frameworks make them for tests. */
import { createSessions } from "counterfoil";
import { createNewSession, sessionPlugin, sessionOf, verifySession } from "counterfoil/fastify";
import { memory } from "counterfoil/memory";
import Fastify from "fastify";
import { expect, test } from "vitest";

test("app.inject() of Fastify carries tokens in headers", async () => {
  const sessions = createSessions({ store: memory() });
  const app = Fastify();
  await app.register(sessionPlugin, { sessions });
  app.post("/login", async (request, reply) => {
    await createNewSession(request, reply, "alice", { sessions });
    return {};
  });
  app.get("/api", { preHandler: verifySession({ sessions }) }, async (request) => ({
    user: sessionOf(request).getUserId(),
  }));
  const signedIn = await app.inject({ method: "POST", url: "/login", headers: { "st-auth-mode": "header" } });
  const authorization = `Bearer ${String(signedIn.headers["st-access-token"])}`;
  expect((await app.inject({ url: "/api", headers: { authorization } })).json()).toEqual({ user: "alice" });
  expect((await app.inject({ url: "/api", headers: { authorization: "Bearer x" } })).statusCode).toBe(401);
  await app.close();
  await sessions.close();
});
