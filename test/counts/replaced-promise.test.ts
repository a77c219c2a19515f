/**
 * Some libraries put a `Promise` of their own in the place of Node's, of which the promises of
 * async functions are no instances. A check that has to wait must wait then, too: what it waits for
 * must not be taken for a session.
 */
import { createSessions } from "counterfoil";
import * as inExpress from "counterfoil/express";
import { memory } from "counterfoil/memory";
import express, { type NextFunction, type Request, type Response } from "express";
import { expect, onTestFinished, test } from "vitest";
import { listen } from "../fixtures/listen.ts";
import { send } from "../http/send.ts";

const Native = globalThis.Promise;

class Replacement<T> extends Native<T> {}

test.each(["off", "store"] as const)(
  "with revocation %s a request without a live session is refused",
  async (revocation) => {
    const sessions = createSessions({ store: memory(), tokens: { accessToken: { revocation } } });
    onTestFinished(() => sessions.close());
    const { accessToken, session } = await sessions.createNewSession("alice");
    const { sessionRoutes, verifySession, sessionOf, errorHandler } = inExpress.sessionsFor(sessions);
    const app = express();
    app.use(sessionRoutes());
    app.get("/", verifySession(), (request, response) => {
      response.json({ user: sessionOf(request).getUserId() });
    });
    app.use(errorHandler());
    app.use((error: Error, _request: Request, response: Response, _next: NextFunction) => {
      response.status(500).send(String(error));
    });
    const server = await listen(app);
    onTestFinished(() => server.close());

    globalThis.Promise = Replacement;
    onTestFinished(() => void (globalThis.Promise = Native));
    const ask = async (cookie: string): Promise<number> =>
      (await send(server.port, { path: "/", headers: { cookie } })).status;
    const { access } = sessions.cookieNames;
    expect(await ask(`${access}=${accessToken.value}`)).toBe(200);
    expect(await ask("")).toBe(401);
    expect(await ask(`${access}=${accessToken.value}x`)).toBe(401);
    if (revocation === "store") {
      await sessions.revokeSessionUsingSessionHandle(session.handle);
      expect(await ask(`${access}=${accessToken.value}`)).toBe(401);
    }
  },
);
