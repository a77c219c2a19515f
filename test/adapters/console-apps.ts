/** One app for each framework with the console, the ready routes, and a 404 of the framework. */
// oxlint-disable-next-line import/no-unassigned-import -- Nest wants it so
import "reflect-metadata";
import type { Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { Module } from "@nestjs/common";
import { type AbstractHttpAdapter, NestFactory } from "@nestjs/core";
import { ExpressAdapter } from "@nestjs/platform-express";
import { FastifyAdapter } from "@nestjs/platform-fastify";
import type { Sessions } from "counterfoil";
import { console as mount, type ConsoleOptions } from "counterfoil/console";
import * as inExpress from "counterfoil/express";
import * as inFastify from "counterfoil/fastify";
import * as inHono from "counterfoil/hono";
import * as inKoa from "counterfoil/koa";
import * as inNest from "counterfoil/nest";
import * as inNode from "counterfoil/node";
import * as inWeb from "counterfoil/web";
import express5, { type NextFunction, type Request as ExpressRequest, type Response as ExpressResponse } from "express";
import Fastify, { type FastifyRequest } from "fastify";
import { type Context, Hono } from "hono";
import Koa from "koa";
import { type Listening, listen, listenHttp2 } from "../fixtures/listen.ts";
import { listenWeb } from "./web.ts";

const express4 = createRequire(import.meta.url)("express4") as typeof express5;

/** What a test decides. */
export interface ConsoleSetup extends Omit<ConsoleOptions, "authorize" | "sessions"> {
  readonly sessions: Sessions;
  /** @param name the header `x-operator`, read from the framework's own request */
  readonly decide: (name: string | undefined) => Awaited<ReturnType<ConsoleOptions["authorize"]>>;
}

/** Options for a framework whose request has headers in its own way. */
function optionsFor<Parameters extends readonly unknown[]>(
  { decide, ...options }: ConsoleSetup,
  headerOf: (...parameters: Parameters) => string | undefined,
): ConsoleOptions<Parameters> {
  return { ...options, authorize: async (...parameters) => decide(headerOf(...parameters)) };
}

type OpenConsole = (setup: ConsoleSetup) => Promise<Listening>;

const inAnyExpress =
  (express: typeof express5): OpenConsole =>
  async (setup) => {
    const app = express();
    app.use(inExpress.sessionRoutes({ sessions: setup.sessions }));
    app.use(mount(optionsFor(setup, (request: ExpressRequest) => request.get("x-operator"))).node);
    app.use((_error: unknown, _request: ExpressRequest, response: ExpressResponse, _next: NextFunction) => {
      response.status(500).send("fault");
    });
    return listen(app);
  };

const inAnyNest =
  (createAdapter: () => AbstractHttpAdapter): OpenConsole =>
  async (setup) => {
    // oxlint-disable-next-line typescript/no-extraneous-class -- in Nest a module is a class
    class AppModule {}
    Module({ imports: [inNest.SessionModule.forRoot({ sessions: setup.sessions })] })(AppModule);
    const app = await NestFactory.create(AppModule, createAdapter(), { logger: false });
    const headerOf = ({ headers }: { readonly headers: Readonly<Record<string, unknown>> }): string | undefined =>
      headers["x-operator"] as string | undefined;
    app.use(mount(optionsFor(setup, headerOf)).node);
    await app.listen(0, "127.0.0.1");
    return { port: ((app.getHttpServer() as Server).address() as AddressInfo).port, close: () => app.close() };
  };

const listener = (setup: ConsoleSetup): ReturnType<typeof inNode.withSessions> => {
  const admin = mount(optionsFor(setup, (request: inNode.Request) => request.headers["x-operator"] as string));
  return inNode.withSessions(
    (request, response) =>
      admin.node(request, response, (error) => void response.writeHead(error === undefined ? 404 : 500).end()),
    { sessions: setup.sessions },
  );
};

const isForConsole = (request: Request): boolean => new URL(request.url).pathname.includes("/counterfoil");

export const CONSOLE_APPS = {
  "node:http": async (setup) => listen(listener(setup)),
  "Express 4": inAnyExpress(express4),
  "Express 5": inAnyExpress(express5),
  "Fastify 5": async (setup) => {
    const app = Fastify();
    await app.register(inFastify.sessionPlugin, { sessions: setup.sessions });
    const headerOf = ({ headers }: FastifyRequest): string | undefined => headers["x-operator"] as string | undefined;
    app.addHook("onRequest", mount(optionsFor(setup, headerOf)).fastify);
    await app.listen({ port: 0, host: "127.0.0.1" });
    return { port: (app.server.address() as AddressInfo).port, close: () => app.close() };
  },
  "Koa 3": async (setup) => {
    const app = new Koa();
    // Else it prints the errors that tests want.
    app.silent = true;
    app.use(inKoa.sessionRoutes({ sessions: setup.sessions }));
    app.use(mount(optionsFor(setup, (context: Koa.Context) => context.get("x-operator"))).koa);
    return listen(app.callback());
  },
  "Hono 4": async (setup) => {
    const app = new Hono();
    app.use(inHono.sessionRoutes({ sessions: setup.sessions }));
    app.use(mount(optionsFor(setup, (context: Context) => context.req.header("x-operator"))).hono);
    app.onError((_error, context) => context.text("fault", 500));
    return listenWeb(app.fetch);
  },
  "Hono 4, before the ready routes": async (setup) => {
    const app = new Hono();
    app.use(mount(optionsFor(setup, (context: Context) => context.req.header("x-operator"))).hono);
    app.use(inHono.sessionRoutes({ sessions: setup.sessions }));
    app.onError((_error, context) => context.text("fault", 500));
    return listenWeb(app.fetch);
  },
  Web: async (setup) => {
    const admin = mount(optionsFor(setup, (request: Request) => request.headers.get("x-operator") ?? undefined));
    return listenWeb(
      inWeb.withSessions(
        (request) => (isForConsole(request) ? admin.web(request) : new Response(null, { status: 404 })),
        { sessions: setup.sessions },
      ),
    );
  },
  "Web, alone": async (setup) =>
    listenWeb(mount(optionsFor(setup, (request: Request) => request.headers.get("x-operator") ?? undefined)).web),
  "Nest on Express": inAnyNest(() => new ExpressAdapter(express5())),
  "Nest on Fastify": inAnyNest(() => new FastifyAdapter()),
  "node:http2": async (setup) => listenHttp2(listener(setup)),
} satisfies Readonly<Record<string, OpenConsole>>;
