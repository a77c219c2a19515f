import type { IncomingHttpHeaders } from "node:http";
import type { FastifyRequest } from "fastify";
import type { FastifySessions } from "./fastify.ts";
import { createFloor } from "./floor.ts";
import { createFastJwt } from "./jwt.ts";

declare module "fastify" {
  interface FastifyRequest {
    user: string;
  }
}

/** For contenders that look at headers and leave the rest to the app. */
const createHeaderSessions = (
  findUser: (headers: IncomingHttpHeaders) => string | undefined,
  signIn: (user: string) => Readonly<Record<string, string>>,
): FastifySessions => ({
  register: async (app) => app.decorateRequest("user", ""),
  signIn: (_request, reply, user) => void reply.headers(signIn(user)),
  protect(request: FastifyRequest, reply, done) {
    const user = findUser(request.headers);
    if (user === undefined) return reply.code(401).send({ message: "unauthorised" });
    request.user = user;
    return done();
  },
  userOf: ({ user }) => user,
});

export function createFastifyFloor(): FastifySessions {
  const floor = createFloor();
  return createHeaderSessions(
    (headers) => floor.findUser(headers),
    (user) => {
      const { cookie, antiCsrf } = floor.signIn(user);
      return { "set-cookie": cookie, "anti-csrf": antiCsrf };
    },
  );
}

export function createFastifyFastJwt(): FastifySessions {
  const sessions = createFastJwt();
  return createHeaderSessions(
    (headers) => sessions.findUser(headers),
    (user) => ({ "set-cookie": sessions.signIn(user) }),
  );
}
