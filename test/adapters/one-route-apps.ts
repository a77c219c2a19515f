/**
 * One app for each framework, whose one route does what a test says: behind a check, in a context
 * of the app's own, and with an error handler of the app's that answers 418.
 */
// oxlint-disable-next-line import/no-unassigned-import -- Nest wants it so
import "reflect-metadata";
import type { AsyncLocalStorage } from "node:async_hooks";
import type { Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { type ArgumentsHost, Catch, Controller, Get, Module, Req } from "@nestjs/common";
import { type AbstractHttpAdapter, APP_FILTER, BaseExceptionFilter, HttpAdapterHost, NestFactory } from "@nestjs/core";
import { ExpressAdapter } from "@nestjs/platform-express";
import { FastifyAdapter } from "@nestjs/platform-fastify";
import type { Sessions } from "counterfoil";
import * as inExpress from "counterfoil/express";
import * as inFastify from "counterfoil/fastify";
import * as inHono from "counterfoil/hono";
import * as inKoa from "counterfoil/koa";
import * as inNest from "counterfoil/nest";
import * as inNode from "counterfoil/node";
import * as inWeb from "counterfoil/web";
import express5, { type NextFunction, type Request, type Response } from "express";
import Fastify from "fastify";
import { Hono } from "hono";
import Koa from "koa";
import { type Listening, listen } from "../fixtures/listen.ts";
import { listenWeb } from "./web.ts";

const express4 = createRequire(import.meta.url)("express4") as typeof express5;

/**
 * What the app does in its route.
 *
 * @param url with the query of the request
 * @param request what the framework names the request by
 */
export type Route = (
  session: { getUserId(): unknown },
  url: string | undefined,
  request: object,
) => string | Promise<string>;

/** Opens an app whose outermost middleware runs all in the context `"outer"`. */
type Open = (sessions: Sessions, context: AsyncLocalStorage<string>, route: Route) => Promise<Listening>;

const openExpress =
  (express: typeof express5): Open =>
  (sessions, context, route) => {
    const { sessionRoutes, verifySession, sessionOf, errorHandler } = inExpress.sessionsFor(sessions);
    const app = express();
    app.use((_request, _response, next) => context.run("outer", next));
    app.use(sessionRoutes());
    app.get("/", verifySession(), (request, response, next) => {
      const answer = route(sessionOf(request), request.url, request);
      if (typeof answer === "string") response.send(answer);
      else answer.then((text) => response.send(text), next);
    });
    app.use(errorHandler());
    app.use((error: Error, _request: Request, response: Response, _next: NextFunction) => {
      response.status(418).send(error.message);
    });
    return listen(app);
  };

/** Decorators are applied as functions, because Node's type stripping knows no others. */
const openNest =
  (createAdapter: () => AbstractHttpAdapter): Open =>
  async (sessions, context, route) => {
    const { forRoot, VerifySession, sessionOf } = inNest.sessionsFor(sessions);
    class AppController {
      async answer(request: inNest.PlatformRequest): Promise<string> {
        return route(sessionOf(request), request.originalUrl, request);
      }
    }
    const { prototype } = AppController;
    const descriptor = Object.getOwnPropertyDescriptor(prototype, "answer") ?? {};
    Req()(prototype, "answer", 0);
    VerifySession()(prototype, "answer", descriptor);
    Get("/")(prototype, "answer", descriptor);
    Controller()(AppController);
    class FaultFilter extends BaseExceptionFilter {
      override catch(error: Error, host: ArgumentsHost): void {
        this.applicationRef?.reply(host.switchToHttp().getResponse<object>(), error.message, 418);
      }
    }
    Catch()(FaultFilter);
    const filter = {
      provide: APP_FILTER,
      useFactory: (host: HttpAdapterHost): FaultFilter => new FaultFilter(host.httpAdapter),
      inject: [HttpAdapterHost],
    };
    // oxlint-disable-next-line typescript/no-extraneous-class -- in Nest a module is a class
    class AppModule {}
    Module({ imports: [forRoot()], controllers: [AppController], providers: [filter] })(AppModule);
    const app = await NestFactory.create(AppModule, createAdapter(), { logger: false, abortOnError: false });
    app.use((_request: unknown, _response: unknown, next: () => void) => context.run("outer", next));
    await app.listen(0, "127.0.0.1");
    const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
    return { port, close: () => app.close() };
  };

/** By the names of the frameworks. */
export const ONE_ROUTE_APPS: Readonly<Record<string, Open>> = {
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
      const answer = route(sessionOf(request), request.url, request);
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
      answered.body = await route(sessionOf(answered), answered.url, answered);
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
      answered.text(await route(sessionOf(answered), new URL(answered.req.url).search, answered)),
    );
    return listenWeb(app.fetch);
  },
  "node:http": (sessions, context, route) => {
    const { withSessions, getSession } = inNode.sessionsFor(sessions);
    const handler = withSessions(
      async (request, response) => {
        const session = await getSession(request, response);
        response.end(await route(session, request.url, request));
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
      verifySession(
        async (request, session) => new Response(await route(session, new URL(request.url).search, request)),
      ),
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
  "Nest on Express": openNest(() => new ExpressAdapter(express5())),
  "Nest on Fastify": openNest(() => new FastifyAdapter()),
};
