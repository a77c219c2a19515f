import { createNewSession, getSession, withSessions } from "counterfoil/node";
import type { ServerOrder } from "./contenders.ts";
import { createBenchSessions } from "./counterfoil.ts";
import type { NodeSessions } from "./node.ts";

export function createCounterfoil(order: ServerOrder): NodeSessions {
  const sessions = createBenchSessions(order);
  const options = { sessions };
  return {
    wrap: (app) => withSessions(app, options),
    signIn: async (request, response, user) => void (await createNewSession(request, response, user, options)),
    findUser: async (request, response) => String((await getSession(request, response, options))?.getUserId()),
  };
}
