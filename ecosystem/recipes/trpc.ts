import { initTRPC, TRPCError } from "@trpc/server";
import { createExpressMiddleware } from "@trpc/server/adapters/express";
import { AuthError } from "counterfoil";
import {
  createNewSession,
  errorHandler,
  findSession,
  getSession,
  type RequestSession,
  sessionRoutes,
  verifySession,
  type VerifySessionOptions,
} from "counterfoil/express";
import express, { type Express, type Request, type Response } from "express";
import { notes } from "./notes.ts";

interface Context {
  req: Request;
  res: Response;
  session: RequestSession | undefined;
}

const t = initTRPC.context<Context>().create();

// A procedure that needs a session, and what else you demand of it.
const closed = (options: VerifySessionOptions & { sessionRequired?: true } = {}) =>
  t.procedure.use(async ({ ctx, next }) => {
    try {
      const session = await getSession(ctx.req, ctx.res, options);
      return await next({ ctx: { ...ctx, session } });
    } catch (error) {
      if (!AuthError.isErrorFromAuth(error) || error.status >= 500) throw error;
      const code = error.status === 403 ? "FORBIDDEN" : "UNAUTHORIZED";
      throw new TRPCError({ code, message: error.message, cause: error });
    }
  });

const text = (value: unknown): string => String(value); // your validator

export const router = t.router({
  me: t.procedure.query(({ ctx }) => (ctx.session === undefined ? null : ctx.session.getUserId())),
  signIn: t.procedure.input(text).mutation(async ({ ctx, input }) => {
    await createNewSession(ctx.req, ctx.res, input, { jwtPayload: { role: "member" } });
    return true;
  }),
  addNote: closed()
    .input(text)
    .mutation(({ ctx, input }) => {
      notes.push(`${ctx.session.getUserId()}: ${input}`);
      return input;
    }),
  users: closed({ claims: { role: "admin" } }).query(() => ["alice", "bob"]),
  changePassword: closed({ maxAuthAge: "5m" }).mutation(() => true),
});

export function createTrpcApp(): Express {
  const app = express();
  app.use(sessionRoutes());
  app.use(
    "/trpc",
    verifySession({ sessionRequired: false }), // answers an expired token before anything runs
    createExpressMiddleware({
      router,
      createContext: ({ req, res }) => ({ req, res, session: findSession(req) }),
    }),
  );
  app.use(errorHandler());
  return app;
}
