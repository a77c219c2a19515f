import { randomBytes } from "node:crypto";
import secureSession from "@fastify/secure-session";
import type { FastifyRequest } from "fastify";
import type { FastifySessions } from "./fastify.ts";

/** It decorates requests. */
const sessionOf = (request: FastifyRequest): secureSession.Session => Reflect.get(request, "session");

const userOf = (request: FastifyRequest): string | undefined => sessionOf(request).get("user") as string | undefined;

export const createSecureSession = (): FastifySessions => ({
  register: async (app) =>
    app.register(secureSession, { key: randomBytes(32), cookie: { path: "/", httpOnly: true, secure: true } }),
  signIn: (request, _reply, user) => sessionOf(request).set("user", user),
  protect(request, reply, done) {
    if (userOf(request) === undefined) return reply.code(401).send({ message: "unauthorised" });
    return done();
  },
  userOf,
});
