import { type Console, console as mountConsole } from "counterfoil/console";
import * as next from "counterfoil/next";
import { setup } from "../../lib/current-setup.ts";
import { faultOf, wait } from "../../lib/setup.ts";
import { createRoutes, withOwnCors } from "../../lib/web-routes.ts";

async function renderLate(request: Request): Promise<Response> {
  wait(setup(), request.url);
  const session = await next.getServerSession(setup().instance);
  return Response.json({ user: session?.getUserId() ?? null, claims: session?.getJWTPayload() ?? null });
}

let admin: { readonly of: object; readonly console: Console<[Request]> } | undefined;

/** The console of the test that is running; an app would have a route of its own for it. */
function consoleOf(options: NonNullable<ReturnType<typeof setup>["console"]>): Console<[Request]> {
  if (admin?.of === options) return admin.console;
  const { decide, ...rest } = options;
  const console = mountConsole({
    ...rest,
    authorize: async (request: Request) => decide(request.headers.get("x-operator") ?? undefined) as boolean,
  });
  admin = { of: options, console };
  return console;
}

/** One handler for all routes of a clause; a route of an app would be a file of its own. */
async function handle(request: Request): Promise<Response> {
  const { instance, twice, ownCors } = setup();
  const options = setup().console;
  if (options !== undefined) return consoleOf(options).web(request);
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
