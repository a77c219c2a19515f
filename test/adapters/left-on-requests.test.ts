/**
 * What another instance or middleware leaves where an adapter leaves its sessions, beyond the
 * clauses that all adapters share.
 */
// oxlint-disable-next-line import/no-unassigned-import -- Nest wants it so
import "reflect-metadata";
import { AsyncLocalStorage } from "node:async_hooks";
import { inspect } from "node:util";
import type { AddressInfo } from "node:net";
import type { Server } from "node:http";
import { type CanActivate, Controller, type ExecutionContext, Get, Module, UseGuards } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { ExpressAdapter } from "@nestjs/platform-express";
import { createSessions } from "counterfoil";
import { getSession } from "counterfoil/express";
import { sessionRoutes, verifySession } from "counterfoil/hono";
import { memory } from "counterfoil/memory";
import { CurrentSession, type RequestSession } from "counterfoil/nest";
import * as onWeb from "counterfoil/web";
import express from "express";
import { Hono } from "hono";
import { expect, onTestFinished, test } from "vitest";
import { SECRET } from "../fixtures/constants.ts";
import { listen } from "../fixtures/listen.ts";
import { send } from "../http/send.ts";
import { ONE_ROUTE_APPS } from "./one-route-apps.ts";
import { FOREIGN_AUTH } from "./setup.ts";
import { listenWeb } from "./web.ts";

function createInstance(): ReturnType<typeof createSessions> {
  const sessions = createSessions({ store: memory() });
  onTestFinished(() => sessions.close());
  return sessions;
}

test("Express: a check that refuses leaves nothing of others on the request", async () => {
  const sessions = createInstance();
  const app = express();
  app.get("/", (request, response, next) => {
    Object.assign(request, { auth: FOREIGN_AUTH });
    const finding = getSession(request, response, { sessions });
    finding.catch(() => response.json({ left: "auth" in request && request.auth !== undefined })).catch(next);
  });
  const server = await listen(app);
  onTestFinished(() => server.close());
  expect((await send(server.port, { path: "/" })).json()).toEqual({ left: false });
});

test("Hono: a check that refuses leaves nothing of others in the context", async () => {
  const sessions = createInstance();
  const app = new Hono<{ Variables: { auth: unknown } }>();
  app.use(sessionRoutes({ sessions }));
  app.onError((_error, context) => context.json({ left: context.get("auth") !== undefined }));
  app.use(async (context, next) => {
    context.set("auth", FOREIGN_AUTH);
    await next();
  });
  app.get("/", verifySession({ sessions }), (context) => context.json({}));
  const server = await listenWeb(app.fetch);
  onTestFinished(() => server.close());
  expect((await send(server.port, { path: "/" })).json()).toEqual({ left: false });
});

test("Nest: the parameter is undefined where nothing of ours has verified a session", async () => {
  class ForeignGuard implements CanActivate {
    canActivate(context: ExecutionContext): boolean {
      Object.assign(context.switchToHttp().getRequest<object>(), { auth: FOREIGN_AUTH });
      return true;
    }
  }
  class AppController {
    tell(session: RequestSession | undefined): object {
      return { user: session?.getUserId() ?? null };
    }
  }
  const { prototype } = AppController;
  const descriptor = Object.getOwnPropertyDescriptor(prototype, "tell") ?? {};
  CurrentSession()(prototype, "tell", 0);
  UseGuards(new ForeignGuard())(prototype, "tell", descriptor);
  Get("/")(prototype, "tell", descriptor);
  Controller()(AppController);
  // oxlint-disable-next-line typescript/no-extraneous-class -- in Nest a module is a class
  class AppModule {}
  Module({ controllers: [AppController] })(AppModule);
  const app = await NestFactory.create(AppModule, new ExpressAdapter(express()), { logger: false });
  await app.listen(0, "127.0.0.1");
  onTestFinished(() => app.close());
  const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
  expect((await send(port, { path: "/" })).json()).toEqual({ user: null });
});

test.each(Object.entries(ONE_ROUTE_APPS))("%s: a log of the whole request shows no secret", async (_, open) => {
  const sessions = createSessions({ store: memory(), secret: SECRET });
  onTestFinished(() => sessions.close());
  const { accessToken } = await sessions.createNewSession("alice");
  const shown = { depth: Infinity, showHidden: true, maxArrayLength: Infinity, maxStringLength: Infinity } as const;
  const server = await open(sessions, new AsyncLocalStorage(), (session, _url, request) => {
    const log = inspect([request, session], shown) + JSON.stringify(session);
    return String(log.includes("alice") || log.includes(SECRET));
  });
  onTestFinished(() => server.close());
  const cookie = `${sessions.cookieNames.access}=${accessToken.value}`;
  expect(await send(server.port, { path: "/", headers: { cookie } })).toMatchObject({ status: 200, text: "false" });
});

test.each<[name: string, close: (request: globalThis.Request) => globalThis.Request]>([
  ["Object.freeze", Object.freeze],
  ["Object.preventExtensions", Object.preventExtensions],
])("Web: the session of a request after %s", async (_, close) => {
  const sessions = createInstance();
  const { accessToken } = await sessions.createNewSession("alice");
  const web = onWeb.sessionsFor(sessions);
  const handler = web.withSessions(async (request) => {
    const found = [web.findSession(request)];
    found.push(await web.getSession(request), web.findSession(request));
    await web.getSession(request, { antiCsrfCheck: true }).catch(() => found.push(web.findSession(request)));
    return Response.json(found.map((session) => session?.getUserId() ?? null));
  });
  const ask = async (cookie: string): Promise<unknown> =>
    (await handler(close(new Request("http://app.example/", { headers: { cookie } })))).json();
  expect(await ask(`${sessions.cookieNames.access}=${accessToken.value}`)).toEqual([null, "alice", "alice", null]);
  expect(await ask("")).toMatchObject({ message: expect.any(String) });
});
