/**
 * Sessions in Koa 3.
 *
 * @module
 */
import * as calls from "./lib/http/adapters/adapter-calls.ts";
import type { SessionRoutesOptions, VerifySessionOptions } from "./lib/http/adapters/adapter-calls.ts";
import { checkProtectOptions, checkRouteOptions } from "./lib/http/check-options.ts";
import { httpOf, type InstanceOption } from "./lib/http/adapters/instance-option.ts";
import { createKoaExchange, type KoaContextShape as Context, sendKoa } from "./lib/http/exchange/koa-exchange.ts";
import { calls as requests, type KoaParameters } from "./lib/http/adapters/koa-calls.ts";
import { type BoundCalls, type BoundMiddleware, bindTo } from "./lib/http/adapters/request-calls.ts";
import type { Sessions } from "./lib/session/sessions.ts";
import type { UserId } from "./lib/session/user-id.ts";
import { respondToRoute } from "./lib/http/routes.ts";

/** A middleware of Koa. */
export type Middleware = (context: Context, next: () => Promise<unknown>) => Promise<void>;

/**
 * Makes a middleware with the session routes (refresh, sign-out, sessions, JWKS), CORS for
 * `http.trustedOrigins`. It also answers the errors of this library from all middleware below.
 * Mount it first, but below an error handler of your own.
 *
 * @throws ConfigError for an option that is unknown or of the wrong type
 */
export function sessionRoutes(options: SessionRoutesOptions = {}): Middleware {
  checkRouteOptions(options);
  return async (context, next) => {
    try {
      const httpResponse = await respondToRoute(httpOf(options), createKoaExchange(context), options);
      if (httpResponse === undefined) await next();
      else sendKoa(context, httpResponse);
    } catch (error) {
      const httpResponse = context.headerSent ? undefined : calls.responseTo(error, options);
      if (httpResponse === undefined) throw error;
      sendKoa(context, httpResponse);
    }
  };
}

/**
 * Makes a middleware that lets a request pass if it has a session, which `sessionOf(ctx)` then
 * returns. `sessionRoutes()` answers refusals.
 *
 * @param options whether a session is required, for how old a sign-in, and whether the route
 *   renders a page
 * @throws ConfigError for an option that is unknown or of the wrong type
 * @example
 * ```ts
 * import Koa from "koa";
 * import { createSessions } from "counterfoil";
 * import { sessionsFor } from "counterfoil/koa";
 *
 * const { sessionRoutes, verifySession, sessionOf } = sessionsFor(createSessions());
 * const app = new Koa();
 * app.use(sessionRoutes());
 * app.use(verifySession());
 * app.use((ctx) => {
 *   ctx.body = { by: sessionOf(ctx).getUserId() };
 * });
 * ```
 */
export function verifySession(options: VerifySessionOptions = {}): Middleware {
  checkProtectOptions(options, "verifySession");
  return async (context, next) => {
    await requests.verify(options, context);
    await next();
  };
}

/** The functions of this module, bound to an instance and with its types. */
export interface BoundSessions<Claims, Data, Id extends UserId>
  extends BoundCalls<KoaParameters, Claims, Data, Id>, BoundMiddleware<Middleware, Claims> {}

/**
 * Binds the functions of this module to an instance. They check what you sign in with, and what
 * routes read, against the types of the instance. Call it once, where you make the instance.
 *
 * @example
 * ```ts
 * import { createSessions } from "counterfoil";
 * import { sessionsFor } from "counterfoil/koa";
 *
 * const sessions = createSessions<{ role: "admin" | "member" }>();
 * export const { verifySession, createNewSession, sessionOf } = sessionsFor(sessions);
 * ```
 */
export const sessionsFor = <Claims, Data, Id extends UserId>(
  sessions: Sessions<Claims, Data, Id>,
): BoundSessions<Claims, Data, Id> =>
  bindTo<BoundSessions<Claims, Data, Id>>(sessions, {
    ...requests.bindables,
    sessionRoutes: [sessionRoutes, 0],
    verifySession: [verifySession, 0],
  });

export type { Context };
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
} from "./lib/http/adapters/koa-calls.ts";
