/**
 * The app that the clauses ask, in the runtime itself. The clauses run in the process of the test,
 * which holds the clock, the switch of the store and the listeners.
 */
import { createSessions, type Sessions } from "counterfoil";
import { memory } from "counterfoil/memory";
import type { HttpAppOptions } from "counterfoil/testing";
import * as web from "counterfoil/web";
import { faultOf } from "../../test/adapters/setup.ts";
import { createRoutes, withOwnCors } from "../../test/adapters/web-routes.ts";
import { switchable } from "../../test/store/switchable-store.ts";
import { runStoreClauses, type Stores } from "./run-store-clauses.ts";

/** Paths below it are the test's, and not the app's. */
export const CONTROL_PATH = "/~control/";

/** Events that clauses listen to. */
export const EVENTS = ["csrf-reported", "session-refreshed", "reuse-detected"] as const;

/** What the test has set since the last request. */
export interface Scene {
  readonly now: number;
  readonly isStoreDown: boolean;
}

/** What a request has changed. */
export interface Aftermath {
  readonly now: number;
  readonly events: readonly (readonly [string, unknown])[];
}

interface RunningApp {
  readonly handle: (request: Request) => Promise<Response>;
  readonly sessions: Sessions;
  readonly clock: { now: number };
  readonly setStoreDown: (isDown: boolean) => void;
  readonly takeEvents: () => Aftermath["events"];
  readonly close: () => Promise<void>;
}

/** @param control where the test listens */
export type StartRequest = HttpAppOptions & { readonly control: string; readonly now: number };

const OTHER_SECRET = "the secret of the other instance, for production";

/** A handler for the server of a runtime. It has one app at a time. */
export function createHost(stores: Stores): (request: Request) => Promise<Response> {
  let app: RunningApp | undefined;
  let control = "";

  const orders: Readonly<Record<string, (sent: unknown) => Promise<unknown>>> = {
    stores: () => runStoreClauses(stores),
    async start(sent) {
      await app?.close();
      const request = sent as StartRequest;
      control = request.control;
      app = startApp(request);
      return app.sessions.cookieNames;
    },
    async call(sent) {
      const { scene, name, args } = sent as { scene: Scene; name: keyof Sessions; args: unknown[] };
      setScene(app, scene);
      return Reflect.apply(app?.sessions[name] as (...args: unknown[]) => unknown, app?.sessions, args);
    },
    async close(scene) {
      setScene(app, scene as Scene);
      await app?.close();
      app = undefined;
    },
  };

  async function ask(question: string, body?: unknown): Promise<unknown> {
    const response = await fetch(`${control}${question}`, { method: "POST", body: JSON.stringify(body ?? null) });
    return response.json();
  }

  return async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname.startsWith(CONTROL_PATH)) {
      const order = orders[pathname.slice(CONTROL_PATH.length)];
      return Response.json((await order?.(await request.json())) ?? null);
    }
    if (app === undefined) return new Response("no app", { status: 503 });
    const scene = (await ask("scene")) as Scene;
    setScene(app, scene);
    const response = await app.handle(request);
    const events = app.takeEvents();
    const { now } = app.clock;
    // Clauses look at what their listeners have got as soon as they have the response.
    if (events.length > 0 || now !== scene.now) await ask("aftermath", { now, events } satisfies Aftermath);
    return response;
  };
}

function setScene(app: RunningApp | undefined, { now, isStoreDown }: Scene): void {
  if (app === undefined) return;
  app.clock.now = now;
  app.setStoreDown(isStoreDown);
}

function startApp({ config, now, ownCors, twice, uninitialised }: StartRequest): RunningApp {
  const clock = { now };
  const { store, down, up } = switchable(memory({ production: true }));
  const sessions = createSessions({ ...config, store, clock: () => clock.now });
  const other = createSessions({
    store: memory({ production: true }),
    clock: () => clock.now,
    cookie: { hostPrefix: false },
    secret: OTHER_SECRET,
  });
  let events: (readonly [string, unknown])[] = [];
  for (const name of EVENTS) sessions.on(name, (event) => void events.push([name, event]));

  const instance = uninitialised === true ? {} : { sessions };
  const routes = createRoutes(web, { instance, clock, other: { sessions: other } });
  const handler = web.withSessions((request) => {
    const route = routes[new URL(request.url).pathname];
    if (route === undefined) return Response.json({ app: "not found" }, { status: 404 });
    return ownCors === undefined ? route(request) : withOwnCors(route(request));
  }, instance);
  const outer = twice === true ? web.withSessions(handler, instance) : handler;
  return {
    handle: (request) => outer(request).catch((error: unknown) => Response.json(faultOf(error), { status: 500 })),
    sessions,
    clock,
    setStoreDown: (isDown) => (isDown ? down() : up()),
    takeEvents() {
      const taken = events;
      events = [];
      return taken;
    },
    async close() {
      await sessions.close();
      await other.close();
    },
  };
}
