import { createFastJwt } from "./jwt.ts";
import type { NodeSessions } from "./node.ts";

export function createNodeFastJwt(): NodeSessions {
  const sessions = createFastJwt();
  return {
    signIn: async (_request, response, user) => void response.setHeader("set-cookie", sessions.signIn(user)),
    findUser: async ({ headers }) => sessions.findUser(headers),
  };
}
