import { createSecretKey, randomBytes } from "node:crypto";
import jwt from "jsonwebtoken";
import type { ExpressSessions } from "./express.ts";
import { createJwtSessions, payloadOf } from "./jwt.ts";

export function createJsonWebToken(): ExpressSessions {
  const key = createSecretKey(randomBytes(32));
  const sessions = createJwtSessions(
    (user) => jwt.sign(payloadOf(user), key, { algorithm: "HS256", expiresIn: "1d" }),
    (token) => jwt.verify(token, key, { algorithms: ["HS256"] }),
  );
  return {
    signIn: async (_request, response, user) => void response.setHeader("set-cookie", sessions.signIn(user)),
    protect(request, response, next) {
      const user = sessions.findUser(request.headers);
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
