import { createNewSession, sessionOf, sessionPlugin, verifySession } from "counterfoil/fastify";
import type { ServerOrder } from "./contenders.ts";
import { createBenchSessions } from "./counterfoil.ts";
import type { FastifySessions } from "./fastify.ts";

export function createCounterfoil(order: ServerOrder): FastifySessions {
  const sessions = createBenchSessions(order);
  return {
    register: async (app) => app.register(sessionPlugin, { sessions }),
    signIn: async (request, reply, user) => void (await createNewSession(request, reply, user, { sessions })),
    protect: verifySession({ sessions }),
    userOf: (request) => String(sessionOf(request).getUserId()),
  };
}
