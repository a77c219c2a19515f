/**
 * One app for each adapter, whose functions are bound to instances and to nothing else: there is no
 * default instance.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Server } from "node:http";
import { Controller, Get, Module, Post, Req, Res } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { ExpressAdapter } from "@nestjs/platform-express";
import { AuthError, type Sessions } from "counterfoil";
import * as inExpress from "counterfoil/express";
import * as inFastify from "counterfoil/fastify";
import * as inHono from "counterfoil/hono";
import * as inKoa from "counterfoil/koa";
import * as inNest from "counterfoil/nest";
import * as inNode from "counterfoil/node";
import * as onWeb from "counterfoil/web";
import express, { type NextFunction, type Request as ExpressRequest, type Response as ExpressResponse } from "express";
import Fastify from "fastify";
import { Hono } from "hono";
import Koa, { type Middleware } from "koa";
import { listen, type Listening } from "../fixtures/listen.ts";
import { listenWeb } from "./web.ts";

export interface Claims {
  readonly role: string;
}
type Typed = Sessions<Claims, unknown, string>;
/** Two instances, whose cookies have names of their own. */
export interface Pair {
  readonly one: Typed;
  readonly two: Typed;
}

const ROLE = { jwtPayload: { role: "admin" } };
const OPTIONAL = { sessionRequired: false } as const;

interface Found {
  getUserId(): string;
  getJWTPayload(): Claims;
}
/** `/me`: user and role, with the app's types. */
const tell = (session: Found): object => ({ user: session.getUserId(), role: session.getJWTPayload().role });
/** `/both`: what each of the two instances has found. */
const tellBoth = (one: Found, two: Found | undefined): object => ({
  one: one.getUserId(),
  two: two?.getUserId() ?? null,
});
const codeOf = (error: unknown): object => ({ code: AuthError.isErrorFromAuth(error) ? error.code : String(error) });

function inApp({ one, two }: Pair): Promise<Listening> {
  const { createNewSession, errorHandler, sessionOf, sessionRoutes, verifySession } = inExpress.sessionsFor(one);
  const other = inExpress.sessionsFor(two);
  const app = express();
  app.use(sessionRoutes());
  app.post("/login", async (request, response) => {
    await createNewSession(request, response, "alice", ROLE);
    response.json({});
  });
  app.get("/me", verifySession(), (request, response) => void response.json(tell(sessionOf(request))));
  app.get("/bare", (request, response) => void response.json(tell(sessionOf(request))));
  app.get("/both", verifySession(), other.verifySession(OPTIONAL), (request, response) => {
    response.json(tellBoth(sessionOf(request), other.findSession(request)));
  });
  app.get("/wrong", verifySession(), (request, response) => void response.json(tell(other.sessionOf(request))));
  app.use(errorHandler());
  app.use((error: unknown, _request: ExpressRequest, response: ExpressResponse, _next: NextFunction) => {
    response.status(500).json(codeOf(error));
  });
  return listen(app);
}

async function inPlugin({ one, two }: Pair): Promise<Listening> {
  const { createNewSession, sessionOf, sessionPlugin, verifySession } = inFastify.sessionsFor(one);
  const other = inFastify.sessionsFor(two);
  const app = Fastify();
  await app.register(sessionPlugin, { onError: (error, _request, reply) => reply.code(500).send(codeOf(error)) });
  app.post("/login", async (request, reply) => {
    await createNewSession(request, reply, "alice", ROLE);
    return {};
  });
  app.get("/me", { preHandler: verifySession() }, async (request) => tell(sessionOf(request)));
  app.get("/bare", async (request) => tell(sessionOf(request)));
  app.get("/both", { preHandler: [verifySession(), other.verifySession(OPTIONAL)] }, async (request) =>
    tellBoth(sessionOf(request), other.findSession(request)),
  );
  app.get("/wrong", { preHandler: verifySession() }, async (request) => tell(other.sessionOf(request)));
  await app.listen({ port: 0, host: "127.0.0.1" });
  return { port: (app.server.address() as AddressInfo).port, close: () => app.close() };
}

function inContext({ one, two }: Pair): Promise<Listening> {
  const { createNewSession, errorHandler, sessionOf, sessionRoutes, verifySession } = inHono.sessionsFor(one);
  const other = inHono.sessionsFor(two);
  const app = new Hono();
  app.use(sessionRoutes());
  app.onError(errorHandler((error, context) => context.json(codeOf(error), 500)));
  app.post("/login", async (context) => {
    await createNewSession(context, "alice", ROLE);
    return context.json({});
  });
  app.get("/me", verifySession(), (context) => context.json(tell(sessionOf(context))));
  app.get("/bare", (context) => context.json(tell(sessionOf(context))));
  app.get("/both", verifySession(), other.verifySession(OPTIONAL), (context) =>
    context.json(tellBoth(sessionOf(context), other.findSession(context))),
  );
  app.get("/wrong", verifySession(), (context) => context.json(tell(other.sessionOf(context))));
  return listenWeb(app.fetch);
}

function inMiddleware({ one, two }: Pair): Promise<Listening> {
  const { createNewSession, sessionOf, sessionRoutes, verifySession } = inKoa.sessionsFor(one);
  const other = inKoa.sessionsFor(two);
  const app = new Koa();
  const on = (path: string, work: Middleware): void =>
    void app.use((context, next) => (context.path === path ? work(context, next) : next()));
  const nothing = async (): Promise<void> => undefined;
  app.use(async (context, next) => {
    try {
      await next();
    } catch (error) {
      context.status = 500;
      context.body = codeOf(error);
    }
  });
  app.use(sessionRoutes());
  on("/login", async (context) => {
    await createNewSession(context, "alice", ROLE);
    context.body = {};
  });
  on("/bare", (context) => {
    context.body = tell(sessionOf(context));
  });
  app.use(verifySession());
  on("/me", (context) => {
    context.body = tell(sessionOf(context));
  });
  on("/both", async (context) => {
    await other.verifySession(OPTIONAL)(context, nothing);
    context.body = tellBoth(sessionOf(context), other.findSession(context));
  });
  on("/wrong", (context) => {
    context.body = tell(other.sessionOf(context));
  });
  const answer = app.callback();
  return listen((request, response) => void answer(request, response));
}

function inListener({ one, two }: Pair): Promise<Listening> {
  const { createNewSession, getSession, sessionOf, withSessions } = inNode.sessionsFor(one);
  const other = inNode.sessionsFor(two);
  const routes: Readonly<Record<string, (request: IncomingMessage, response: ServerResponse) => Promise<object>>> = {
    async "/login"(request, response) {
      await createNewSession(request, response, "alice", ROLE);
      return {};
    },
    "/me": async (request, response) => tell(await getSession(request, response)),
    "/bare": async (request) => tell(sessionOf(request)),
    async "/both"(request, response) {
      await getSession(request, response);
      await other.getSession(request, response, OPTIONAL);
      return tellBoth(sessionOf(request), other.findSession(request));
    },
    async "/wrong"(request, response) {
      await getSession(request, response);
      return tell(other.sessionOf(request));
    },
  };
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    response.end(JSON.stringify(await routes[request.url ?? ""]?.(request, response)));
  };
  const onError = (error: unknown, _request: IncomingMessage, response: ServerResponse): void => {
    response.writeHead(500).end(JSON.stringify(codeOf(error)));
  };
  return listen(withSessions(answer, { onError }));
}

function inFetch({ one, two }: Pair): Promise<Listening> {
  const { createNewSession, getSession, sessionOf, verifySession, withSessions } = onWeb.sessionsFor(one);
  const other = onWeb.sessionsFor(two);
  const routes: Readonly<Record<string, (request: Request) => Promise<Response>>> = {
    async "/login"(request) {
      await createNewSession(request, "alice", ROLE);
      return Response.json({});
    },
    "/me": verifySession((_request, session) => Response.json(tell(session))),
    "/bare": async (request) => Response.json(tell(sessionOf(request))),
    async "/both"(request) {
      await getSession(request);
      await other.getSession(request, OPTIONAL);
      return Response.json(tellBoth(sessionOf(request), other.findSession(request)));
    },
    "/wrong": verifySession((request) => Response.json(tell(other.sessionOf(request)))),
  };
  const handler = withSessions((request) => routes[new URL(request.url).pathname]?.(request) ?? new Response());
  return listenWeb((request) =>
    handler(request).catch((error: unknown) => Response.json(codeOf(error), { status: 500 })),
  );
}

async function inModule({ one, two }: Pair): Promise<Listening> {
  const { createNewSession, forRoot, sessionOf, VerifySession } = inNest.sessionsFor(one);
  const other = inNest.sessionsFor(two);
  class AppController {
    async login(request: inNest.PlatformRequest, response: inNest.PlatformResponse): Promise<object> {
      await createNewSession(request, response, "alice", ROLE);
      return {};
    }
    me = (request: inNest.PlatformRequest): object => tell(sessionOf(request));
    bare(request: inNest.PlatformRequest): object {
      try {
        return this.me(request);
      } catch (error) {
        return codeOf(error);
      }
    }
    own(request: inNest.PlatformRequest): object {
      return this.me(request);
    }
    both(request: inNest.PlatformRequest): object {
      return tellBoth(sessionOf(request), other.findSession(request));
    }
    wrong(request: inNest.PlatformRequest): object {
      try {
        return tell(other.sessionOf(request));
      } catch (error) {
        return codeOf(error);
      }
    }
  }
  const { prototype } = AppController;
  // Applied as functions, because Node's type stripping knows no decorators.
  const apply = (
    name: "login" | "own" | "bare" | "both" | "wrong",
    ...decorators: readonly MethodDecorator[]
  ): void => {
    Req()(prototype, name, 0);
    for (const decorate of decorators)
      decorate(prototype, name, Object.getOwnPropertyDescriptor(prototype, name) ?? {});
  };
  Res({ passthrough: true })(prototype, "login", 1);
  apply("login", Post("login"));
  apply("own", Get("me"), VerifySession());
  apply("bare", Get("bare"));
  apply("both", Get("both"), other.VerifySession(OPTIONAL), VerifySession());
  apply("wrong", Get("wrong"), VerifySession());
  Controller()(AppController);
  // oxlint-disable-next-line typescript/no-extraneous-class -- in Nest a module is a class
  class AppModule {}
  Module({ imports: [forRoot()], controllers: [AppController] })(AppModule);
  const app = await NestFactory.create(AppModule, new ExpressAdapter(express()), { logger: false });
  await app.listen(0, "127.0.0.1");
  return { port: ((app.getHttpServer() as Server).address() as AddressInfo).port, close: () => app.close() };
}

export const BOUND_APPS: readonly (readonly [name: string, listen: (pair: Pair) => Promise<Listening>])[] = [
  ["Express", inApp],
  ["Fastify", inPlugin],
  ["Hono", inContext],
  ["Koa", inMiddleware],
  ["node:http", inListener],
  ["Web", inFetch],
  ["Nest", inModule],
];
