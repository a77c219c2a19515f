/**
 * Sessions in Hono 4.
 *
 * @module
 */
import type { Context, MiddlewareHandler } from "hono";
import * as calls from "./lib/http/adapters/adapter-calls.ts";
import type { SessionRoutesOptions, VerifySessionOptions } from "./lib/http/adapters/adapter-calls.ts";
import { checkInstanceOption, checkProtectOptions, checkRouteOptions } from "./lib/http/check-options.ts";
import { httpOf, type InstanceOption } from "./lib/http/adapters/instance-option.ts";
import type { ProtectOptions } from "./lib/http/request-options.ts";
import * as hono from "./lib/http/exchange/hono-exchange.ts";
import { calls as requests, type HonoParameters } from "./lib/http/adapters/hono-calls.ts";
import { type WithoutInstance, type BoundCalls, bindTo } from "./lib/http/adapters/request-calls.ts";
import type { Sessions } from "./lib/session/sessions.ts";
import type { UserId } from "./lib/session/user-id.ts";
import { respondToRoute } from "./lib/http/routes.ts";

/** An error handler of Hono. */
export type ErrorHandler = (error: Error, context: Context) => Response | Promise<Response>;
/** Options of `sessionRoutes`. */
export interface HonoRoutesOptions extends SessionRoutesOptions {
  /**
   * Returns the client's IP address, for the list of devices. Default: the address that
   * `@hono/node-server` knows; unknown on other platforms.
   */
  readonly ip?: (context: Context) => string | undefined;
}

/**
 * Makes a middleware with the session routes (refresh, sign-out, sessions, JWKS), CORS for
 * `http.trustedOrigins`. It also puts cookies on the responses of all routes below. Mount it first.
 *
 * @throws ConfigError for an option that is unknown or of the wrong type
 */
export function sessionRoutes(options: HonoRoutesOptions = {}): MiddlewareHandler {
  checkRouteOptions(options, "sessionRoutes", "ip");
  const { ip = addressOf, ...rest } = options;
  return async (context, next) => {
    if (hono.findHonoExchange(context) !== undefined) return next();
    const exchange = hono.openHonoExchange(context, () => ip(context));
    const httpResponse = await respondToRoute(httpOf(rest), exchange, rest);
    if (httpResponse === undefined) await next();
    else context.res = hono.toHonoResponse(context, httpResponse);
    hono.closeHonoExchange(exchange, context);
  };
}

/**
 * Makes an error handler that answers the errors of this library.
 *
 * @param otherwise answers all other errors. Default: as Hono does
 * @throws ConfigError for an option that is unknown or of the wrong type
 */
export function errorHandler(
  options: InstanceOption = {},
  otherwise: ErrorHandler = respondToUnknownError,
): ErrorHandler {
  checkInstanceOption(options, "errorHandler");
  return (error, context) => {
    const httpResponse = calls.responseTo(error, options);
    return httpResponse === undefined ? otherwise(error, context) : hono.toHonoResponse(context, httpResponse);
  };
}

/**
 * Makes a middleware that lets a request pass if it has a session, which `sessionOf(c)` then
 * returns. Refusals go to `errorHandler()`.
 *
 * @param options whether a session is required, for how old a sign-in, and whether the route
 *   renders a page
 * @throws ConfigError for an option that is unknown or of the wrong type
 * @example
 * ```ts
 * import { Hono } from "hono";
 * import { createSessions } from "counterfoil";
 * import { sessionsFor } from "counterfoil/hono";
 *
 * const { sessionRoutes, verifySession, sessionOf, errorHandler } = sessionsFor(createSessions());
 * const app = new Hono();
 * app.use(sessionRoutes());
 * app.onError(errorHandler());
 * app.post("/like", verifySession(), (c) => c.json({ by: sessionOf(c).getUserId() }));
 * ```
 */
export function verifySession(options: VerifySessionOptions = {}): MiddlewareHandler {
  checkProtectOptions(options, "verifySession");
  return async (context, next) => {
    await requests.verify(options, context);
    await next();
  };
}

/** The functions of this module, bound to an instance and with its types. */
export interface BoundSessions<Claims, Data, Id extends UserId> extends BoundCalls<HonoParameters, Claims, Data, Id> {
  /** As `sessionRoutes` of this module. @throws ConfigError the same */
  readonly sessionRoutes: (options?: WithoutInstance<HonoRoutesOptions>) => MiddlewareHandler;
  /** As `verifySession` of this module. @throws ConfigError the same */
  readonly verifySession: (options?: ProtectOptions<Claims>) => MiddlewareHandler;
  /** As `errorHandler` of this module. */
  readonly errorHandler: (otherwise?: ErrorHandler) => ErrorHandler;
}

/**
 * Binds the functions of this module to an instance. They check what you sign in with, and what
 * routes read, against the types of the instance. Call it once, where you make the instance.
 *
 * @example
 * ```ts
 * import { createSessions } from "counterfoil";
 * import { sessionsFor } from "counterfoil/hono";
 *
 * const sessions = createSessions<{ role: "admin" | "member" }>();
 * export const { verifySession, createNewSession, sessionOf } = sessionsFor(sessions);
 * ```
 */
export const sessionsFor = <Claims, Data, Id extends UserId>(
  sessions: Sessions<Claims, Data, Id>,
): BoundSessions<Claims, Data, Id> => ({
  ...bindTo<Omit<BoundSessions<Claims, Data, Id>, "errorHandler">>(sessions, {
    ...requests.bindables,
    sessionRoutes: [sessionRoutes, 0],
    verifySession: [verifySession, 0],
  }),
  errorHandler: (otherwise) => errorHandler({ sessions }, otherwise),
});

const addressOf = ({ env }: Context): string | undefined =>
  (env as { incoming?: { socket?: { remoteAddress?: string } } } | undefined)?.incoming?.socket?.remoteAddress;

function respondToUnknownError(error: Error & { getResponse?: () => Response }, context: Context): Response {
  if (error.getResponse !== undefined) return error.getResponse();
  // Hono's default.
  console.error(error);
  return context.text("Internal Server Error", 500);
}

export type { InstanceOption, SessionRoutesOptions, VerifySessionOptions };
export type { SignInDetails } from "./lib/http/adapters/adapter-calls.ts";
export type { RequestSession } from "./lib/http/request-session.ts";
export {
  createNewSession,
  findSession,
  getSession,
  refreshSession,
  sessionOf,
  signOut,
} from "./lib/http/adapters/hono-calls.ts";
