import { randomBytes } from "node:crypto";
import { createSessions, type VerifiedSession } from "counterfoil";
import { memory } from "counterfoil/memory";
import { CLAIMS, type Credentials, type Library, userNames, type VerifyOrder } from "../library.ts";

/** The store takes no part: verifying asks none. */
export async function createCounterfoil(order: VerifyOrder): Promise<Library<VerifiedSession>> {
  const { tokens, signing, cacheSize, antiCsrf } = order;
  const sessions = createSessions({
    store: memory({ production: true }),
    secret: randomBytes(32).toString("base64"),
    // Longer than any run.
    tokens: { accessToken: { validity: "1d", signing, cacheSize } },
  });
  const credentials: Credentials[] = [];
  for (const user of userNames(tokens)) {
    const made = await sessions.createNewSession(user, CLAIMS);
    credentials.push({ user, token: made.accessToken.value, antiCsrf: made.antiCsrfToken ?? "" });
  }
  return {
    credentials,
    verify: antiCsrf ? (token, text) => sessions.getSession(token, text) : (token) => sessions.getSession(token, null),
    userOf: ({ session }) => session.userId,
  };
}
