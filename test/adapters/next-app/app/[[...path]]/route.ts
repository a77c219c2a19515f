import * as next from "counterfoil/next";
import { setup } from "../../lib/current-setup.ts";
import { faultOf, wait } from "../../lib/setup.ts";
import { createRoutes, withOwnCors } from "../../lib/web-routes.ts";

async function renderLate(request: Request): Promise<Response> {
  wait(setup(), request.url);
  const session = await next.getServerSession(setup().instance);
  return Response.json({ user: session?.getUserId() ?? null, claims: session?.getJWTPayload() ?? null });
}

/** One handler for all routes of a clause; a route of an app would be a file of its own. */
async function handle(request: Request): Promise<Response> {
  const { instance, twice, ownCors } = setup();
  const answer = next.withSessions((inner) => {
    const { pathname } = new URL(inner.url);
    // Behind the proxy, as a page does it.
    if (pathname === "/late") return renderLate(inner);
    const route = createRoutes(next, setup())[pathname];
    if (route === undefined) return Response.json({ app: "not found" }, { status: 404 });
    return ownCors === undefined ? route(inner) : withOwnCors(route(inner));
  }, instance);
  try {
    return await (twice ? next.withSessions(answer, instance) : answer)(request);
  } catch (error) {
    return Response.json(faultOf(error), { status: 500 });
  }
}

export {
  handle as DELETE,
  handle as GET,
  handle as HEAD,
  handle as OPTIONS,
  handle as PATCH,
  handle as POST,
  handle as PUT,
};
