import { randomBytes } from "node:crypto";
import { getIronSession } from "iron-session";
import type { ExpressSessions } from "./express.ts";

interface SessionData {
  user: string;
}

export function createIronSession(): ExpressSessions {
  const options = {
    password: randomBytes(32).toString("base64"),
    cookieName: "session",
    cookieOptions: { secure: true },
  };
  return {
    async signIn(request, response, user) {
      const session = await getIronSession<SessionData>(request, response, options);
      session.user = user;
      await session.save();
    },
    async protect(request, response, next) {
      const { user } = await getIronSession<SessionData>(request, response, options);
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
