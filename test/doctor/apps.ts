/** Real apps for the doctor to look at. */
import { once } from "node:events";
import { createServer, request as ask, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { type CounterfoilConfig, createSessions, type Sessions } from "counterfoil";
import { createNewSession, errorHandler, sessionRoutes, verifySession, findSession } from "counterfoil/express";
import { memory } from "counterfoil/memory";
import express, { type Express, type Request } from "express";
import { listen } from "../fixtures/listen.ts";

export type AppConfig = Omit<CounterfoilConfig, "store">;
export type Own = { readonly sessions: Sessions };

const closing: (() => Promise<unknown>)[] = [];

/** Ends after the tests of a file. */
export const onEnd = (end: () => Promise<unknown>): void => void closing.unshift(end);

export async function endAll(): Promise<void> {
  for (const end of closing.splice(0)) await end();
}

export async function serve(listener: RequestListener): Promise<number> {
  const { port, close } = await listen(listener);
  onEnd(close);
  return port;
}

/** The app of the guide, on a port of its own, with a place for what somebody does wrong. */
export async function openShop(
  config: AppConfig,
  mount: (app: Express, own: Own) => void = mountRight,
): Promise<number> {
  const sessions = createSessions({ store: memory(), ...config });
  onEnd(() => sessions.close());
  const app = express();
  mount(app, { sessions });
  return serve(app);
}

export function mountRight(app: Express, own: Own): void {
  app.use(sessionRoutes(own));
  mountRoutes(app, own);
  app.use(errorHandler(own));
}

export function mountRoutes(app: Express, own: Own): void {
  app.post("/login", async (request: Request, response) => {
    await createNewSession(request, response, "alice", own);
    response.json({ ok: true });
  });
  app.get("/api/me", verifySession(own), (request: Request, response) => {
    response.json({ user: findSession(request)?.getUserId() });
  });
}

export interface ProxyChange {
  /** Changes the headers of a response, as `name, value, name, value`. */
  readonly answer?: (headers: string[]) => string[];
  /** Answers in place of the app. */
  readonly instead?: RequestListener;
  /** How many requests the app gets before that. Default: none. */
  readonly first?: number;
  readonly maxHeaderSize?: number;
}

/** A proxy that asks its ports in turn, and changes what it passes on. */
export async function openProxy(ports: readonly number[], change: ProxyChange = {}): Promise<number> {
  const { answer = (headers) => headers, instead, first = 0, maxHeaderSize = 65_536 } = change;
  let turn = 0;
  const server = createServer({ maxHeaderSize }, (incoming, outgoing) => {
    turn += 1;
    if (instead !== undefined && turn > first) {
      instead(incoming, outgoing);
      return;
    }
    const port = ports[turn % ports.length];
    const { method, url: path, headers } = incoming;
    const passed = ask({ host: "127.0.0.1", port, method, path, headers, agent: false }, (response) => {
      outgoing.writeHead(response.statusCode ?? 502, answer(response.rawHeaders));
      response.pipe(outgoing);
    });
    incoming.pipe(passed);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onEnd(async () => void (server.closeAllConnections(), server.close()));
  return (server.address() as AddressInfo).port;
}
