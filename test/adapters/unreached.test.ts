/**
 * A refresh that never comes to the ready routes: another handler takes it, or they are not
 * mounted.
 */
import { createRequire } from "node:module";
import { createSessions, type Sessions } from "counterfoil";
import * as inExpress from "counterfoil/express";
import * as inFastify from "counterfoil/fastify";
import * as inHono from "counterfoil/hono";
import * as inKoa from "counterfoil/koa";
import { memory } from "counterfoil/memory";
import * as inNode from "counterfoil/node";
import express5, { type Request } from "express";
import Fastify from "fastify";
import { Hono } from "hono";
import Koa from "koa";
import type { AddressInfo } from "node:net";
import { describe, expect, test } from "vitest";
import { listen, type Listening } from "../fixtures/listen.ts";
import { collectWarnings } from "../fixtures/warnings.ts";
import { listenWeb } from "./web.ts";

const express4 = createRequire(import.meta.url)("express4") as typeof express5;

type Own = { readonly sessions: Sessions };
/** `/login` signs in, and what is asked below `/session` is answered with 404. */
type Taking = (own: Own) => Promise<Listening>;

const behindExpress =
  (express: typeof express5): Taking =>
  (own) => {
    const app = express();
    app.use("/session", (_request, response) => void response.status(404).send("no such thing"));
    app.use(inExpress.sessionRoutes(own));
    app.post("/login", (request, response, next) => {
      inExpress.createNewSession(request, response, "alice", own).then(() => response.send("ok"), next);
    });
    return listen(app);
  };

const APPS: Readonly<Record<string, Taking>> = {
  "Express 4, behind a handler": behindExpress(express4),
  "Express 5, behind a handler": behindExpress(express5),
  "Express 5, below a path": (own) => {
    const app = express5();
    app.use("/keep", inExpress.sessionRoutes(own));
    app.post("/login", async (request: Request, response) => {
      await inExpress.createNewSession(request, response, "alice", own);
      response.send("ok");
    });
    return listen(app);
  },
  "Koa, behind a handler": (own) => {
    const app = new Koa();
    app.use(async (context, next) => {
      if (context.path.startsWith("/session")) context.status = 404;
      else await next();
    });
    app.use(inKoa.sessionRoutes(own));
    app.use(async (context) => {
      await inKoa.createNewSession(context, "alice", own);
      context.body = "ok";
    });
    const answer = app.callback();
    return listen((request, response) => void answer(request, response));
  },
  "Fastify, without the plugin": async (own) => {
    const app = Fastify();
    app.post("/login", async (request, reply) => {
      await inFastify.createNewSession(request, reply, "alice", own);
      return "ok";
    });
    await app.listen({ port: 0, host: "127.0.0.1" });
    return { port: (app.server.address() as AddressInfo).port, close: () => app.close() };
  },
  "Hono, behind a handler": (own) => {
    const app = new Hono();
    app.all("/session/*", (context) => context.notFound());
    app.use(inHono.sessionRoutes(own));
    app.post("/login", async (context) => {
      await inHono.createNewSession(context, "alice", own);
      return context.text("ok");
    });
    return listenWeb(app.fetch);
  },
  "node:http, without withSessions": (own) =>
    listen((request, response) => {
      if (request.url !== "/login") return void response.writeHead(404).end();
      void inNode.createNewSession(request, response, "alice", own).then(() => response.end("ok"));
    }),
};

const warnings = collectWarnings();

const post = (port: number, path: string): Promise<Response> =>
  fetch(`http://127.0.0.1:${port}${path}`, { method: "POST" });

describe.each(Object.entries(APPS))("%s", (_name, app) => {
  test("the refresh that is answered with 404 is told of once", async () => {
    const sessions = createSessions({ store: memory() });
    const { port, close } = await app({ sessions });
    expect((await post(port, "/login")).status).toBe(200);
    expect((await post(port, "/session/other")).status).toBe(404);
    expect(await warnings.codes()).toEqual([]);
    for (let count = 0; count < 2; count += 1) expect((await post(port, "/session/refresh")).status).toBe(404);
    const [warning, ...others] = await warnings.read();
    expect(others).toEqual([]);
    expect(warning?.code).toBe("COUNTERFOIL_ROUTES_NOT_REACHED");
    expect(warning?.message).toContain('POST "/session/refresh" was answered with 404');
    expect(warning?.message).toContain("app.use(sessionRoutes())");
    await sessions.close();
    await post(port, "/session/refresh");
    expect(await warnings.codes()).toHaveLength(1);
    await close();
  });
});

test("verifySession() before sessionRoutes() is told of", async () => {
  const sessions = createSessions({ store: memory() });
  const app = express5();
  app.use(inExpress.verifySession({ sessions }), inExpress.sessionRoutes({ sessions }));
  app.use(inExpress.errorHandler({ sessions }));
  const { port, close } = await listen(app);
  expect((await post(port, "/session/refresh")).status).toBe(401);
  const told = await warnings.read();
  expect(told.map(({ code }) => code)).toEqual(["COUNTERFOIL_ROUTES_NOT_REACHED"]);
  expect(told[0]?.message).toContain("was refused by verifySession()");
  await close();
  await sessions.close();
});

test("a closed instance listens to no server any more", async () => {
  const { hasSubscribers } = process.getBuiltinModule("node:diagnostics_channel");
  const sessions = createSessions({ store: memory() });
  const { port, close } = await behindExpress(express5)({ sessions });
  await post(port, "/login");
  expect(hasSubscribers("http.server.response.finish")).toBe(true);
  await sessions.close();
  expect(hasSubscribers("http.server.response.finish")).toBe(false);
  await close();
});
