/**
 * A check goes on in the same tick where nothing must be waited for, and later where it must. What
 * routes may rely on is the same in both orders, in every adapter.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { createSessions, type Sessions } from "counterfoil";
import * as inExpress from "counterfoil/express";
import * as inFastify from "counterfoil/fastify";
import * as inHono from "counterfoil/hono";
import * as inKoa from "counterfoil/koa";
import { memory } from "counterfoil/memory";
import * as inNode from "counterfoil/node";
import * as inWeb from "counterfoil/web";
import express5, { type NextFunction, type Request, type Response } from "express";
import Fastify from "fastify";
import { Hono } from "hono";
import Koa from "koa";
import { describe, expect, onTestFinished, test } from "vitest";
import { type Listening, listen } from "../fixtures/listen.ts";
import { send } from "../http/send.ts";
import { listenWeb } from "./web.ts";

const express4 = createRequire(import.meta.url)("express4") as typeof express5;

interface Session {
  getUserId(): unknown;
}

/** What the app does in its route, by the query of the request. */
type Route = (session: Session, url: string | undefined) => string | Promise<string>;

/** An app whose outermost middleware opens a context, and whose error handler answers 418. */
type Open = (sessions: Sessions, context: AsyncLocalStorage<string>, route: Route) => Promise<Listening>;

const openExpress =
  (express: typeof express5): Open =>
  (sessions, context, route) => {
    const { sessionRoutes, verifySession, sessionOf, errorHandler } = inExpress.sessionsFor(sessions);
    const app = express();
    app.use((_request, _response, next) => context.run("outer", next));
    app.use(sessionRoutes());
    app.get("/", verifySession(), (request, response, next) => {
      const answer = route(sessionOf(request), request.url);
      if (typeof answer === "string") response.send(answer);
      else answer.then((text) => response.send(text), next);
    });
    app.use(errorHandler());
    app.use((error: Error, _request: Request, response: Response, _next: NextFunction) => {
      response.status(418).send(error.message);
    });
    return listen(app);
  };

const ADAPTERS: Readonly<Record<string, Open>> = {
  "Express 4": openExpress(express4),
  "Express 5": openExpress(express5),
  "Fastify 5": async (sessions, context, route) => {
    const { sessionPlugin, verifySession, sessionOf } = inFastify.sessionsFor(sessions);
    const app = Fastify();
    app.addHook("onRequest", (_request, _reply, done) => context.run("outer", done));
    await app.register(sessionPlugin, {
      onError: (error, _request, reply) => reply.code(418).send((error as Error).message),
    });
    app.get("/", { preHandler: verifySession() }, (request, reply) => {
      const answer = route(sessionOf(request), request.url);
      if (typeof answer === "string") reply.send(answer);
      else
        answer.then(
          (text) => reply.send(text),
          (error: unknown) => reply.send(error),
        );
    });
    await app.listen({ port: 0, host: "127.0.0.1" });
    return { port: (app.server.address() as AddressInfo).port, close: () => app.close() };
  },
  "Koa 3": (sessions, context, route) => {
    const { sessionRoutes, verifySession, sessionOf } = inKoa.sessionsFor(sessions);
    const app = new Koa();
    app.use((_context, next) => context.run("outer", next));
    app.use(async (answered, next) => {
      try {
        await next();
      } catch (error) {
        answered.status = 418;
        answered.body = (error as Error).message;
      }
    });
    app.use(sessionRoutes());
    app.use(verifySession());
    app.use(async (answered) => {
      answered.body = await route(sessionOf(answered), answered.url);
    });
    return listen(app.callback());
  },
  "Hono 4": (sessions, context, route) => {
    const { sessionRoutes, verifySession, sessionOf } = inHono.sessionsFor(sessions);
    const app = new Hono();
    app.use((_context, next) => context.run("outer", next));
    app.use(sessionRoutes());
    app.onError((error, answered) => answered.text(error.message, 418));
    app.get("/", verifySession(), async (answered) =>
      answered.text(await route(sessionOf(answered), new URL(answered.req.url).search)),
    );
    return listenWeb(app.fetch);
  },
  "node:http": (sessions, context, route) => {
    const { withSessions, getSession } = inNode.sessionsFor(sessions);
    const handler = withSessions(
      async (request, response) => {
        const session = await getSession(request, response);
        response.end(await route(session, request.url));
      },
      {
        onError(error, _request, response) {
          response.statusCode = 418;
          response.end((error as Error).message);
        },
      },
    );
    return listen((request, response) => context.run("outer", () => handler(request, response)));
  },
  Web: (sessions, context, route) => {
    const { withSessions, verifySession } = inWeb.sessionsFor(sessions);
    const handler = withSessions(
      verifySession(async (request, session) => new Response(await route(session, new URL(request.url).search))),
    );
    const answer = async (request: globalThis.Request): Promise<globalThis.Response> => {
      try {
        return await handler(request);
      } catch (error) {
        return new Response((error as Error).message, { status: 418 });
      }
    };
    return listenWeb((request) => context.run("outer", () => answer(request)));
  },
};

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
  const server = await ADAPTERS[name]?.(sessions, context, route);
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

describe.each(Object.keys(ADAPTERS))("%s", (name) => {
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
