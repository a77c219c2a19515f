import { findCookie } from "./cookies.ts";
import { createNewSession, Error as AuthError, getSession } from "supertokens-node-mysql-ref-jwt/index.js";
import type { ServerOrder } from "./contenders.ts";
import type { NodeSessions } from "./node.ts";
import { initOriginal } from "../original.ts";

/** Its functions below the Express ones, with no more around them than they need. */
export async function createOriginal({ backends }: ServerOrder): Promise<NodeSessions> {
  await initOriginal(backends.mysql);
  return {
    async signIn(_request, response, user) {
      const { accessToken, antiCsrfToken, idRefreshToken } = await createNewSession(user, {}, {});
      response.setHeader("set-cookie", [
        `sAccessToken=${accessToken.value}; Path=/`,
        `sIdRefreshToken=${idRefreshToken.value}; Path=/`,
      ]);
      response.setHeader("anti-csrf", antiCsrfToken ?? "");
    },
    async findUser({ headers }) {
      const accessToken = findCookie(headers.cookie, "sAccessToken");
      const antiCsrf = headers["anti-csrf"];
      if (accessToken === undefined || typeof antiCsrf !== "string") return undefined;
      try {
        return String((await getSession(accessToken, antiCsrf)).session.userId);
      } catch (error) {
        if (AuthError.isErrorFromAuth(error)) return undefined;
        throw error;
      }
    },
  };
}
