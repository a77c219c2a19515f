import type { Server } from "node:http";
import { createNewSession, sessionPlugin, sessionOf, verifySession } from "counterfoil/fastify";
import fastify from "fastify";
import { NOBODY, ROUTE, type ServerOrder, SIGN_IN, USER_PARAMETER } from "./http-contenders.ts";
import { createBenchSessions } from "./http-counterfoil.ts";

/** The same app with sessions and without. */
export async function createFastifyServer(order: ServerOrder): Promise<Server> {
  const app = fastify();
  if (order.guard === "none") {
    app.post(ROUTE, () => ({ userId: NOBODY }));
  } else {
    const sessions = createBenchSessions(order);
    await app.register(sessionPlugin, { sessions });
    app.post<{ Querystring: Record<string, string> }>(SIGN_IN, async (request, reply) => {
      await createNewSession(request, reply, request.query[USER_PARAMETER] ?? "", { sessions });
      return {};
    });
    app.post(ROUTE, { preHandler: verifySession({ sessions }) }, (request) => ({
      userId: sessionOf(request).getUserId(),
    }));
  }
  await app.listen({ port: 0, host: "127.0.0.1" });
  return app.server;
}
