import type { SessionServer } from "./session-server.ts";

/**
 * How many refreshes have come to the server, whatever came of them, since its calls were last
 * taken; it takes them.
 */
export const countRefreshes = (server: SessionServer): number =>
  server.takeCalls().filter((call) => call.startsWith("POST /session/refresh ")).length;
