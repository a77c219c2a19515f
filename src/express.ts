/**
 * Sessions in Express 4 and 5.
 *
 * @module
 */
import type { ServerResponse } from "node:http";
import * as calls from "./lib/http/adapters/adapter-calls.ts";
import type { SessionRoutesOptions, VerifySessionOptions } from "./lib/http/adapters/adapter-calls.ts";
import { checkInstanceOption, checkProtectOptions, checkRouteOptions } from "./lib/http/check-options.ts";
import { httpOf, type InstanceOption } from "./lib/http/adapters/instance-option.ts";
import type { AuthRequest } from "./lib/http/adapters/node-calls.ts";
import { createNodeExchange, sendAnswer } from "./lib/http/exchange/node-exchange.ts";
import type { RequestSession } from "./lib/http/request-session.ts";
import { answerRoute } from "./lib/http/routes.ts";

declare global {
  // oxlint-disable-next-line typescript/no-namespace -- the name by which Express lets middleware add to its request
  namespace Express {
    interface Request {
      /** The session, behind `verifySession()`. */
      auth?: RequestSession;
    }
  }
}

type Next = (error?: unknown) => void;
export type Middleware = (request: AuthRequest, response: ServerResponse, next: Next) => void;
export type ErrorMiddleware = (error: unknown, request: AuthRequest, response: ServerResponse, next: Next) => void;

/**
 * Lets a request pass if it has a session, which is then `req.auth`. Refusals go to `errorHandler()`.
 *
 * @throws ConfigError for an option that is unknown or of the wrong type
 * @example app.post("/like", verifySession(), (req, res) => res.json({ by: req.auth?.getUserId() }));
 */
export function verifySession(options: VerifySessionOptions = {}): Middleware {
  checkProtectOptions(options, "verifySession");
  return (request, response, next) => {
    calls.keep(request, calls.protect(createNodeExchange(request, response), options)).then(() => next(), next);
  };
}

/**
 * The ready routes: refresh, sign-out, own devices, JWKS; and CORS for `http.trustedOrigins`. Mount it first, at the root.
 *
 * @throws ConfigError for an option that is unknown or of the wrong type
 * @example app.use(sessionRoutes());
 */
export function sessionRoutes(options: SessionRoutesOptions = {}): Middleware {
  checkRouteOptions(options);
  return (request, response, next) => {
    const answering = answerRoute(httpOf(options), createNodeExchange(request, response), options);
    answering.then((answer) => (answer === undefined ? next() : sendAnswer(response, answer))).catch(next);
  };
}

/**
 * Answers the errors of this library with the status that clients expect, and passes all others on. Mount it last.
 *
 * @example app.use(errorHandler());
 */
export function errorHandler(options: InstanceOption = {}): ErrorMiddleware {
  checkInstanceOption(options, "errorHandler");
  return (error, _request, response, next) => {
    const answer = response.headersSent ? undefined : calls.answerTo(error, options);
    if (answer === undefined) next(error);
    else sendAnswer(response, answer);
  };
}

export type { InstanceOption, RequestSession, SessionRoutesOptions, VerifySessionOptions };
export type { SignInDetails } from "./lib/http/adapters/adapter-calls.ts";
export { createNewSession, getSession, refreshSession } from "./lib/http/adapters/node-calls.ts";
