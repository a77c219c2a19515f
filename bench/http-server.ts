/** The process of one server: started by http-process.ts, with an order as its argument. Loads nothing that this server does not need. */
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { ServerOrder } from "./http-contenders.ts";
import type { ExpressSessions } from "./http-express.ts";
import type { NodeSessions } from "./http-node.ts";

export interface ReadyMessage {
  readonly port: number;
}
/** Since the start of the process, in µs. */
export type UsageMessage = NodeJS.CpuUsage;

/** Longer than any run, so that no connection ends while another contender has its turn. */
const KEEP_ALIVE = 86_400_000;

const START: Readonly<Record<ServerOrder["framework"], (order: ServerOrder) => Promise<Server>>> = {
  express: async (order) => (await import("./http-express.ts")).createExpressServer(await loadExpressSessions(order)),
  fastify: async (order) => (await import("./http-fastify.ts")).createFastifyServer(order),
  node: async (order) => (await import("./http-node.ts")).createNodeServer(await loadNodeSessions(order)),
};

async function loadExpressSessions(order: ServerOrder): Promise<ExpressSessions | undefined> {
  switch (order.guard) {
    case "none":
      return undefined;
    case "original":
      return (await import("./http-express-original.ts")).createOriginal(order);
    case "express-session":
      return (await import("./http-express-session.ts")).createExpressSession(order);
    case "better-auth":
      return (await import("./http-express-better-auth.ts")).createBetterAuth();
    default:
      return (await import("./http-express-counterfoil.ts")).createCounterfoil(order);
  }
}

async function loadNodeSessions(order: ServerOrder): Promise<NodeSessions | undefined> {
  switch (order.guard) {
    case "none":
      return undefined;
    case "original":
      return (await import("./http-node-original.ts")).createOriginal(order);
    case "fast-jwt":
      return (await import("./http-node-fast-jwt.ts")).createFastJwt();
    default:
      return (await import("./http-node-counterfoil.ts")).createCounterfoil(order);
  }
}

const [, , argument] = process.argv;
// Others import the types.
if (process.send !== undefined && argument !== undefined) {
  const order = JSON.parse(argument) as ServerOrder;
  const server = await START[order.framework](order);
  server.keepAliveTimeout = KEEP_ALIVE;
  process.on("message", () => process.send?.(process.cpuUsage() satisfies UsageMessage));
  process.once("disconnect", () => process.exit());
  process.send({ port: (server.address() as AddressInfo).port } satisfies ReadyMessage);
}
