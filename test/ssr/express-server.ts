import { once } from "node:events";
import { createServer } from "node:http";
import { close, init, on } from "counterfoil";
import { createPageApp } from "./express-app.ts";
import type { Serve } from "./page-server.ts";
import { configOf, noteEvents } from "./test-config.ts";

/** The Express app in this process, on the default instance: one at a time. */
export const serveExpress: Serve = async (place, port) => {
  await init(configOf(place));
  noteEvents(on, place);
  const server = createServer(createPageApp());
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
    await close();
  };
};
