/**
 * A check goes on in the same tick where nothing must be waited for, and later where it must. What
 * routes may rely on is the same in both orders, in every adapter.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { createSessions } from "counterfoil";
import { memory } from "counterfoil/memory";
import { describe, expect, onTestFinished, test } from "vitest";
import { send } from "../http/send.ts";
import { ONE_ROUTE_APPS, type Route } from "./one-route-apps.ts";

/** How many promises an adapter's own framework may wait for; the others go on in the same tick. */
const AT_ONCE: ReadonlySet<string> = new Set(["Express 4", "Express 5", "Fastify 5"]);

const ORDERS = { "at once": "off", later: "store" } as const;

async function openApp(
  name: string,
  revocation: "off" | "store",
  route: Route,
): Promise<{
  readonly ask: (path: string, withSession?: boolean) => Promise<{ readonly status: number; readonly body: string }>;
  readonly context: AsyncLocalStorage<string>;
}> {
  const sessions = createSessions({ store: memory(), tokens: { accessToken: { revocation } } });
  onTestFinished(() => sessions.close());
  await sessions.ready();
  const { accessToken } = await sessions.createNewSession("alice");
  const context = new AsyncLocalStorage<string>();
  const server = await ONE_ROUTE_APPS[name]?.(sessions, context, route);
  if (server === undefined) expect.fail(`there is no adapter ${name}`);
  onTestFinished(() => server.close());
  return {
    context,
    async ask(path, withSession = true) {
      const cookie = `${sessions.cookieNames.access}=${accessToken.value}`;
      const { status, text } = await send(server.port, { path, headers: withSession ? { cookie } : {} });
      return { status, body: text };
    },
  };
}

describe.each(Object.keys(ONE_ROUTE_APPS))("%s", (name) => {
  test.each(Object.entries(ORDERS))(
    "%s: the route has its session, and the context of the app",
    async (_, revocation) => {
      const seen: (string | undefined)[] = [];
      const app = await openApp(name, revocation, (session) => {
        seen.push(app.context.getStore());
        return String(session.getUserId());
      });
      expect(await app.ask("/")).toEqual({ status: 200, body: "alice" });
      expect(seen).toEqual(["outer"]);
    },
  );

  test.each(Object.entries(ORDERS))(
    "%s: what a route throws comes to the app's handler, once",
    async (_, revocation) => {
      let runs = 0;
      const app = await openApp(name, revocation, (_session, url) => {
        runs += 1;
        const error = new Error(`thrown by the route in ${app.context.getStore()}`);
        if (url?.includes("later") === true) return Promise.reject(error);
        throw error;
      });
      for (const path of ["/?now", "/?later"])
        expect(await app.ask(path)).toEqual({ status: 418, body: "thrown by the route in outer" });
      expect(runs).toBe(2);
    },
  );

  test.each(Object.entries(ORDERS))(
    "%s: a request without a session does not come to the route",
    async (_, revocation) => {
      let runs = 0;
      const app = await openApp(name, revocation, () => String((runs += 1)));
      expect((await app.ask("/", false)).status).toBeOneOf([401, 418]);
      expect(runs).toBe(0);
    },
  );
});

test.each([...AT_ONCE])("%s: with the keys at hand the route runs in the tick of the request", async (name) => {
  const order: string[] = [];
  const app = await openApp(name, "off", () => {
    order.push("route");
    return "";
  });
  const run = app.context.run.bind(app.context);
  app.context.run = (store: string, next: () => unknown) => {
    run(store, next);
    order.push("tick ends");
  };
  await app.ask("/");
  expect(order).toEqual(["route", "tick ends"]);
});
