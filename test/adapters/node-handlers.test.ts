/**
 * What a listener of `node:http` throws ends the process. So `withSessions` throws nothing: not for
 * what a handler returns, and not where a response cannot be written.
 */
import type { ServerResponse } from "node:http";
import { createSessions, type UserId } from "counterfoil";
import { memory } from "counterfoil/memory";
import { type BoundSessions, type Handler, sessionsFor } from "counterfoil/node";
import { expect, onTestFinished, test } from "vitest";
import { listen } from "../fixtures/listen.ts";
import { send } from "../http/send.ts";

type Prepare = (response: ServerResponse) => void;

/** The status and text of the response to a request for `path`, and what the listener threw. */
async function ask(
  create: (bound: BoundSessions<unknown, unknown, UserId>) => Handler,
  path = "/",
  prepare: Prepare = () => undefined,
): Promise<readonly unknown[]> {
  const sessions = createSessions({ store: memory() });
  onTestFinished(() => sessions.close());
  await sessions.ready();
  const bound = sessionsFor(sessions);
  const listener = bound.withSessions(create(bound), {
    onError(error, _request, response) {
      response.statusCode = 418;
      response.end(String(error));
    },
  });
  const thrown: unknown[] = [];
  const server = await listen((request, response) => {
    prepare(response);
    try {
      listener(request, response);
    } catch (error) {
      thrown.push(error);
      response.end();
    }
  });
  onTestFinished(() => server.close());
  const { status, text } = await send(server.port, { path });
  return [status, text, ...thrown];
}

const ERROR = new Error("from the handler");
type Settle = (value?: unknown) => void;

// oxlint-disable unicorn/no-thenable -- what is tested
const THENABLES: Readonly<Record<string, object>> = {
  "whose then returns nothing": {
    then(_done: Settle, failed: Settle) {
      failed(ERROR);
    },
  },
  "whose then returns one without catch": {
    then(_done: Settle, failed: Settle) {
      failed(ERROR);
      return { then: () => undefined };
    },
  },
  "whose then throws": {
    then() {
      throw ERROR;
    },
  },
  "whose then cannot be read": {
    get then() {
      throw ERROR;
    },
  },
};
// oxlint-enable unicorn/no-thenable

test.each(Object.entries(THENABLES))("a handler may return an object %s", async (_, thenable) => {
  expect(await ask(() => () => thenable)).toEqual([418, String(ERROR)]);
});

/** Breaks a response where an answer of ours is written. */
const breakResponse: Prepare = (response) => {
  const setHeader = response.setHeader.bind(response);
  response.setHeader = (name, value) => {
    if (name === "content-length") throw ERROR;
    return setHeader(name, value);
  };
};

test("a ready route that cannot be answered is left to onError", async () => {
  expect(await ask(() => () => "is not asked", "/session/signout", breakResponse)).toEqual([418, String(ERROR)]);
});

test("a refusal that cannot be answered is left to onError", async () => {
  expect(await ask(({ getSession }) => getSession, "/", breakResponse)).toEqual([418, String(ERROR)]);
});
