import type { ExpressSessions } from "./express.ts";
import { createFloor } from "./floor.ts";

export function createExpressFloor(): ExpressSessions {
  const floor = createFloor();
  return {
    async signIn(_request, response, user) {
      const { cookie, antiCsrf } = floor.signIn(user);
      response.setHeader("set-cookie", cookie);
      response.setHeader("anti-csrf", antiCsrf);
    },
    protect(request, response, next) {
      const user = floor.findUser(request.headers);
      if (user === undefined) {
        response.status(401).json({ message: "unauthorised" });
        return;
      }
      response.locals["user"] = user;
      next();
    },
    userOf: (_request, response) => String(response.locals["user"]),
  };
}
