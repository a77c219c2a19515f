import { randomBytes } from "node:crypto";
import secureSession from "@fastify/secure-session";
import fastify from "fastify";
import { type Library, payloadOf, userNames, type VerifyOrder } from "../library.ts";

export async function createSecureSession({ tokens }: VerifyOrder): Promise<Library<secureSession.Session | null>> {
  const server = fastify();
  await server.register(secureSession, { key: randomBytes(32), expiry: 86_400 });
  await server.ready();
  const app: object = server;
  const sealer = app as secureSession.App;
  const credentials = userNames(tokens).map((user) => {
    const session = sealer.createSecureSession(payloadOf(user));
    return { user, token: sealer.encodeSecureSession(session), antiCsrf: "" };
  });
  return {
    credentials,
    verify: (token) => sealer.decodeSecureSession(token),
    userOf: (session) => session.get("sub"),
  };
}
