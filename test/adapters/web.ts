import { serve } from "@hono/node-server";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import {
  createNewSession,
  getSession,
  type Handler,
  refreshSession,
  type RequestSession,
  verifySession,
  withSessions,
} from "counterfoil/web";
import { changeLate, faultOf, MAX_HEADER_SIZE, NEW_CLAIMS, type Setup, type Subject } from "./subject.ts";

const tell = (auth: RequestSession | undefined): Response =>
  Response.json({ user: auth?.getUserId() ?? null, claims: auth?.getJWTPayload() ?? null });

/** A body that sends its head first, and then what `work` gives. */
export function streamOf(work: () => Promise<string>): ReadableStream {
  let step = 0;
  return new ReadableStream({
    async pull(controller) {
      step += 1;
      controller.enqueue(new TextEncoder().encode(step === 1 ? "begin " : await work()));
      if (step === 2) controller.close();
    },
  });
}

/** After the answer has been handed over. */
export async function changeLater(auth: RequestSession | undefined): Promise<string> {
  await new Promise(setImmediate);
  return changeLate(auth);
}

function createRoutes({ instance }: Setup): Readonly<Record<string, Handler>> {
  return {
    async "/login"(request) {
      const user = new URL(request.url).searchParams.get("user") ?? "alice";
      await createNewSession(request, user, { ...instance, jwtPayload: { role: "member" } });
      return Response.json({ ok: true }, { headers: { "set-cookie": "app=1; Path=/" } });
    },
    "/api": verifySession((_request, auth) => tell(auth), instance),
    "/fresh": verifySession((_request, auth) => tell(auth), { ...instance, maxAuthAge: "5m" }),
    "/maybe": async (request) => tell(await getSession(request, { ...instance, sessionRequired: false })),
    "/page": async (request) => tell(await getSession(request, { ...instance, sessionRequired: false, page: true })),
    "/renew": async (request) => Response.json({ user: (await refreshSession(request, instance)).getUserId() }),
    "/claims": verifySession(async (_request, auth) => {
      await auth?.updateJwtPayload(NEW_CLAIMS);
      return tell(auth);
    }, instance),
    "/leave": verifySession(async (_request, auth) => {
      await auth?.revokeSession();
      return Response.json({ ok: true });
    }, instance),
    "/echo": verifySession(async (request) => Response.json(await request.json()), instance),
    "/stream": verifySession((_request, auth) => new Response(streamOf(() => changeLater(auth))), instance),
    "/fault"() {
      throw new Error("fault");
    },
  };
}

/** Serves a handler of Web requests; the bridge is Hono's, on Node's own server. */
export async function listenWeb(
  fetch: (request: Request) => Response | Promise<Response>,
): ReturnType<Subject["listen"]> {
  const server = serve({ fetch, port: 0, hostname: "127.0.0.1", serverOptions: { maxHeaderSize: MAX_HEADER_SIZE } });
  if (!server.listening) await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      if ("closeAllConnections" in server) server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

export const webSubject: Subject = {
  name: "Web",
  async listen(setup) {
    const routes = createRoutes(setup);
    const handler = withSessions((request) => {
      const route = routes[new URL(request.url).pathname];
      return route === undefined ? Response.json({ app: "not found" }, { status: 404 }) : route(request);
    }, setup.instance);
    const outer = setup.twice ? withSessions(handler, setup.instance) : handler;
    return listenWeb((request) =>
      outer(request).catch((error: unknown) => Response.json(faultOf(error), { status: 500 })),
    );
  },
};
