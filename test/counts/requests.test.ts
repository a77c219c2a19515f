/**
 * What a request costs whose token this process has seen before, in what Node makes for it. Times
 * are for the bench; a count is the same on every machine.
 */
import type { AddressInfo } from "node:net";
import { type CounterfoilConfig, createSessions, type Sessions } from "counterfoil";
import * as inExpress from "counterfoil/express";
import * as inFastify from "counterfoil/fastify";
import { memory } from "counterfoil/memory";
import * as inNode from "counterfoil/node";
import express from "express";
import Fastify from "fastify";
import { describe, expect, onTestFinished, test } from "vitest";
import { type Listening, listen } from "../fixtures/listen.ts";
import { send } from "../http/send.ts";
import { createCounter, type Resources } from "./resources.ts";

type Counter = ReturnType<typeof createCounter>;
/** An app that counts from before the ready routes to its own route. */
type Open = (sessions: Sessions, counter: Counter, told: (made: Resources) => void) => Promise<Listening>;

const ADAPTERS: Readonly<Record<string, { readonly open: Open; readonly made: Partial<Resources> }>> = {
  "Express 5": {
    made: { promises: 0, timers: 0, others: 0 },
    open(sessions, counter, told) {
      const { sessionRoutes, verifySession, sessionOf } = inExpress.sessionsFor(sessions);
      const app = express();
      app.use((_request, _response, next) => {
        counter.start();
        next();
      });
      app.use(sessionRoutes());
      app.post("/", verifySession(), (request, response) => {
        sessionOf(request).getUserId();
        told(counter.stop());
        response.end();
      });
      return listen(app);
    },
  },
  "Fastify 5": {
    made: { promises: 0, timers: 0, others: 0 },
    async open(sessions, counter, told) {
      const { sessionPlugin, verifySession, sessionOf } = inFastify.sessionsFor(sessions);
      const app = Fastify();
      app.addHook("onRequest", (_request, _reply, done) => {
        counter.start();
        done();
      });
      await app.register(sessionPlugin);
      // Before Fastify waits for the body.
      app.post(
        "/",
        {
          onRequest: verifySession(),
          preParsing: (request, _reply, _payload, done) => {
            sessionOf(request).getUserId();
            told(counter.stop());
            done(null);
          },
        },
        (_request, reply) => {
          reply.send();
        },
      );
      await app.listen({ port: 0, host: "127.0.0.1" });
      return { port: (app.server.address() as AddressInfo).port, close: () => app.close() };
    },
  },
  "node:http": {
    // Two are the app's: its async function, and that it awaits.
    made: { promises: 4, timers: 0 },
    open(sessions, counter, told) {
      const { withSessions, getSession } = inNode.sessionsFor(sessions);
      const handler = withSessions(async (request, response) => {
        (await getSession(request, response)).getUserId();
        told(counter.stop());
        response.end();
      });
      return listen((request, response) => {
        counter.start();
        handler(request, response);
      });
    },
  },
};

async function countOne(open: Open, config: CounterfoilConfig = {}): Promise<Resources> {
  const sessions = createSessions({ store: memory(), ...config });
  onTestFinished(() => sessions.close());
  const { accessToken, antiCsrfToken = "" } = await sessions.createNewSession("alice");
  const counts: Resources[] = [];
  const server = await open(sessions, createCounter(), (made) => counts.push(made));
  onTestFinished(() => server.close());
  const headers = {
    cookie: `${sessions.cookieNames.access}=${accessToken.value}`,
    "anti-csrf": antiCsrfToken,
    "sec-fetch-site": "same-origin",
    origin: "https://app.example",
  };
  for (let request = 0; request < 3; request += 1)
    expect(await send(server.port, { method: "POST", path: "/", headers })).toMatchObject({ status: 200 });
  expect(counts).toHaveLength(3);
  // The first sees the token for the first time, and code that is not warm yet.
  const last = counts.at(-1);
  if (last === undefined) expect.fail("nothing was counted");
  return last;
}

describe.each(Object.entries(ADAPTERS))("%s", (_name, { open, made }) => {
  test("this is made that somebody waits for, and no more", async () => {
    expect(await countOne(open)).toMatchObject(made);
  });

  test("and no more with the feed, while its position is fresh", async () => {
    const accessToken = { revocation: "feed", feed: { bound: "1m" } } as const;
    expect(await countOne(open, { tokens: { accessToken } })).toMatchObject(made);
  });
});

test("one promise on the way is seen", async () => {
  const planted: Open = (sessions, counter, told) => {
    const { verifySession } = inExpress.sessionsFor(sessions);
    const verify = verifySession();
    const app = express();
    app.post("/", (request, response) => {
      counter.start();
      // What a middleware that is an async function costs.
      void (async () => verify(request, response, () => undefined))();
      told(counter.stop());
      response.end();
    });
    return listen(app);
  };
  expect(await countOne(planted)).toMatchObject({ promises: 1 });
});
