import { createNewSession, errorHandler, sessionOf, sessionRoutes, verifySession } from "counterfoil/express";
import type { ServerOrder } from "./http-contenders.ts";
import { createBenchSessions } from "./http-counterfoil.ts";
import type { ExpressSessions } from "./http-express.ts";

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
