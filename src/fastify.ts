/**
 * Sessions in Fastify 5.
 *
 * @module
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import * as calls from "./lib/http/adapters/adapter-calls.ts";
import type { SessionRoutesOptions, SignInDetails, VerifySessionOptions } from "./lib/http/adapters/adapter-calls.ts";
import { checkInstanceOption, checkProtectOptions, checkRouteOptions } from "./lib/http/check-options.ts";
import * as adapter from "./lib/http/adapters/fastify-exchange.ts";
import type { AnyReply, AnyRequest, Hook } from "./lib/http/adapters/fastify-exchange.ts";
import { httpOf, type InstanceOption } from "./lib/http/adapters/instance-option.ts";
import type { RequestSession } from "./lib/http/request-session.ts";
import type { UserId } from "./lib/session/user-id.ts";
import { answerRoute } from "./lib/http/routes.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** The session, behind `verifySession()`. */
    auth?: RequestSession | undefined;
  }
}

/** An error handler, of an app over HTTP/1.1 unless it is told. */
export type ErrorHandler<Q = FastifyRequest, R = FastifyReply> = (error: unknown, request: Q, reply: R) => unknown;
/** Options of the plugin. */
export interface SessionPluginOptions extends SessionRoutesOptions {
  /** Answers errors that are not this library's: the app's own error handler. Default: Fastify's. */
  readonly onError?: ErrorHandler;
}

/**
 * The plugin: the ready routes (refresh, sign-out, own devices, JWKS), CORS for `http.trustedOrigins`, the decorator `request.auth`,
 * and `errorHandler()` as the error handler. It belongs to the whole app, so register it at the root, first.
 *
 * @throws ConfigError for an option that is unknown or of the wrong type
 * @example await app.register(sessionPlugin);
 */
export const sessionPlugin: adapter.Plugin<SessionPluginOptions> = async (given, options) => {
  checkRouteOptions(options, "sessionPlugin", "onError");
  const app = given as unknown as FastifyInstance;
  app.decorateRequest("auth");
  const { sessions, onError } = options;
  app.setErrorHandler(errorHandler(sessions && { sessions }, onError));
  app.addHook("onRequest", async (request, reply) => {
    const answer = await answerRoute(httpOf(options), adapter.createFastifyExchange(request, reply), options);
    if (answer === undefined) return undefined;
    adapter.sendFastify(reply, answer);
    // Tells Fastify that an asynchronous hook has answered.
    return reply;
  });
};
// What the package fastify-plugin sets, so that hooks and decorators are those of the app, not of a child of it.
const plugin = { [Symbol.for("skip-override")]: true, [Symbol.for("fastify.display-name")]: "counterfoil" };
Object.assign(sessionPlugin, plugin);

/** Answers the errors of this library, and leaves all others to `otherwise`; for a scope that has an error handler of its own. */
export function errorHandler<Q extends AnyRequest = FastifyRequest, R extends AnyReply = FastifyReply>(
  options: InstanceOption = {},
  otherwise: ErrorHandler<Q, R> = adapter.rethrow,
): ErrorHandler<Q, R> {
  checkInstanceOption(options, "errorHandler");
  return (error, request, reply) => {
    const answer = calls.answerTo(error, options);
    return answer === undefined ? otherwise(error, request, reply) : adapter.sendFastify(reply, answer);
  };
}

/**
 * Lets a request pass if it has a session, which is then `request.auth`.
 *
 * @throws ConfigError for an option that is unknown or of the wrong type
 * @example app.post("/like", { preHandler: verifySession() }, async (request) => ({ by: request.auth?.getUserId() }));
 */
export function verifySession(options: VerifySessionOptions = {}): Hook {
  checkProtectOptions(options, "verifySession");
  return async (request, reply) => {
    await calls.keep(request, calls.protect(adapter.createFastifyExchange(request, reply), options));
  };
}

/** Signs a user in: a new session, and the end of the one that the request carried. @throws SessionError as `createNewSession` of the package root; `CSRF_REFUSED` */
export async function createNewSession<Claims = unknown, Data = unknown>(
  request: AnyRequest,
  reply: AnyReply,
  userId: UserId,
  details: SignInDetails<Claims, Data> = {},
): Promise<RequestSession<Claims, Data>> {
  return calls.keep(request, calls.start(adapter.createFastifyExchange(request, reply), userId, details));
}

/** The session of a request. Undefined only with `sessionRequired: false`. @throws SessionError as `getSession` of the package root; `CSRF_REFUSED` */
export async function getSession<Claims = unknown, Data = unknown>(
  request: AnyRequest,
  reply: AnyReply,
  options: VerifySessionOptions = {},
): Promise<RequestSession<Claims, Data> | undefined> {
  return calls.keep(request, calls.protectOnce(adapter.createFastifyExchange(request, reply), options));
}

/** Refreshes the session of a request, for a refresh route of one's own. @throws SessionError as `refreshSession` of the package root */
export const refreshSession = (
  request: AnyRequest,
  reply: AnyReply,
  options: InstanceOption = {},
): Promise<RequestSession> =>
  calls.keep(request, calls.refresh(adapter.createFastifyExchange(request, reply), options));

export type { Hook, InstanceOption, RequestSession, SessionRoutesOptions, SignInDetails, VerifySessionOptions };
