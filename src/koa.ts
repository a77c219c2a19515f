/**
 * Sessions in Koa 3.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import * as calls from "./lib/http/adapters/adapter-calls.ts";
import type { SessionRoutesOptions, SignInDetails, VerifySessionOptions } from "./lib/http/adapters/adapter-calls.ts";
import { checkProtectOptions, checkRouteOptions } from "./lib/http/check-options.ts";
import { BODY_HEADERS, type HttpAnswer, type HttpExchange } from "./lib/http/exchange/exchange.ts";
import { httpOf, type InstanceOption } from "./lib/http/adapters/instance-option.ts";
import { createNodeExchange } from "./lib/http/exchange/node-exchange.ts";
import type { RequestSession } from "./lib/http/request-session.ts";
import type { UserId } from "./lib/session/user-id.ts";
import { answerRoute } from "./lib/http/routes.ts";

/** What is used of Koa's context. The session is `ctx.state.auth`. */
export interface Context {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly originalUrl: string;
  readonly ip: string;
  readonly headerSent: boolean;
  readonly state: object;
  status: number;
  body: unknown;
  remove(name: string): void;
  set(name: string, value: string): void;
}
/** A middleware. */
export type Middleware = (context: Context, next: () => Promise<unknown>) => Promise<void>;

/**
 * The ready routes (refresh, sign-out, own devices, JWKS), CORS for `http.trustedOrigins`, and the answers to errors of this library
 * from everything below. Mount it first, below an error handler of your own.
 *
 * @throws ConfigError for an option that is unknown or of the wrong type
 * @example app.use(sessionRoutes());
 */
export function sessionRoutes(options: SessionRoutesOptions = {}): Middleware {
  checkRouteOptions(options);
  return async (context, next) => {
    try {
      const answer = await answerRoute(httpOf(options), exchangeOf(context), options);
      if (answer === undefined) await next();
      else send(context, answer);
    } catch (error) {
      const answer = context.headerSent ? undefined : calls.answerTo(error, options);
      if (answer === undefined) throw error;
      send(context, answer);
    }
  };
}

/**
 * Lets a request pass if it has a session, which is then `ctx.state.auth`. Refusals are answered by `sessionRoutes()`.
 *
 * @throws ConfigError for an option that is unknown or of the wrong type
 * @example router.post("/like", verifySession(), (ctx) => { ctx.body = { by: ctx.state.auth.getUserId() }; });
 */
export function verifySession(options: VerifySessionOptions = {}): Middleware {
  checkProtectOptions(options, "verifySession");
  return async (context, next) => {
    await calls.keep(context.state, calls.protect(exchangeOf(context), options));
    await next();
  };
}

/** Signs a user in: a new session, and the end of the one that the request carried. @throws SessionError as `createNewSession` of the package root; `CSRF_REFUSED` */
export async function createNewSession<Claims = unknown, Data = unknown>(
  context: Context,
  userId: UserId,
  details: SignInDetails<Claims, Data> = {},
): Promise<RequestSession<Claims, Data>> {
  return calls.keep(context.state, calls.start(exchangeOf(context), userId, details));
}

/** The session of a request. Undefined only with `sessionRequired: false`. @throws SessionError as `getSession` of the package root; `CSRF_REFUSED` */
export async function getSession<Claims = unknown, Data = unknown>(
  context: Context,
  options: VerifySessionOptions = {},
): Promise<RequestSession<Claims, Data> | undefined> {
  return calls.keep(context.state, calls.protectOnce(exchangeOf(context), options));
}

/** Refreshes the session of a request, for a refresh route of one's own. @throws SessionError as `refreshSession` of the package root */
export const refreshSession = (context: Context, options: InstanceOption = {}): Promise<RequestSession> =>
  calls.keep(context.state, calls.refresh(exchangeOf(context), options));

const exchangeOf = ({ req, res, originalUrl, ip }: Context): HttpExchange =>
  createNodeExchange(req, res, { url: originalUrl, ip });

function send(context: Context, { status, headers, body }: HttpAnswer): void {
  for (const name of BODY_HEADERS) context.remove(name);
  for (const [name, value] of Object.entries(headers)) context.set(name, value);
  // In this order: Koa takes a body of null for a 204.
  context.body = body ?? null;
  context.status = status;
}

export type { InstanceOption, RequestSession, SessionRoutesOptions, SignInDetails, VerifySessionOptions };
