import type { Server } from "node:http";
import fastify, {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type preHandlerHookHandler,
} from "fastify";
import { NOBODY, ROUTE, SIGN_IN, USER_PARAMETER } from "./contenders.ts";

/** What sessions add to the app, mounted as their own documentation says. */
export interface FastifySessions {
  readonly register?: (app: FastifyInstance) => Promise<unknown>;
  readonly signIn: (request: FastifyRequest, reply: FastifyReply, user: string) => Promise<void> | void;
  /** Refuses requests without a session. */
  readonly protect: preHandlerHookHandler;
  readonly userOf: (request: FastifyRequest) => string | undefined;
}

/** The same app with sessions and without. */
export async function createFastifyServer(sessions?: FastifySessions): Promise<Server> {
  const app = fastify();
  if (sessions === undefined) {
    app.post(ROUTE, () => ({ userId: NOBODY }));
  } else {
    const { register, signIn, protect, userOf } = sessions;
    await register?.(app);
    app.post<{ Querystring: Record<string, string> }>(SIGN_IN, async (request, reply) => {
      await signIn(request, reply, request.query[USER_PARAMETER] ?? "");
      return {};
    });
    app.post(ROUTE, { preHandler: protect }, (request) => ({ userId: userOf(request) }));
  }
  await app.listen({ port: 0, host: "127.0.0.1" });
  return app.server;
}
