/**
 * An error handler of the app's that makes a fault of the server out of a refusal, before ours or
 * in its place.
 */
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { type ArgumentsHost, Catch, Controller, type ExceptionFilter, Get, Module } from "@nestjs/common";
import { type AbstractHttpAdapter, NestFactory } from "@nestjs/core";
import { ExpressAdapter } from "@nestjs/platform-express";
import { FastifyAdapter } from "@nestjs/platform-fastify";
import { createSessions, type Sessions } from "counterfoil";
import * as inExpress from "counterfoil/express";
import * as inFastify from "counterfoil/fastify";
import * as inHono from "counterfoil/hono";
import * as inKoa from "counterfoil/koa";
import { memory } from "counterfoil/memory";
import * as inNest from "counterfoil/nest";
import * as inNode from "counterfoil/node";
import * as onWeb from "counterfoil/web";
import express5, { type NextFunction, type Request, type Response as Sending } from "express";
import Fastify from "fastify";
import { Hono } from "hono";
import Koa from "koa";
import { describe, expect, test } from "vitest";
import { listen, type Listening } from "../fixtures/listen.ts";
import { collectWarnings } from "../fixtures/warnings.ts";
import { listenWeb } from "./web.ts";

const express4 = createRequire(import.meta.url)("express4") as typeof express5;

/**
 * An app with a protected route `/api`, whose own handler answers what is refused with this status.
 */
type Misanswering = (own: { readonly sessions: Sessions }, status: number) => Promise<Listening>;

const listenExpress =
  (express: typeof express5): Misanswering =>
  (own, status) => {
    const app = express();
    app.use(inExpress.sessionRoutes(own));
    app.get("/api", inExpress.verifySession(own), (_request, response) => void response.send("ok"));
    app.use((_error: unknown, _request: Request, response: Sending, _next: NextFunction) => {
      response.status(status).send("oops");
    });
    app.use(inExpress.errorHandler(own));
    return listen(app);
  };

const listenNest =
  (createAdapter: () => AbstractHttpAdapter): Misanswering =>
  async (own, status) => {
    class Api {
      answer(): string {
        return "ok";
      }
    }
    const descriptor = Object.getOwnPropertyDescriptor(Api.prototype, "answer")!;
    Get("api")(Api.prototype, "answer", descriptor);
    inNest.VerifySession(own)(Api.prototype, "answer", descriptor);
    Controller()(Api);
    class CatchAll implements ExceptionFilter {
      catch(_error: unknown, host: ArgumentsHost): void {
        const response = host.switchToHttp().getResponse<{ status(code: number): { send(body: string): void } }>();
        response.status(status).send("oops");
      }
    }
    Catch()(CatchAll);
    // oxlint-disable-next-line typescript/no-extraneous-class -- in Nest a module is a class
    class App {}
    Module({ controllers: [Api], imports: [inNest.SessionModule.forRoot(own)] })(App);
    const app = await NestFactory.create(App, createAdapter(), { logger: false });
    app.useGlobalFilters(new CatchAll());
    await app.listen(0, "127.0.0.1");
    const { port } = app.getHttpServer().address() as AddressInfo;
    return { port, close: () => app.close() };
  };

const APPS: Readonly<Record<string, Misanswering>> = {
  "Express 4": listenExpress(express4),
  "Express 5": listenExpress(express5),
  Koa: (own, status) => {
    const app = new Koa();
    app.use(inKoa.sessionRoutes(own));
    app.use(async (context, next) => {
      try {
        await next();
      } catch {
        context.status = status;
        context.body = "oops";
      }
    });
    app.use(inKoa.verifySession(own));
    const answer = app.callback();
    return listen((request, response) => void answer(request, response));
  },
  Fastify: async (own, status) => {
    const app = Fastify();
    await app.register(inFastify.sessionPlugin, own);
    app.register(async (scope) => {
      scope.setErrorHandler((_error, _request, reply) => reply.code(status).send("oops"));
      scope.get("/api", { preHandler: inFastify.verifySession(own) }, () => "ok");
    });
    await app.listen({ port: 0, host: "127.0.0.1" });
    return { port: (app.server.address() as AddressInfo).port, close: () => app.close() };
  },
  Hono: (own, status) => {
    const app = new Hono();
    app.use(inHono.sessionRoutes(own));
    app.get("/api", inHono.verifySession(own), (context) => context.text("ok"));
    app.onError((_error, context) => context.text("oops", status as 500));
    return listenWeb(app.fetch);
  },
  Web: (own, status) =>
    listenWeb(
      onWeb.withSessions(async (request) => {
        try {
          await onWeb.refreshSession(request, own);
          return new Response("ok");
        } catch {
          return new Response("oops", { status });
        }
      }, own),
    ),
  "node:http": (own, status) =>
    listen(
      inNode.withSessions(async (request, response) => {
        try {
          await inNode.refreshSession(request, response, own);
          response.end("ok");
        } catch {
          response.writeHead(status, { "content-type": "text/plain" }).end("oops");
        }
      }, own),
    ),
  "Nest on Express": listenNest(() => new ExpressAdapter()),
  "Nest on Fastify": listenNest(() => new FastifyAdapter() as AbstractHttpAdapter),
};

const warnings = collectWarnings();

async function ask(app: Misanswering, status: number): Promise<number> {
  const sessions = createSessions({ store: memory() });
  const { port, close } = await app({ sessions }, status);
  await fetch(`http://127.0.0.1:${port}/api`);
  const answer = await fetch(`http://127.0.0.1:${port}/api`);
  await close();
  await sessions.close();
  return answer.status;
}

describe.each(Object.entries(APPS))("%s", (_name, app) => {
  test("a refusal that is answered with 500 is told of once, with where ours belongs", async () => {
    expect(await ask(app, 500)).toBe(500);
    const [warning, ...others] = await warnings.read();
    expect(others).toEqual([]);
    expect(warning?.code).toBe("COUNTERFOIL_ERROR_HANDLER");
    expect(warning?.message).toMatch(/\(401 (ACCESS|REFRESH)_TOKEN_MISSING\) was answered with 500/);
    expect(warning?.message).toContain("app.use(errorHandler()) after the routes");
  });

  test.each([401, 403, 404])("one that is answered with %i is the app's own way", async (status) => {
    expect(await ask(app, status)).toBe(status);
    expect(await warnings.codes()).toEqual([]);
  });
});
