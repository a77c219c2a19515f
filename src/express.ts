/**
 * Sessions in Express 4 and 5.
 *
 * @module
 */
import type { ServerResponse } from "node:http";
import * as calls from "./lib/http/adapters/adapter-calls.ts";
import type { SessionRoutesOptions, VerifySessionOptions } from "./lib/http/adapters/adapter-calls.ts";
import { checkInstanceOption, checkProtectOptions, checkRouteOptions } from "./lib/http/check-options.ts";
import type { InstanceOption } from "./lib/http/adapters/instance-option.ts";
import { goOn } from "./lib/http/adapters/go-on.ts";
import * as node from "./lib/http/adapters/node-calls.ts";
import { type BoundCalls, type BoundMiddleware, bindTo } from "./lib/http/adapters/request-calls.ts";
import { createRouteMiddleware } from "./lib/http/adapters/route-middleware.ts";
import { type NodeRequest, sendResponse } from "./lib/http/exchange/node-exchange.ts";
import type { Sessions } from "./lib/session/sessions.ts";
import type { UserId } from "./lib/session/user-id.ts";

type Next = (error?: unknown) => void;
/** A middleware of Express. */
export type Middleware = (request: NodeRequest, response: ServerResponse, next: Next) => void;
/** An error-handling middleware of Express. */
export type ErrorMiddleware = (error: unknown, request: NodeRequest, response: ServerResponse, next: Next) => void;

/**
 * Makes a middleware that lets a request pass if it has a session, which `sessionOf(req)` then
 * returns. Refusals go to `errorHandler()`.
 *
 * @param options whether a session is required, for how old a sign-in, and whether the route
 *   renders a page
 * @throws ConfigError for an option that is unknown or of the wrong type
 * @example
 * ```ts
 * import express from "express";
 * import { createSessions } from "counterfoil";
 * import { sessionsFor } from "counterfoil/express";
 *
 * const { sessionRoutes, verifySession, sessionOf, errorHandler } = sessionsFor(createSessions());
 * const app = express();
 * app.use(sessionRoutes());
 * app.post("/like", verifySession(), (req, res) => {
 *   res.json({ by: sessionOf(req).getUserId() });
 * });
 * app.use(errorHandler());
 * ```
 */
export function verifySession(options: VerifySessionOptions = {}): Middleware {
  checkProtectOptions(options, "verifySession");
  return (request, response, next) => {
    goOn(
      () => node.calls.verify(options, request, response),
      () => next(),
      next,
    );
  };
}

/**
 * Makes a middleware with the session routes (refresh, sign-out, sessions, JWKS), CORS for
 * `http.trustedOrigins`. Mount it first, at the root.
 *
 * @throws ConfigError for an option that is unknown or of the wrong type
 */
export function sessionRoutes(options: SessionRoutesOptions = {}): Middleware {
  checkRouteOptions(options);
  return createRouteMiddleware(options);
}

/**
 * Makes an error handler. It answers the errors of this library with the status that clients
 * expect, and passes all others on. Mount it last.
 *
 * @throws ConfigError for an option that is unknown or of the wrong type
 */
export function errorHandler(options: InstanceOption = {}): ErrorMiddleware {
  checkInstanceOption(options, "errorHandler");
  return (error, _request, response, next) => {
    const httpResponse = response.headersSent ? undefined : calls.responseTo(error, options);
    if (httpResponse === undefined) next(error);
    else sendResponse(response, httpResponse);
  };
}

/** The functions of this module, bound to an instance and with its types. */
export interface BoundSessions<Claims, Data, Id extends UserId>
  extends BoundCalls<node.NodeParameters, Claims, Data, Id>, BoundMiddleware<Middleware, Claims> {
  /** As `errorHandler` of this module. */
  readonly errorHandler: () => ErrorMiddleware;
}

/**
 * Binds the functions of this module to an instance. They check what you sign in with, and what
 * routes read, against the types of the instance. Call it once, where you make the instance.
 *
 * @example
 * ```ts
 * import { createSessions } from "counterfoil";
 * import { sessionsFor } from "counterfoil/express";
 *
 * const sessions = createSessions<{ role: "admin" | "member" }>();
 * export const { verifySession, createNewSession, sessionOf } = sessionsFor(sessions);
 * ```
 */
export const sessionsFor = <Claims, Data, Id extends UserId>(
  sessions: Sessions<Claims, Data, Id>,
): BoundSessions<Claims, Data, Id> =>
  bindTo<BoundSessions<Claims, Data, Id>>(sessions, {
    ...node.calls.bindables,
    sessionRoutes: [sessionRoutes, 0],
    verifySession: [verifySession, 0],
    errorHandler: [errorHandler, 0],
  });

export type { InstanceOption, SessionRoutesOptions, VerifySessionOptions };
export type { RequestSession } from "./lib/http/request-session.ts";
export type { SignInDetails } from "./lib/http/adapters/adapter-calls.ts";
export {
  createNewSession,
  findSession,
  getSession,
  refreshSession,
  sessionOf,
  signOut,
} from "./lib/http/adapters/node-calls.ts";
