import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { createSessions } from "counterfoil";
import { memory, type SessionStore } from "counterfoil/memory";
import { MAX_HEADER_SIZE, type Setup } from "./setup.ts";
import type { HttpApp, HttpAppOptions } from "counterfoil/testing";

/** One adapter's app, with the routes that `HttpApp` lists. */
export interface Subject {
  readonly name: string;
  /** Builds what must be built, once. */
  prepare?(): Promise<void>;
  /** The library that the app loads. Default: the one that the test loads. */
  readonly createSessions?: typeof createSessions | undefined;
  listen(setup: Setup): Promise<{ readonly port: number; close(): Promise<void> }>;
}

const START = 1_790_000_000_000;

export async function startSubject(subject: Subject, options: HttpAppOptions): Promise<HttpApp> {
  const clock = { now: START };
  const state = { down: false };
  const sessions = (subject.createSessions ?? createSessions)({
    ...options.config,
    store: switchable(state),
    clock: () => clock.now,
  });
  const instance = options.uninitialised === true ? {} : { sessions };
  const server = await subject.listen({ instance, twice: options.twice === true });
  return {
    port: server.port,
    sessions,
    clock,
    setStoreDown: (down) => void (state.down = down),
    async close() {
      await server.close();
      await sessions.close();
    },
  };
}

/** A memory store that fails, as a database does, while `state.down`. */
function switchable(state: { down: boolean }): SessionStore {
  const refuse = async (): Promise<never> => {
    throw new Error("connect ECONNREFUSED 192.0.2.1:3306");
  };
  return new Proxy(memory(), {
    get: (target, name) =>
      state.down && typeof Reflect.get(target, name) === "function" ? refuse : bound(target, name),
  });
}

function bound(target: SessionStore, name: string | symbol): unknown {
  const member: unknown = Reflect.get(target, name);
  return typeof member === "function" ? (member.bind(target) as unknown) : member;
}

/** Serves a listener of Node's own. */
export async function listenNode(listener: RequestListener): ReturnType<Subject["listen"]> {
  const server = createServer({ maxHeaderSize: MAX_HEADER_SIZE }, listener);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
