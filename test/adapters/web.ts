import { serve } from "@hono/node-server";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import * as web from "counterfoil/web";
import { faultOf } from "./setup.ts";
import { MAX_HEADER_SIZE } from "../fixtures/listen.ts";
import type { Subject } from "./subject.ts";
import { createRoutes } from "./web-routes.ts";

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
    const routes = createRoutes(web, setup);
    const handler = web.withSessions((request) => {
      const route = routes[new URL(request.url).pathname];
      return route === undefined ? Response.json({ app: "not found" }, { status: 404 }) : route(request);
    }, setup.instance);
    const outer = setup.twice ? web.withSessions(handler, setup.instance) : handler;
    return listenWeb((request) =>
      outer(request).catch((error: unknown) => Response.json(faultOf(error), { status: 500 })),
    );
  },
};
