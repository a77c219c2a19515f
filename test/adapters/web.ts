import { serve } from "@hono/node-server";
import { once } from "node:events";
import { createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import * as web from "counterfoil/web";
import { faultOf } from "./setup.ts";
import { HTTP2_OPTIONS, MAX_HEADER_SIZE } from "../fixtures/listen.ts";
import type { Subject } from "./subject.ts";
import { createRoutes, withOwnCors } from "./web-routes.ts";

/** Serves a handler of Web requests; the bridge is Hono's, on Node's own server. */
export async function listenWeb(
  fetch: (request: Request) => Response | Promise<Response>,
  options: Partial<Parameters<typeof serve>[0]> = { serverOptions: { maxHeaderSize: MAX_HEADER_SIZE } },
): ReturnType<Subject["listen"]> {
  const server = serve({ ...options, fetch, port: 0, hostname: "127.0.0.1" });
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

/** The bridge's options for HTTP/2. */
export const OVER_HTTP2 = { createServer, serverOptions: HTTP2_OPTIONS };

const listenTo = (options?: Parameters<typeof listenWeb>[1]): Pick<Subject, "listen"> => ({
  async listen(setup) {
    const routes = createRoutes(web, setup);
    const handler = web.withSessions((request) => {
      const route = routes[new URL(request.url).pathname];
      if (route === undefined) return Response.json({ app: "not found" }, { status: 404 });
      return setup.ownCors === undefined ? route(request) : withOwnCors(route(request));
    }, setup.instance);
    const outer = setup.twice ? web.withSessions(handler, setup.instance) : handler;
    return listenWeb(
      (request) => outer(request).catch((error: unknown) => Response.json(faultOf(error), { status: 500 })),
      options,
    );
  },
});

export const webSubject: Subject = { name: "Web", ...listenTo() };

export const webHttp2Subject: Subject = { name: "Web over HTTP/2", protocol: "h2c", ...listenTo(OVER_HTTP2) };
