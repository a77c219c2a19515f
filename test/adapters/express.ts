import { createRequire } from "node:module";
import {
  createNewSession,
  errorHandler,
  getSession,
  refreshSession,
  type RequestSession,
  sessionRoutes,
  signOut,
  verifySession,
  findSession,
} from "counterfoil/express";
import express5, { type Express, type NextFunction, type Request, type RequestHandler, type Response } from "express";
import {
  actingAs,
  AGAIN,
  CACHED_HEADERS,
  changeLate,
  detailsOf,
  faultOf,
  FIRST,
  FOREIGN_AUTH,
  HALF_HEADERS,
  leftAs,
  NEW_CLAIMS,
  OPTIONAL,
  OWN_CORS,
  PAGES,
  type Setup,
  signInOf,
  wait,
} from "./setup.ts";
import { listen } from "../fixtures/listen.ts";
import { type Subject } from "./subject.ts";

// Express 4 comes without types of its own; what is used here is the same in both.
const express4 = createRequire(import.meta.url)("express4") as typeof express5;

const handle =
  (work: (request: Request, response: Response) => Promise<void>): RequestHandler =>
  (request, response, next) => {
    work(request, response).catch(next);
  };

const tell = (auth: RequestSession | undefined): object => ({
  user: auth?.getUserId() ?? null,
  claims: auth?.getJWTPayload() ?? null,
});

const authOf = (request: Request): RequestSession | undefined =>
  leftAs((request as { auth?: unknown }).auth, findSession(request));

const ownCors: RequestHandler = (_request, response, next) => {
  response.set(OWN_CORS);
  next();
};

function createApp(express: typeof express5, { instance, twice, other, clock, ownCors: cors }: Setup): Express {
  const app = express();
  if (cors === "first") app.use(ownCors);
  for (let count = twice ? 2 : 1; count > 0; count -= 1) app.use(sessionRoutes(instance));
  if (cors === "last") app.use(ownCors);
  const verify = verifySession(instance);
  const guard = twice ? [verify, verify] : [verify];
  app.use(express.json());
  app.all(
    "/login",
    handle(async (request, response) => {
      response.append("set-cookie", "app=1; Path=/");
      const { user = "alice" } = request.query as { user?: string };
      await createNewSession(request, response, user, { ...instance, ...detailsOf(request.url) });
      response.json({ ok: true });
    }),
  );
  const answer: RequestHandler = (request, response) => void response.json(tell(authOf(request)));
  app.all("/api", guard, answer);
  app.all("/fresh", verifySession({ ...instance, maxAuthAge: "5m" }), answer);
  app.all("/maybe", verifySession({ ...instance, sessionRequired: false }), answer);
  app.all("/page", verifySession({ ...instance, sessionRequired: false, page: true }), answer);
  for (const [path, options] of Object.entries(PAGES))
    app.all(path, verifySession({ ...instance, ...options }), answer);
  app.all("/second", verify, verifySession({ ...other, ...OPTIONAL }), answer);
  app.all(
    "/foreign",
    (request, _response, next) => {
      Object.assign(request, { auth: FOREIGN_AUTH });
      next();
    },
    verifySession({ ...instance, ...OPTIONAL }),
    answer,
  );
  app.all(
    [...AGAIN],
    verify,
    handle(async (request, response) => {
      await authOf(request)?.reauthenticate(signInOf(request.url));
      response.json(tell(await getSession(request, response, { ...instance, maxAuthAge: "1m", antiCsrfCheck: false })));
    }),
  );
  app.all(
    "/out",
    handle(async (request, response) => {
      response.json({ ok: await signOut(request, response, instance) });
    }),
  );
  app.all(
    "/renew",
    handle(async (request, response) => {
      response.json({ user: (await refreshSession(request, response, instance)).getUserId() });
    }),
  );
  app.all(
    "/claims",
    verify,
    handle(async (request, response) => {
      await authOf(request)?.updateJwtPayload(NEW_CLAIMS);
      response.json(tell(authOf(request)));
    }),
  );
  app.all(
    "/leave",
    verify,
    handle(async (request, response) => {
      await authOf(request)?.revokeSession();
      response.json({ ok: true });
    }),
  );
  app.all(
    "/act",
    verify,
    handle(async (request, response) => {
      const { user = "" } = request.query as { user?: string };
      await createNewSession(request, response, user, { ...instance, ...actingAs(authOf(request)) });
      response.json({ ok: true });
    }),
  );
  app.all("/echo", verify, (request, response) => void response.json(request.body));
  app.all(
    "/stream",
    verify,
    handle(async (request, response) => {
      response.write("begin ");
      response.end(await changeLate(authOf(request)));
    }),
  );
  app.all(
    "/late",
    verifySession({ ...instance, ...FIRST }),
    handle(async (request, response) => {
      wait({ clock }, request.url);
      await getSession(request, response, { ...instance, ...OPTIONAL });
      response.json(tell(authOf(request)));
    }),
  );
  app.all(
    "/half",
    verify,
    handle(async (request, response) => {
      response.set(HALF_HEADERS).append("set-cookie", "app=1; Path=/");
      await authOf(request)?.getSessionData();
      response.json({ ok: true });
    }),
  );
  const setCached: RequestHandler = (_request, response, next) => {
    response.set(CACHED_HEADERS);
    next();
  };
  app.all("/cached", verify, setCached, answer);
  app.all("/cached-before", setCached, verify, answer);
  app.all("/fault", () => {
    throw new Error("fault");
  });
  app.use(errorHandler(instance));
  // Express knows an error handler by its four parameters.
  app.use((error: unknown, _request: Request, response: Response, _next: NextFunction) => {
    response.status(500).json(faultOf(error));
  });
  return app;
}

export const expressSubjects: readonly Subject[] = [
  { name: "Express 4", listen: (setup) => listen(createApp(express4, setup)) },
  { name: "Express 5", listen: (setup) => listen(createApp(express5, setup)) },
];
