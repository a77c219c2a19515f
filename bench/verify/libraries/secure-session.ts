import { randomBytes } from "node:crypto";
import secureSession from "@fastify/secure-session";
import fastify, { type FastifyInstance } from "fastify";
import { type Library, payloadOf, userNames, type VerifyOrder } from "../library.ts";

export async function createSecureSession({
  tokens,
}: VerifyOrder): Promise<Library<ReturnType<FastifyInstance["decodeSecureSession"]>>> {
  const app = fastify();
  await app.register(secureSession, { key: randomBytes(32), expiry: 86_400 });
  await app.ready();
  const credentials = userNames(tokens).map((user) => {
    const session = app.createSecureSession(payloadOf(user));
    return { user, token: app.encodeSecureSession(session), antiCsrf: "" };
  });
  return {
    credentials,
    verify: (token) => app.decodeSecureSession(token),
    userOf: (session) => session.get("sub") as unknown,
  };
}
