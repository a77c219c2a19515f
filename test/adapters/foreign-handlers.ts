/**
 * Apps whose errors nobody of ours answers: the framework's own handler, or one that the app has
 * written for all of its errors.
 */
import { createRequire } from "node:module";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type AbstractHttpAdapter, BaseExceptionFilter, NestFactory } from "@nestjs/core";
import {
  All,
  type ArgumentsHost,
  type CanActivate,
  Catch,
  Controller,
  type ExceptionFilter,
  Module,
  Req,
  Res,
  UseGuards,
} from "@nestjs/common";
import { ExpressAdapter } from "@nestjs/platform-express";
import { FastifyAdapter } from "@nestjs/platform-fastify";
import type { Sessions } from "counterfoil";
import * as inExpress from "counterfoil/express";
import * as inFastify from "counterfoil/fastify";
import * as inHono from "counterfoil/hono";
import * as inKoa from "counterfoil/koa";
import * as inNest from "counterfoil/nest";
import * as inNode from "counterfoil/node";
import * as onWeb from "counterfoil/web";
import express5, { type ErrorRequestHandler, type Express, type RequestHandler } from "express";
import Fastify, { type FastifyInstance } from "fastify";
import { Hono } from "hono";
import createError from "http-errors";
import Koa, { type Context } from "koa";
import { listen, type Listening } from "../fixtures/listen.ts";
import { listenWeb } from "./web.ts";

const express4 = createRequire(import.meta.url)("express4") as typeof express5;

interface Instance {
  readonly sessions: Sessions;
}

/**
 * Routes, on every method: `/login` signs alice in; `/api` needs a session, and `/fresh` a sign-in
 * of the last 5 minutes; `/renew` refreshes; `/data` reads the data of the session; `/swallow`
 * answers although its check refuses.
 */
export interface Handled {
  readonly name: string;
  /** Whether the handler makes 500 of a status that no standard has. */
  readonly knowsNoOtherStatus?: boolean;
  listen(instance: Instance): Promise<Listening>;
}

const CLAIMS = { jwtPayload: { role: "member" } };
const OK = { ok: true };
const MINE = { message: "mine" };

/** What most handlers know of an error. */
const statusOf = (error: unknown): number => (error as { status?: number }).status ?? 500;

/** The routes by what they do with a request, however the framework calls them. */
interface Calls {
  login(): Promise<unknown>;
  check(options?: { maxAuthAge?: "5m" }): Promise<{ getSessionData(): Promise<unknown> } | undefined>;
  renew(): Promise<unknown>;
}

async function run(path: string, calls: Calls): Promise<object> {
  if (path === "/login") await calls.login();
  else if (path === "/renew") await calls.renew();
  else if (path === "/data") await (await calls.check())?.getSessionData();
  else if (path === "/swallow") await calls.check().catch(() => undefined);
  else await calls.check(path === "/fresh" ? { maxAuthAge: "5m" } : {});
  return OK;
}

const pathOf = (url: string | undefined): string => (url ?? "").replace(/\?.*/s, "");

function createExpress(express: typeof express5, { sessions }: Instance, handler?: ErrorRequestHandler): Express {
  const app = express();
  app.use(inExpress.sessionRoutes({ sessions }));
  // By the middleware, as apps have it.
  app.all("/api", inExpress.verifySession({ sessions }), (_request, response) => void response.json(OK));
  const others: RequestHandler = (request, response, next) => {
    run(request.path, {
      login: () => inExpress.createNewSession(request, response, "alice", { sessions, ...CLAIMS }),
      check: (options) => inExpress.getSession(request, response, { sessions, ...options }),
      renew: () => inExpress.refreshSession(request, response, { sessions }),
    }).then((body) => response.json(body), next);
  };
  app.use(others);
  if (handler !== undefined) app.use(handler);
  return app;
}

// Express knows an error handler by its four parameters.
const byStatus: ErrorRequestHandler = (error, _request, response, _next) => {
  response.status(statusOf(error)).json(MINE);
};
const byHttpErrors: ErrorRequestHandler = (error: Error, _request, response, _next) => {
  const { status, expose, message } = createError(error);
  response.status(status).send(expose ? message : "hidden");
};

const asItIs: ErrorRequestHandler = (error, _request, response, _next) => {
  response.status(statusOf(error)).json({ error });
};

const expressApps = [
  { version: "Express 4", express: express4 },
  { version: "Express 5", express: express5 },
].flatMap(({ version, express }): Handled[] => [
  { name: `${version} without an error handler`, listen: (own) => listen(createExpress(express, own)) },
  {
    name: `${version} with a handler that looks at the status`,
    listen: (own) => listen(createExpress(express, own, byStatus)),
  },
  {
    name: `${version} with a handler over http-errors`,
    listen: (own) => listen(createExpress(express, own, byHttpErrors)),
  },
  {
    name: `${version} with a handler that sends the error as JSON`,
    listen: (own) => listen(createExpress(express, own, asItIs)),
  },
]);

function listenKoa({ sessions }: Instance, handler?: Koa.Middleware): Promise<Listening> {
  const app = new Koa();
  // It would print what it answers.
  app.silent = true;
  if (handler !== undefined) {
    app.use(inKoa.sessionRoutes({ sessions }));
    app.use(handler);
  }
  app.use(async (context: Context) => {
    context.body = await run(context.path, {
      login: () => inKoa.createNewSession(context, "alice", { sessions, ...CLAIMS }),
      check: (options) => inKoa.getSession(context, { sessions, ...options }),
      renew: () => inKoa.refreshSession(context, { sessions }),
    });
  });
  const answer = app.callback();
  return listen((request, response) => void answer(request, response));
}

const koaApps: readonly Handled[] = [
  { name: "Koa without sessionRoutes()", knowsNoOtherStatus: true, listen: (own) => listenKoa(own) },
  {
    name: "Koa with a handler below sessionRoutes()",
    listen: (own) =>
      listenKoa(own, async (context, next) => {
        try {
          await next();
        } catch (error) {
          context.status = statusOf(error);
          context.body = MINE;
        }
      }),
  },
];

async function listenFastify(
  { sessions }: Instance,
  mount: (app: FastifyInstance, routes: (scope: FastifyInstance) => Promise<void>) => unknown,
): Promise<Listening> {
  const app = Fastify();
  await app.register(inFastify.sessionPlugin, { sessions });
  await mount(app, async (scope) => {
    scope.all("/*", async (request, reply) =>
      run(pathOf(request.url), {
        login: () => inFastify.createNewSession(request, reply, "alice", { sessions, ...CLAIMS }),
        check: (options) => inFastify.getSession(request, reply, { sessions, ...options }),
        renew: () => inFastify.refreshSession(request, reply, { sessions }),
      }),
    );
  });
  await app.listen({ port: 0, host: "127.0.0.1" });
  return { port: (app.server.address() as AddressInfo).port, close: () => app.close() };
}

const fastifyApps: readonly Handled[] = [
  {
    name: "Fastify with the handler of a scope",
    listen: (own) =>
      listenFastify(own, (app, routes) =>
        app.register(async (scope) => {
          scope.setErrorHandler((error, _request, reply) => reply.code(statusOf(error)).send(MINE));
          await routes(scope);
        }),
      ),
  },
  {
    name: "Fastify with a handler that leaves all to Fastify's own",
    listen: (own) =>
      listenFastify(own, (app, routes) =>
        app.register(async (scope) => {
          scope.setErrorHandler(async (error) => {
            throw error;
          });
          await routes(scope);
        }),
      ),
  },
];

function createHono({ sessions }: Instance): Hono {
  const app = new Hono();
  app.use(inHono.sessionRoutes({ sessions }));
  app.use("/api", inHono.verifySession({ sessions }));
  app.all("*", async (context) =>
    context.json(
      await run(context.req.path, {
        login: () => inHono.createNewSession(context, "alice", { sessions, ...CLAIMS }),
        check: (options) => inHono.getSession(context, { sessions, ...options }),
        renew: () => inHono.refreshSession(context, { sessions }),
      }),
    ),
  );
  return app;
}

const honoApps: readonly Handled[] = [
  { name: "Hono without onError", listen: (own) => listenWeb(createHono(own).fetch) },
  {
    name: "Hono with an onError that looks at the status",
    listen: (own) =>
      listenWeb(createHono(own).onError((error, context) => context.json(MINE, statusOf(error) as 500)).fetch),
  },
];

const webApps: readonly Handled[] = [
  {
    name: "a Web handler that answers errors itself",
    listen: ({ sessions }) =>
      listenWeb(
        onWeb.withSessions(
          async (request) => {
            const calls: Calls = {
              login: () => onWeb.createNewSession(request, "alice", { sessions, ...CLAIMS }),
              check: (options) => onWeb.getSession(request, { sessions, ...options }),
              renew: () => onWeb.refreshSession(request, { sessions }),
            };
            try {
              return Response.json(await run(new URL(request.url).pathname, calls));
            } catch (error) {
              return Response.json(MINE, { status: statusOf(error) });
            }
          },
          { sessions },
        ),
      ),
  },
  {
    name: "a node:http handler that answers errors itself",
    listen: ({ sessions }) =>
      listen(
        inNode.withSessions(
          (request, response) =>
            run(pathOf(request.url), {
              login: () => inNode.createNewSession(request, response, "alice", { sessions, ...CLAIMS }),
              check: (options) => inNode.getSession(request, response, { sessions, ...options }),
              renew: () => inNode.refreshSession(request, response, { sessions }),
            }).then(
              (body) => response.end(JSON.stringify(body)),
              (error: unknown) =>
                response.writeHead(statusOf(error), { "content-type": "application/json" }).end(JSON.stringify(MINE)),
            ),
          { sessions },
        ),
      ),
  },
];

function createController({ sessions }: Instance): new () => object {
  class AppController {
    async login(request: inNest.PlatformRequest, response: inNest.PlatformResponse): Promise<object> {
      await inNest.createNewSession(request, response, "alice", { sessions, ...CLAIMS });
      return OK;
    }
    async renew(request: inNest.PlatformRequest, response: inNest.PlatformResponse): Promise<object> {
      await inNest.refreshSession(request, response, { sessions });
      return OK;
    }
    async data(session: inNest.RequestSession | undefined): Promise<object> {
      await session?.getSessionData();
      return OK;
    }
    api(): object {
      return OK;
    }
    fresh(): object {
      return OK;
    }
    swallow(): object {
      return OK;
    }
  }
  const guard = new inNest.SessionGuard({ sessions });
  const guards: Partial<Record<keyof AppController, CanActivate>> = {
    api: guard,
    fresh: new inNest.SessionGuard({ sessions, maxAuthAge: "5m" }),
    data: guard,
    swallow: { canActivate: (context) => guard.canActivate(context).catch(() => true) },
  };
  const parameters: Partial<Record<keyof AppController, readonly ParameterDecorator[]>> = {
    login: [Req(), Res({ passthrough: true })],
    renew: [Req(), Res({ passthrough: true })],
    data: [inNest.CurrentSession()],
  };
  const { prototype } = AppController;
  for (const name of ["login", "renew", "data", "api", "fresh", "swallow"] as const) {
    const descriptor = Object.getOwnPropertyDescriptor(prototype, name) ?? {};
    for (const [index, parameter] of (parameters[name] ?? []).entries()) parameter(prototype, name, index);
    const own = guards[name];
    if (own !== undefined) UseGuards(own)(prototype, name, descriptor);
    All(`/${name}`)(prototype, name, descriptor);
  }
  Controller()(AppController);
  return AppController;
}

/** A filter of the app's own, for everything. */
class StatusFilter implements ExceptionFilter {
  readonly #adapter: AbstractHttpAdapter;
  constructor(adapter: AbstractHttpAdapter) {
    this.#adapter = adapter;
  }
  catch(error: unknown, context: ArgumentsHost): void {
    this.#adapter.reply(context.switchToHttp().getResponse<object>(), MINE, statusOf(error));
  }
}
Catch()(StatusFilter);

async function listenNest(
  own: Instance,
  adapter: AbstractHttpAdapter,
  createFilter: (adapter: AbstractHttpAdapter) => ExceptionFilter,
): Promise<Listening> {
  // oxlint-disable-next-line typescript/no-extraneous-class -- in Nest a module is a class
  class AppModule {}
  Module({ imports: [inNest.SessionModule.forRoot(own)], controllers: [createController(own)] })(AppModule);
  const app = await NestFactory.create(AppModule, adapter, { logger: false });
  // Asked before the filter of our module.
  app.useGlobalFilters(createFilter(adapter));
  await app.listen(0, "127.0.0.1");
  const server = app.getHttpServer() as Server;
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.closeAllConnections();
      await app.close();
    },
  };
}

const nestApps = [
  { platform: "Express", createAdapter: (): AbstractHttpAdapter => new ExpressAdapter(express5()) },
  { platform: "Fastify", createAdapter: (): AbstractHttpAdapter => new FastifyAdapter() },
].flatMap(({ platform, createAdapter }): Handled[] => [
  {
    name: `Nest on ${platform} with Nest's own filter`,
    listen: (own) => listenNest(own, createAdapter(), (adapter) => new BaseExceptionFilter(adapter)),
  },
  {
    name: `Nest on ${platform} with a filter that looks at the status`,
    listen: (own) => listenNest(own, createAdapter(), (adapter) => new StatusFilter(adapter)),
  },
]);

export const FOREIGN_HANDLERS: readonly Handled[] = [
  ...expressApps,
  ...koaApps,
  ...fastifyApps,
  ...honoApps,
  ...webApps,
  ...nestApps,
];
