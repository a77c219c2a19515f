/**
 * Sessions in Hono 4.
 *
 * @module
 */
import type { Context, MiddlewareHandler } from "hono";
import * as calls from "./lib/http/adapters/adapter-calls.ts";
import type { SessionRoutesOptions, SignInDetails, VerifySessionOptions } from "./lib/http/adapters/adapter-calls.ts";
import { checkInstanceOption, checkProtectOptions, checkRouteOptions } from "./lib/http/check-options.ts";
import { httpOf, type InstanceOption } from "./lib/http/adapters/instance-option.ts";
import type { RequestSession } from "./lib/http/request-session.ts";
import * as hono from "./lib/http/exchange/hono-exchange.ts";
import type { UserId } from "./lib/session/user-id.ts";
import { answerRoute } from "./lib/http/routes.ts";

declare module "hono" {
  interface ContextVariableMap {
    /** The session, behind `verifySession()`. */
    auth: RequestSession | undefined;
  }
}

/** Options of `sessionRoutes`. */
export interface HonoRoutesOptions extends SessionRoutesOptions {
  /** The client's address, for the list of devices. Default: what `@hono/node-server` knows, else unknown. */
  readonly ip?: (context: Context) => string | undefined;
}

/**
 * The ready routes (refresh, sign-out, own devices, JWKS), CORS for `http.trustedOrigins`, and what puts cookies on the responses of all
 * routes below. Mount it first.
 *
 * @throws ConfigError for an option that is unknown or of the wrong type
 * @example app.use(sessionRoutes());
 */
export function sessionRoutes(options: HonoRoutesOptions = {}): MiddlewareHandler {
  checkRouteOptions(options, "sessionRoutes", "ip");
  const { ip = addressOf, ...rest } = options;
  return async (context, next) => {
    if (hono.findHonoExchange(context) !== undefined) return next();
    const exchange = hono.openHonoExchange(context, () => ip(context));
    const answer = await answerRoute(httpOf(rest), exchange, rest);
    if (answer === undefined) await next();
    else context.res = hono.answerHono(context, answer);
    hono.closeHonoExchange(exchange, context);
  };
}

/** Answers the errors of this library, and all others as Hono does, or as `otherwise` says. @example app.onError(errorHandler()); */
export function errorHandler(
  options: InstanceOption = {},
  otherwise: (error: Error, context: Context) => Response | Promise<Response> = answerFault,
): (error: Error, context: Context) => Response | Promise<Response> {
  checkInstanceOption(options, "errorHandler");
  return (error, context) => {
    const answer = calls.answerTo(error, options);
    return answer === undefined ? otherwise(error, context) : hono.answerHono(context, answer);
  };
}

/**
 * Lets a request pass if it has a session, which is then `c.get("auth")`. Refusals go to `errorHandler()`.
 *
 * @throws ConfigError for an option that is unknown or of the wrong type
 * @example app.post("/like", verifySession(), (c) => c.json({ by: c.get("auth")?.getUserId() }));
 */
export function verifySession(options: VerifySessionOptions = {}): MiddlewareHandler {
  checkProtectOptions(options, "verifySession");
  return async (context, next) => {
    // What another instance has left is not there during the check, nor after a refusal.
    context.set("auth", undefined);
    context.set("auth", await calls.protect(hono.honoExchangeOf(context), options));
    await next();
  };
}

/** Signs a user in: a new session, and the end of the one that the request carried. @throws SessionError as `createNewSession` of the package root; `CSRF_REFUSED` */
export async function createNewSession<Claims = unknown, Data = unknown>(
  context: Context,
  userId: UserId,
  details: SignInDetails<Claims, Data> = {},
): Promise<RequestSession<Claims, Data>> {
  return calls.start(hono.honoExchangeOf(context), userId, details);
}

/** The session of a request. Undefined only with `sessionRequired: false`. @throws SessionError as `getSession` of the package root; `CSRF_REFUSED` */
export async function getSession<Claims = unknown, Data = unknown>(
  context: Context,
  options: VerifySessionOptions = {},
): Promise<RequestSession<Claims, Data> | undefined> {
  return calls.protectOnce(hono.honoExchangeOf(context), options);
}

/** Refreshes the session of a request, for a refresh route of one's own. @throws SessionError as `refreshSession` of the package root */
export const refreshSession = async (context: Context, options: InstanceOption = {}): Promise<RequestSession> =>
  calls.refresh(hono.honoExchangeOf(context), options);

const addressOf = ({ env }: Context): string | undefined =>
  (env as { incoming?: { socket?: { remoteAddress?: string } } } | undefined)?.incoming?.socket?.remoteAddress;

function answerFault(error: Error & { getResponse?: () => Response }, context: Context): Response {
  if (error.getResponse !== undefined) return error.getResponse();
  // As Hono does by default.
  console.error(error);
  return context.text("Internal Server Error", 500);
}

export type { InstanceOption, RequestSession, SessionRoutesOptions, SignInDetails, VerifySessionOptions };
