/**
 * The process of one server: started by rounds.ts, with an order as its argument. It loads nothing
 * that this server does not need.
 */
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { cpuTime, serveParent } from "../child.ts";
import type { ServerOrder } from "./contenders.ts";
import { type Counts, startCounting } from "./counts.ts";
import type { ExpressSessions } from "./express.ts";
import type { FastifySessions } from "./fastify.ts";
import type { NodeSessions } from "./node.ts";

export interface ServerReady {
  readonly port: number;
}
/**
 * `cpu`: what has it used since its start, in µs? `count`: from now on; `counts`: what were they?
 */
export interface ServerQuestion {
  readonly about: "cpu" | "count" | "counts";
}
export interface ServerAnswer extends Partial<Counts> {
  readonly cpu?: number;
}

/** Longer than any run, so that no connection ends while another contender has its turn. */
const KEEP_ALIVE = 86_400_000;

const START: Readonly<Record<ServerOrder["framework"], (order: ServerOrder) => Promise<Server>>> = {
  express: async (order) => (await import("./express.ts")).createExpressServer(await loadExpress(order)),
  fastify: async (order) => (await import("./fastify.ts")).createFastifyServer(await loadFastify(order)),
  node: async (order) => (await import("./node.ts")).createNodeServer(await loadNode(order)),
};

async function loadExpress(order: ServerOrder): Promise<ExpressSessions | undefined> {
  switch (order.guard) {
    case "none":
      return undefined;
    case "floor":
      return (await import("./express-floor.ts")).createExpressFloor();
    case "repeated":
    case "first-sight":
      return (await import("./express-counterfoil.ts")).createCounterfoil(order);
    case "original":
      return (await import("./express-original.ts")).createOriginal(order);
    case "jsonwebtoken":
      return (await import("./express-jsonwebtoken.ts")).createJsonWebToken();
    case "iron-session":
      return (await import("./express-iron-session.ts")).createIronSession();
    case "express-session-redis":
      return (await import("./express-session-redis.ts")).createWithRedis(order);
    case "express-session-mysql":
      return (await import("./express-session-mysql.ts")).createWithMysql(order);
    case "better-auth":
      return (await import("./express-better-auth.ts")).createBetterAuth();
    default:
      throw noServer(order);
  }
}

async function loadFastify(order: ServerOrder): Promise<FastifySessions | undefined> {
  switch (order.guard) {
    case "none":
      return undefined;
    case "floor":
      return (await import("./fastify-header-sessions.ts")).createFastifyFloor();
    case "repeated":
    case "first-sight":
      return (await import("./fastify-counterfoil.ts")).createCounterfoil(order);
    case "fast-jwt":
      return (await import("./fastify-header-sessions.ts")).createFastifyFastJwt();
    case "secure-session":
      return (await import("./fastify-secure-session.ts")).createSecureSession();
    default:
      throw noServer(order);
  }
}

async function loadNode(order: ServerOrder): Promise<NodeSessions | undefined> {
  switch (order.guard) {
    case "none":
      return undefined;
    case "floor":
      return (await import("./node-floor.ts")).createNodeFloor();
    case "repeated":
    case "first-sight":
      return (await import("./node-counterfoil.ts")).createCounterfoil(order);
    case "original":
      return (await import("./node-original.ts")).createOriginal(order);
    case "fast-jwt":
      return (await import("./node-fast-jwt.ts")).createNodeFastJwt();
    default:
      throw noServer(order);
  }
}

const noServer = ({ framework, guard }: ServerOrder): Error => new Error(`there is no ${guard} for ${framework}`);

await serveParent(async (order: ServerOrder) => {
  const server = await START[order.framework](order);
  server.keepAliveTimeout = KEEP_ALIVE;
  let takeCounts = (): Counts => ({ promises: 0, timers: 0 });
  const ready: ServerReady = { port: (server.address() as AddressInfo).port };
  return {
    ready,
    answer({ about }: ServerQuestion): ServerAnswer {
      switch (about) {
        case "cpu":
          return { cpu: cpuTime() };
        case "count":
          takeCounts = startCounting();
          return {};
        case "counts":
          return takeCounts();
      }
    },
  };
});
