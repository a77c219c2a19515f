import type { Server } from "node:http";
import express, { type ErrorRequestHandler, type Request, type RequestHandler, type Response } from "express";
import { NOBODY, ROUTE, SIGN_IN, USER_PARAMETER } from "./contenders.ts";

/** What sessions add to the app, mounted as their own documentation says. */
export interface ExpressSessions {
  readonly before?: RequestHandler;
  readonly signIn: (request: Request, response: Response, user: string) => Promise<void>;
  /** Refuses requests without a session. */
  readonly protect: RequestHandler;
  readonly userOf: (request: Request, response: Response) => string | undefined;
  readonly after?: ErrorRequestHandler;
}

/** The same app with sessions and without. */
export function createExpressServer(sessions?: ExpressSessions): Promise<Server> {
  const app = express();
  app.set("trust proxy", 1);
  if (sessions === undefined) {
    app.post(ROUTE, (_request, response) => void response.json({ userId: NOBODY }));
  } else {
    const { before, signIn, protect, userOf, after } = sessions;
    if (before !== undefined) app.use(before);
    app.post(SIGN_IN, (request, response, next) => {
      const user = request.query[USER_PARAMETER];
      signIn(request, response, typeof user === "string" ? user : "").then(() => response.json({}), next);
    });
    app.post(ROUTE, protect, (request, response) => void response.json({ userId: userOf(request, response) }));
    if (after !== undefined) app.use(after);
  }
  return new Promise((resolve) => {
    const server = app.listen(0, "127.0.0.1", () => resolve(server));
  });
}
