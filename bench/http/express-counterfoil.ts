import { createNewSession, errorHandler, sessionOf, sessionRoutes, verifySession } from "counterfoil/express";
import type { ServerOrder } from "./contenders.ts";
import { createBenchSessions } from "./counterfoil.ts";
import type { ExpressSessions } from "./express.ts";

export function createCounterfoil(order: ServerOrder): ExpressSessions {
  const sessions = createBenchSessions(order);
  return {
    before: sessionRoutes({ sessions }),
    signIn: async (request, response, user) => void (await createNewSession(request, response, user, { sessions })),
    protect: verifySession({ sessions }),
    userOf: (request) => String(sessionOf(request).getUserId()),
    after: errorHandler({ sessions }),
  };
}
