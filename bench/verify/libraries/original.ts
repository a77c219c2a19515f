import { createNewSession, getSession } from "supertokens-node-mysql-ref-jwt/index.js";
import { initOriginal } from "../../original.ts";
import { CLAIMS, type Credentials, type Library, userNames, type VerifyOrder } from "../library.ts";

type Verified = Awaited<ReturnType<typeof getSession>>;

export async function createOriginal({ tokens, antiCsrf, mysql }: VerifyOrder): Promise<Library<Verified>> {
  if (mysql === undefined) throw new Error("the original does not start without a database");
  await initOriginal(mysql);
  const credentials: Credentials[] = [];
  for (const user of userNames(tokens)) {
    const { accessToken, antiCsrfToken = "" } = await createNewSession(user, CLAIMS, {});
    credentials.push({ user, token: accessToken.value, antiCsrf: antiCsrfToken });
  }
  return {
    credentials,
    verify: antiCsrf ? (token, text) => getSession(token, text) : (token) => getSession(token, null),
    userOf: ({ session }) => session.userId,
  };
}
