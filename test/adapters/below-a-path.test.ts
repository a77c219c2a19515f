/**
 * An app that its framework mounts below a path: with the base path it works, and without it the
 * process is told.
 */
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { type CounterfoilConfig, createSessions, type Sessions } from "counterfoil";
import * as inExpress from "counterfoil/express";
import * as inFastify from "counterfoil/fastify";
import * as inHono from "counterfoil/hono";
import * as inKoa from "counterfoil/koa";
import { memory } from "counterfoil/memory";
import * as inNest from "counterfoil/nest";
import { Controller, Get, Module, Post, Req, Res } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { ExpressAdapter } from "@nestjs/platform-express";
import express5, { type Request } from "express";
import Fastify, { type FastifyInstance } from "fastify";
import { Hono } from "hono";
import Koa, { type Middleware } from "koa";
import { describe, expect, test } from "vitest";
import { listen, type Listening } from "../fixtures/listen.ts";
import { collectWarnings } from "../fixtures/warnings.ts";
import { createBrowserJar } from "../http/browser-jar.ts";
import { type RawResponse, send } from "../http/send.ts";
import { listenWeb } from "./web.ts";

const express4 = createRequire(import.meta.url)("express4") as typeof express5;
const PAGE = { page: true, sessionRequired: false } as const;

type Own = { readonly sessions: Sessions };
/** Below `/shop` are the ready routes, `/login`, and `/notes`, a page that names its user. */
type Mounting = (own: Own) => Promise<Listening>;

const inAnyExpress =
  (express: typeof express5): Mounting =>
  (own) => {
    const shop = express.Router();
    shop.use(inExpress.sessionRoutes(own));
    shop.post("/login", (request, response, next) => {
      inExpress.createNewSession(request, response, "alice", own).then(() => response.send("ok"), next);
    });
    shop.get("/notes", inExpress.verifySession({ ...own, ...PAGE }), (request: Request, response) => {
      response.send(String(inExpress.sessionOf(request).getUserId()));
    });
    shop.use(inExpress.errorHandler(own));
    return listen(express().use("/shop", shop));
  };

function shopOfHono(own: Own): Hono {
  const shop = new Hono();
  shop.use(inHono.sessionRoutes(own));
  shop.onError(inHono.errorHandler(own));
  shop.post("/login", async (context) => {
    await inHono.createNewSession(context, "alice", own);
    return context.text("ok");
  });
  shop.get("/notes", inHono.verifySession({ ...own, ...PAGE }), (context) =>
    context.text(String(inHono.sessionOf(context).getUserId())),
  );
  return shop;
}

/** As koa-mount does it: what is mounted sees its own path, and `originalUrl` stays. */
const mountInKoa = (prefix: string, mounted: readonly Middleware[]): Middleware[] =>
  mounted.map((middleware) => async (context, next) => {
    if (!context.path.startsWith(`${prefix}/`)) return next();
    const whole = context.path;
    context.path = whole.slice(prefix.length);
    await middleware(context, async () => {
      context.path = whole;
      await next();
      context.path = whole.slice(prefix.length);
    });
    context.path = whole;
  });

function addFastifyRoutes(scope: FastifyInstance, own: Own): void {
  scope.post("/login", async (request, reply) => {
    await inFastify.createNewSession(request, reply, "alice", own);
    return "ok";
  });
  scope.get("/notes", { preHandler: inFastify.verifySession({ ...own, ...PAGE }) }, async (request) =>
    String(inFastify.sessionOf(request).getUserId()),
  );
}

async function listenFastify(app: FastifyInstance): Promise<Listening> {
  await app.listen({ port: 0, host: "127.0.0.1" });
  return { port: (app.server.address() as AddressInfo).port, close: () => app.close() };
}

function controllerOf(own: Own): new () => object {
  class Shop {
    async login(request: inNest.PlatformRequest, response: inNest.PlatformResponse): Promise<string> {
      await inNest.createNewSession(request, response, "alice", own);
      return "ok";
    }
    notes(request: inNest.PlatformRequest): string {
      return String(inNest.sessionOf(request).getUserId());
    }
  }
  // Applied as functions, because Node's type stripping knows no decorators.
  const apply = (name: "login" | "notes", ...decorators: readonly MethodDecorator[]): void => {
    const property = Object.getOwnPropertyDescriptor(Shop.prototype, name)!;
    for (const decorate of decorators) decorate(Shop.prototype, name, property);
  };
  Req()(Shop.prototype, "login", 0);
  Res({ passthrough: true })(Shop.prototype, "login", 1);
  Req()(Shop.prototype, "notes", 0);
  apply("login", Post("login"));
  apply("notes", Get("notes"), inNest.VerifySession({ ...own, ...PAGE }));
  Controller()(Shop);
  return Shop;
}

const MOUNTINGS = {
  "Express 4, app.use(path, router)": inAnyExpress(express4),
  "Express 5, app.use(path, router)": inAnyExpress(express5),
  "Koa, mounted": (own) => {
    const app = new Koa();
    const shop: Middleware[] = [
      inKoa.sessionRoutes(own),
      async (context, next) => {
        if (context.path !== "/login") return next();
        await inKoa.createNewSession(context, "alice", own);
        context.body = "ok";
      },
      async (context, next) => {
        if (context.path !== "/notes") return next();
        await inKoa.verifySession({ ...own, ...PAGE })(context, async () => undefined);
        context.body = String(inKoa.sessionOf(context).getUserId());
      },
    ];
    for (const middleware of mountInKoa("/shop", shop)) app.use(middleware);
    const answer = app.callback();
    return listen((request, response) => void answer(request, response));
  },
  "Hono, app.route(path, app)": (own) => listenWeb(new Hono().route("/shop", shopOfHono(own)).fetch),
  "Hono, app.mount(path, fetch)": (own) => listenWeb(new Hono().mount("/shop", shopOfHono(own).fetch).fetch),
  "Fastify, routes with a prefix": async (own) => {
    const app = Fastify();
    await app.register(inFastify.sessionPlugin, own);
    await app.register(async (scope) => addFastifyRoutes(scope, own), { prefix: "/shop" });
    return listenFastify(app);
  },
  "NestJS, a global prefix": async (own) => {
    // oxlint-disable-next-line typescript/no-extraneous-class -- in Nest a module is a class
    class Root {}
    Module({ imports: [inNest.SessionModule.forRoot(own)], controllers: [controllerOf(own)] })(Root);
    const app = await NestFactory.create(Root, new ExpressAdapter(), { logger: false });
    app.setGlobalPrefix("shop");
    await app.listen(0, "127.0.0.1");
    return { port: (app.getHttpServer().address() as AddressInfo).port, close: () => app.close() };
  },
} satisfies Readonly<Record<string, Mounting>>;

const warnings = collectWarnings();
const LOAD = { "sec-fetch-mode": "navigate", "sec-fetch-dest": "document", accept: "text/html" };

async function openVisit(mounting: Mounting, config: CounterfoilConfig) {
  let now = Date.now();
  const sessions = createSessions({ ...config, store: memory(), clock: () => now });
  const { port, close } = await mounting({ sessions });
  const jar = createBrowserJar("shop.example");
  return {
    async ask(method: string, path: string, headers = {}): Promise<RawResponse> {
      const cookie = jar.header(path.replace(/\?.*/, ""));
      const answer = await send(port, { method, path, headers: { host: "shop.example", cookie, ...headers } });
      jar.take(answer);
      return answer;
    },
    expire: () => void (now += 15 * 60_000),
    async [Symbol.asyncDispose]() {
      await close();
      await sessions.close();
    },
  };
}

describe.each(Object.entries(MOUNTINGS))("%s", (_name, mounting) => {
  test("with http.basePath: refresh, page and sign-out work, and nothing is told", async () => {
    await using visit = await openVisit(mounting, { http: { basePath: "/shop" } });
    expect((await visit.ask("POST", "/shop/login")).text).toBe("ok");
    visit.expire();
    expect((await visit.ask("POST", "/shop/session/refresh")).status).toBe(200);
    visit.expire();
    const trail: (string | undefined)[] = [];
    let answer = await visit.ask("GET", "/shop/notes", LOAD);
    for (let to = answer.header("location"); to !== undefined; to = answer.header("location")) {
      trail.push(to.replace(/\?.*/, ""));
      answer = await visit.ask("GET", to, LOAD);
    }
    expect(trail).toEqual(["/shop/session/refresh", "/shop/notes", "/shop/notes"]);
    expect(answer.text).toBe("alice");
    expect((await visit.ask("POST", "/shop/session/signout")).status).toBe(200);
    expect(await warnings.codes()).toEqual([]);
  });
});

// The prefix of `app.mount` is gone when the app sees the request, as behind a proxy that strips
// it.
const { "Hono, app.mount(path, fetch)": stripping, ...seeing } = MOUNTINGS;

test.each(Object.entries(seeing))(
  "%s, without it: the process is told once which line to write",
  async (_, mounting) => {
    await using visit = await openVisit(mounting, {});
    await visit.ask("POST", "/shop/login");
    for (let count = 0; count < 2; count += 1)
      expect((await visit.ask("POST", "/shop/session/refresh")).status).toBe(404);
    const [warning, ...others] = await warnings.read();
    expect([warning?.code, others]).toEqual(["COUNTERFOIL_MOUNTED_BELOW", []]);
    expect(warning?.message).toContain('http: { basePath: "/shop" }');
  },
);

test("Hono, app.mount without it: the process is told of the cookie's path", async () => {
  await using visit = await openVisit(stripping, {});
  await visit.ask("POST", "/shop/login");
  expect((await visit.ask("POST", "/shop/session/refresh")).status).toBe(401);
  expect(await warnings.codes()).toEqual(["COUNTERFOIL_COOKIE_PATH"]);
});

test("Fastify, the plugin registered with a prefix: the process is told to register it at the root", async () => {
  const mounting: Mounting = async (own) => {
    const app = Fastify();
    const scope = async (child: FastifyInstance): Promise<void> => {
      await child.register(inFastify.sessionPlugin, own);
      addFastifyRoutes(child, own);
    };
    await app.register(scope, { prefix: "/shop" });
    return listenFastify(app);
  };
  await using visit = await openVisit(mounting, { http: { basePath: "/shop" } });
  await visit.ask("POST", "/shop/login");
  expect((await visit.ask("POST", "/shop/session/refresh")).status).toBe(404);
  const [warning] = await warnings.read();
  expect(warning?.code).toBe("COUNTERFOIL_ROUTES_NOT_REACHED");
  expect(warning?.message).toContain("at the root of the app");
});
