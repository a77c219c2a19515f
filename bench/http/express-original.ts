import { createNewSession, Error as AuthError, getSession } from "supertokens-node-mysql-ref-jwt/express.js";
import type { ServerOrder } from "./contenders.ts";
import type { ExpressSessions } from "./express.ts";
import { initOriginal } from "../original.ts";

export async function createOriginal({ backends }: ServerOrder): Promise<ExpressSessions> {
  await initOriginal(backends.mysql);
  return {
    signIn: async (_request, response, user) => void (await createNewSession(response, user, {}, {})),
    async protect(request, response, next) {
      response.locals["session"] = await getSession(request, response, true);
      next();
    },
    userOf: (_request, response) =>
      String((response.locals["session"] as Awaited<ReturnType<typeof getSession>>).getUserId()),
    after(error, _request, response, next) {
      if (AuthError.isErrorFromAuth(error)) response.status(401).json({ message: "try refresh token" });
      else next(error);
    },
  };
}
