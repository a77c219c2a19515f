/**
 * Sessions in Express 4 and 5.
 *
 * @module
 */
import type { ServerResponse } from "node:http";
import { isErrorFromAuth } from "./lib/errors.ts";
import { answerError } from "./lib/http/error-answer.ts";
import {
  checkInstanceOption,
  checkProtectOptions,
  checkRouteOptions,
  checkStartDetails,
} from "./lib/http/check-options.ts";
import type { ProtectOptions, StartDetails } from "./lib/http/http-sessions.ts";
import { httpOf, type InstanceOption } from "./lib/http/instance-option.ts";
import { createNodeExchange, type NodeRequest, sendAnswer } from "./lib/http/node-exchange.ts";
import type { RequestSession } from "./lib/http/request-session.ts";
import { answerRoute, type RouteOptions } from "./lib/http/routes.ts";
import type { UserId } from "./lib/session/user-id.ts";

declare global {
  // oxlint-disable-next-line typescript/no-namespace -- the name by which Express lets middleware add to its request
  namespace Express {
    interface Request {
      /** The session, behind `verifySession()`. */
      auth?: RequestSession;
    }
  }
}

type Request = NodeRequest & { auth?: RequestSession };
type Next = (error?: unknown) => void;
/** A middleware; it needs only what Express adds to Node's own request. */
export type Middleware = (request: Request, response: ServerResponse, next: Next) => void;
/** A middleware for errors. */
export type ErrorMiddleware = (error: unknown, request: Request, response: ServerResponse, next: Next) => void;

/**
 * Lets a request pass if it has a session, which is then `req.auth`. Refusals go to `errorHandler()`.
 *
 * @throws ConfigError for an option that is unknown or of the wrong type
 * @example
 * ```ts
 * app.post("/api/like", verifySession(), (req, res) => res.json({ liked: true, by: req.auth?.getUserId() }));
 * ```
 */
export function verifySession(options: ProtectOptions & InstanceOption = {}): Middleware {
  checkProtectOptions(options, "verifySession");
  return (request, response, next) => {
    protect(request, response, options).then(() => next(), next);
  };
}

/**
 * The ready routes: refresh, sign-out, own devices, JWKS; and CORS for `http.trustedOrigins`. Mount it first, at the root.
 *
 * @throws ConfigError for an option that is unknown or of the wrong type
 * @example
 * ```ts
 * app.use(sessionRoutes());
 * ```
 */
export function sessionRoutes(options: RouteOptions & InstanceOption = {}): Middleware {
  checkRouteOptions(options);
  return (request, response, next) => {
    const answering = async (): Promise<void> => {
      const answer = await answerRoute(httpOf(options), createNodeExchange(request, response), options);
      if (answer === undefined) next();
      else sendAnswer(response, answer);
    };
    answering().catch(next);
  };
}

/**
 * Answers the errors of this library with the status that clients expect, and passes all others on. Mount it last.
 *
 * @example
 * ```ts
 * app.use(errorHandler());
 * ```
 */
export function errorHandler(options: InstanceOption = {}): ErrorMiddleware {
  checkInstanceOption(options, "errorHandler");
  return (error, _request, response, next) => {
    const isOurs = isErrorFromAuth(error) && !response.headersSent;
    const answer = isOurs ? answerError(error, httpOf(options).context.policy.http) : undefined;
    if (answer === undefined) next(error);
    else sendAnswer(response, answer);
  };
}

/**
 * Signs a user in: a new session, its cookies on `response`, and the end of the session that the request carried.
 *
 * @throws SessionError as `createNewSession` of the package root; `CSRF_REFUSED`; `RESPONSE_ALREADY_SENT`
 * @example
 * ```ts
 * app.post("/login", async (req, res) => {
 *   const user = await checkPassword(req.body);
 *   await createNewSession(req, res, user.id, { jwtPayload: { role: user.role } });
 *   res.json({ ok: true });
 * });
 * ```
 */
export async function createNewSession<Claims = unknown, Data = unknown>(
  request: Request,
  response: ServerResponse,
  userId: UserId,
  details: StartDetails<Claims, Data> & InstanceOption = {},
): Promise<RequestSession<Claims, Data>> {
  checkStartDetails(details);
  const { sessions: _, ...rest } = details;
  const session = await httpOf(details).start(createNodeExchange(request, response), userId, rest);
  request.auth = session;
  return session;
}

/**
 * The session of a request, for middleware of one's own; also sets `req.auth`. Undefined only with `sessionRequired: false`.
 *
 * @throws SessionError as `getSession` of the package root; `CSRF_REFUSED`
 * @throws ConfigError for an option that is unknown or of the wrong type
 */
export async function getSession<Claims = unknown, Data = unknown>(
  request: Request,
  response: ServerResponse,
  options: ProtectOptions & InstanceOption = {},
): Promise<RequestSession<Claims, Data> | undefined> {
  checkProtectOptions(options, "getSession");
  return protect(request, response, options);
}

async function protect(
  request: Request,
  response: ServerResponse,
  options: ProtectOptions & InstanceOption,
): Promise<RequestSession | undefined> {
  const session = await httpOf(options).protect(createNodeExchange(request, response), options);
  if (session !== undefined) request.auth = session;
  return session;
}

/**
 * Refreshes the session of a request, for a refresh route of one's own; sets the new cookies, or clears them when the session is over.
 *
 * @throws SessionError as `refreshSession` of the package root; `CSRF_REFUSED`
 */
export async function refreshSession(
  request: Request,
  response: ServerResponse,
  options: InstanceOption = {},
): Promise<RequestSession> {
  checkInstanceOption(options, "refreshSession");
  return (request.auth = await httpOf(options).refresh(createNodeExchange(request, response)));
}

export type { ProtectOptions, StartDetails } from "./lib/http/http-sessions.ts";
export type { InstanceOption } from "./lib/http/instance-option.ts";
export type { RequestSession } from "./lib/http/request-session.ts";
export type { RouteOptions } from "./lib/http/routes.ts";
