import { createFloor } from "./floor.ts";
import type { NodeSessions } from "./node.ts";

export function createNodeFloor(): NodeSessions {
  const floor = createFloor();
  return {
    async signIn(_request, response, user) {
      const { cookie, antiCsrf } = floor.signIn(user);
      response.setHeader("set-cookie", cookie);
      response.setHeader("anti-csrf", antiCsrf);
    },
    findUser: async ({ headers }) => floor.findUser(headers),
  };
}
