/** The clauses' half of an app that runs in another runtime. */
import { createServer } from "node:http";
import { json } from "node:stream/consumers";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import type { Sessions } from "counterfoil";
import type { HttpApp, StartHttpApp } from "counterfoil/testing";
import { type Aftermath, CONTROL_PATH, type Scene, type StartRequest } from "./app/hosted-app.ts";

const START = 1_790_000_000_000;

export interface RemoteHost {
  /** Gives an order to a host, and returns its answer. */
  readonly order: (name: string, body?: unknown) => Promise<unknown>;
  readonly start: StartHttpApp;
  readonly close: () => Promise<void>;
}

/** @param port where the host listens on 127.0.0.1 */
export async function connectToHost(port: number): Promise<RemoteHost> {
  const clock = { now: START };
  let isStoreDown = false;
  let listeners: [string, (event: unknown) => void][] = [];
  const scene = (): Scene => ({ now: clock.now, isStoreDown });

  const server = createServer((request, response) => {
    void (async () => {
      const sent = await json(request);
      if (request.url === "/aftermath") takeAftermath(sent as Aftermath);
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(scene()));
    })();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const control = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;

  function takeAftermath({ now, events }: Aftermath): void {
    clock.now = now;
    for (const [name, event] of events) for (const [wanted, tell] of listeners) if (wanted === name) tell(event);
  }

  async function order(name: string, body: unknown = null): Promise<unknown> {
    const response = await fetch(`http://127.0.0.1:${port}${CONTROL_PATH}${name}`, {
      method: "POST",
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${name}: ${response.status} ${await response.text()}`);
    return response.json();
  }

  const start: StartHttpApp = async (options) => {
    clock.now = START;
    isStoreDown = false;
    listeners = [];
    const cookieNames = await order("start", { ...options, control, now: START } satisfies StartRequest);
    const sessions = new Proxy({} as Sessions, {
      get: (_target, name) => {
        if (name === "cookieNames") return cookieNames;
        if (name === "on") return (event: string, tell: (event: unknown) => void) => listeners.push([event, tell]);
        return (...args: unknown[]) => order("call", { scene: scene(), name, args });
      },
    });
    return {
      port,
      sessions,
      clock,
      setStoreDown: (isDown) => void (isStoreDown = isDown),
      close: async () => void (await order("close", scene())),
    } satisfies HttpApp;
  };

  return {
    order,
    start,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
