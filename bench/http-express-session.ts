import { randomBytes } from "node:crypto";
import { RedisStore } from "connect-redis";
import session from "express-session";
import { createClient } from "redis";
import type { ServerOrder } from "./http-contenders.ts";
import type { ExpressSessions } from "./http-express.ts";

declare module "express-session" {
  interface SessionData {
    userId: string;
  }
}

/** It has no protection against CSRF of its own, so none is asked of it. */
export async function createExpressSession({ backends }: ServerOrder): Promise<ExpressSessions> {
  const client = createClient({ url: backends.redisUrl });
  await client.connect();
  return {
    before: session({
      store: new RedisStore({ client }),
      secret: randomBytes(32).toString("base64"),
      resave: false,
      saveUninitialized: false,
      cookie: { sameSite: "lax" },
    }),
    async signIn(request, _response, user) {
      request.session.userId = user;
    },
    protect(request, response, next) {
      if (request.session.userId === undefined) response.status(401).json({ message: "unauthorised" });
      else next();
    },
    userOf: (request) => request.session.userId,
  };
}
