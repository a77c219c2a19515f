/** Apps over HTTP/2 as their types spell them: that these lines compile is half of the test. */
import { once } from "node:events";
import { createServer, type Http2Server } from "node:http2";
import type { AddressInfo } from "node:net";
import { createSessions, type Sessions } from "counterfoil";
import * as inFastify from "counterfoil/fastify";
import * as inKoa from "counterfoil/koa";
import { memory } from "counterfoil/memory";
import * as inNode from "counterfoil/node";
import Fastify from "fastify";
import Koa from "koa";
import { expect, onTestFinished, test } from "vitest";
import { sendHttp2 } from "../../src/lib/testing/http/raw-http2-request.ts";

async function portOf(server: Http2Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

async function listenFastify(sessions: Sessions): Promise<number> {
  const app = Fastify({ http2: true });
  await app.register(inFastify.sessionPlugin, { sessions });
  app.post("/login", async (request, reply) => {
    await inFastify.createNewSession(request, reply, "alice", { sessions });
    return { user: inFastify.sessionOf(request).getUserId() };
  });
  app.get("/api", { preHandler: inFastify.verifySession({ sessions }) }, async (request) => ({
    user: inFastify.sessionOf(request).getUserId(),
  }));
  await app.register(async (scope) => {
    scope.setErrorHandler(inFastify.errorHandler({ sessions }, (_error, _request, reply) => reply.code(500).send()));
    scope.get("/again", async (request, reply) => {
      await inFastify.getSession(request, reply, { sessions });
      return { user: (await inFastify.refreshSession(request, reply, { sessions })).getUserId() };
    });
  });
  await app.listen({ port: 0, host: "127.0.0.1" });
  onTestFinished(() => app.close());
  return (app.server.address() as AddressInfo).port;
}

function listenKoa(sessions: Sessions): Promise<number> {
  const app = new Koa();
  app.use(inKoa.sessionRoutes({ sessions }));
  app.use(async (context) => {
    const session =
      context.path === "/login"
        ? await inKoa.createNewSession(context, "alice", { sessions })
        : await inKoa.getSession(context, { sessions });
    context.body = { user: session?.getUserId() };
  });
  const answer = app.callback();
  return portOf(createServer((request, response) => void answer(request, response)));
}

const listenNode = (sessions: Sessions): Promise<number> =>
  portOf(
    createServer(
      inNode.withSessions(
        async (request, response) => {
          const session =
            request.url === "/login"
              ? await inNode.createNewSession(request, response, "alice", { sessions })
              : await inNode.getSession(request, response, { sessions });
          response.end(JSON.stringify({ user: session?.getUserId() }));
        },
        { sessions },
      ),
    ),
  );

/** Without the wrapper the pair is typed as Node types it. */
const listenBare = (sessions: Sessions): Promise<number> =>
  portOf(
    createServer((request, response) => {
      const finding =
        request.url === "/login"
          ? inNode.createNewSession(request, response, "alice", { sessions })
          : inNode.getSession(request, response, { sessions });
      finding.then(
        (session) => response.end(JSON.stringify({ user: session?.getUserId() })),
        (error: { readonly status: number }) => response.writeHead(error.status).end(),
      );
    }),
  );

test.each([
  ["Fastify", listenFastify],
  ["Koa", listenKoa],
  ["node:http2", listenNode],
  ["node:http2 without a wrapper", listenBare],
] as const)("%s: signs in and finds the session, and a refusal says what to do", async (_, listen) => {
  const sessions = createSessions({ store: memory() });
  onTestFinished(() => sessions.close());
  const port = await listen(sessions);
  const signedIn = await sendHttp2(port, { method: "POST", path: "/login", headers: { "st-auth-mode": "header" } });
  expect(signedIn.json()).toEqual({ user: "alice" });
  const authorization = `Bearer ${signedIn.header("st-access-token")}`;
  expect((await sendHttp2(port, { path: "/api", headers: { authorization } })).json()).toEqual({ user: "alice" });
  const refused = await sendHttp2(port, { path: "/api" });
  expect([refused.status, refused.header("www-authenticate")]).toEqual([
    401,
    expect.stringContaining('realm="session"'),
  ]);
});
