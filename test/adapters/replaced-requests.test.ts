/**
 * Requests that a middleware has put another one in the place of, on the frameworks that let it.
 */
import { createSessions } from "counterfoil";
import * as inHono from "counterfoil/hono";
import * as inKoa from "counterfoil/koa";
import { memory } from "counterfoil/memory";
import * as onWeb from "counterfoil/web";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import Koa from "koa";
import { text } from "node:stream/consumers";
import { request } from "node:http";
import { expect, onTestFinished, test } from "vitest";
import { listen, type Listening } from "../fixtures/listen.ts";
import { send, sessionCookiesOf } from "../http/send.ts";
import { toRawResponse } from "../../src/lib/testing/http/raw-request.ts";
import { listenWeb } from "./web.ts";

function createInstance(): ReturnType<typeof createSessions> {
  const sessions = createSessions({ store: memory() });
  onTestFinished(() => sessions.close());
  return sessions;
}

async function started(listening: Promise<Listening>): Promise<number> {
  const server = await listening;
  onTestFinished(() => server.close());
  return server.port;
}

/**
 * A body whose length nobody knows before, which makes `bodyLimit()` read it and replace the
 * request.
 */
const sendChunked = (port: number, path: string): Promise<ReturnType<typeof toRawResponse>> =>
  new Promise((resolve, reject) => {
    const outgoing = request({ host: "127.0.0.1", port, method: "POST", path, agent: false }, (incoming) => {
      const { statusCode = 0, rawHeaders } = incoming;
      text(incoming).then((read) => resolve(toRawResponse(statusCode, rawHeaders, read)), reject);
    });
    outgoing.on("error", reject);
    outgoing.write('{"a":');
    outgoing.end("1}");
  });

test("Hono: a request that bodyLimit() replaces is still known", async () => {
  const sessions = createInstance();
  const app = new Hono();
  app.use(inHono.sessionRoutes({ sessions }));
  app.onError((error, context) => context.text(String(error), 500));
  app.use(bodyLimit({ maxSize: 1000 }));
  app.post("/login", async (context) => {
    await inHono.createNewSession(context, "alice", { sessions });
    return context.json(await context.req.json<object>());
  });
  app.post("/maybe", inHono.verifySession({ sessions, sessionRequired: false }), (context) =>
    context.json({ user: inHono.findSession(context)?.getUserId() ?? null }),
  );
  const port = await started(listenWeb(app.fetch));
  const signedIn = await sendChunked(port, "/login");
  expect([signedIn.status, signedIn.text, Object.keys(sessionCookiesOf(signedIn)).length]).toEqual([200, '{"a":1}', 3]);
  expect((await sendChunked(port, "/maybe")).text).toBe('{"user":null}');
  // A length that is known: the request stays as it is.
  expect((await send(port, { method: "POST", path: "/login", body: "{}" })).status).toBe(200);
});

test("Koa: a request that a middleware replaces is as good as the first", async () => {
  const sessions = createInstance();
  const app = new Koa();
  app.use(inKoa.sessionRoutes({ sessions }));
  app.use(async (context, next) => {
    context.req = Object.create(context.req) as typeof context.req;
    await next();
  });
  app.use(async (context) => {
    await inKoa.createNewSession(context, "alice", { sessions });
    context.body = { ok: true };
  });
  const answer = app.callback();
  const port = await started(listen((incoming, response) => void answer(incoming, response)));
  expect(Object.keys(sessionCookiesOf(await send(port, { method: "POST", path: "/login" }))).length).toBe(3);
});

test("Web: verifySession takes a copy of a request as one of its own, and the others say what they need", async () => {
  const sessions = createInstance();
  const check = onWeb.verifySession((_request, session) => Response.json({ user: session?.getUserId() ?? null }), {
    sessions,
    sessionRequired: false,
  });
  const port = await started(
    listenWeb(
      onWeb.withSessions(
        async (given) => {
          const copy = new Request(given);
          if (new URL(given.url).pathname === "/maybe") return check(copy);
          return Response.json({
            said: await onWeb.createNewSession(copy, "alice", { sessions }).catch((error: unknown) => String(error)),
          });
        },
        { sessions },
      ),
    ),
  );
  expect((await send(port, { path: "/maybe" })).json()).toEqual({ user: null });
  const { said } = (await send(port, { path: "/login" })).json() as { said: string };
  expect(said).toContain("pass on the very request that it gives");
});
