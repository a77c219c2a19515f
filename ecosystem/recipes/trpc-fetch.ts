import { initTRPC } from "@trpc/server";
import { fetchRequestHandler } from "@trpc/server/adapters/fetch";
import { createNewSession, type RequestSession, verifySession, withSessions } from "counterfoil/web";

interface Context {
  request: Request;
  session: RequestSession | undefined;
}

const t = initTRPC.context<Context>().create();

const router = t.router({
  me: t.procedure.query(({ ctx }) => (ctx.session === undefined ? null : ctx.session.getUserId())),
  signIn: t.procedure
    .input((value: unknown) => String(value))
    .mutation(async ({ ctx, input }) => {
      await createNewSession(ctx.request, input, { jwtPayload: { role: "member" } });
      return true;
    }),
});

const trpc = verifySession(
  (request, session) =>
    fetchRequestHandler({ endpoint: "/trpc", req: request, router, createContext: () => ({ request, session }) }),
  { sessionRequired: false },
);

export const trpcHandler = withSessions(async (request) => {
  if (new URL(request.url).pathname.startsWith("/trpc/")) return trpc(request);
  return new Response("not found", { status: 404 });
});
