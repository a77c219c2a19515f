import { randomBytes } from "node:crypto";
import secureSession from "@fastify/secure-session";
import type { FastifyRequest } from "fastify";
import type { FastifySessions } from "./fastify.ts";

const sessionOf = (request: FastifyRequest): secureSession.Session<{ user: string }> =>
  request.session as secureSession.Session<{ user: string }>;

export const createSecureSession = (): FastifySessions => ({
  register: async (app) =>
    app.register(secureSession, { key: randomBytes(32), cookie: { path: "/", httpOnly: true, secure: true } }),
  signIn: (request, _reply, user) => sessionOf(request).set("user", user),
  protect(request, reply, done) {
    if (sessionOf(request).get("user") === undefined) return reply.code(401).send({ message: "unauthorised" });
    return done();
  },
  userOf: (request) => sessionOf(request).get("user"),
});
