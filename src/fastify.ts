/**
 * Sessions in Fastify 5.
 *
 * @module
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import * as calls from "./lib/http/adapters/adapter-calls.ts";
import type { SessionRoutesOptions, VerifySessionOptions } from "./lib/http/adapters/adapter-calls.ts";
import { checkInstanceOption, checkProtectOptions, checkRouteOptions } from "./lib/http/check-options.ts";
import * as adapter from "./lib/http/adapters/fastify-exchange.ts";
import type { AnyReply, AnyRequest, Hook } from "./lib/http/adapters/fastify-exchange.ts";
import { goOn } from "./lib/http/adapters/go-on.ts";
import { httpOf, type InstanceOption } from "./lib/http/adapters/instance-option.ts";
import type { ProtectOptions } from "./lib/http/request-options.ts";
import { calls as requests, type FastifyParameters } from "./lib/http/adapters/fastify-calls.ts";
import { type WithoutInstance, type BoundCalls, bindTo } from "./lib/http/adapters/request-calls.ts";
import type { Sessions } from "./lib/session/sessions.ts";
import type { UserId } from "./lib/session/user-id.ts";
import { respondToRoute } from "./lib/http/routes.ts";

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
export const sessionPlugin: adapter.Plugin<SessionPluginOptions> = adapter.forWholeApp(async (given, options) => {
  checkRouteOptions(options, "sessionPlugin", "onError");
  const app = given as unknown as FastifyInstance;
  app.decorateRequest("auth");
  const { sessions, onError } = options;
  app.setErrorHandler(errorHandler(sessions && { sessions }, onError));
  app.addHook("onRequest", (request, reply, done) => {
    goOn(
      () => respondToRoute(httpOf(options), adapter.createFastifyExchange(request, reply), options),
      (httpResponse) => (httpResponse === undefined ? done() : adapter.sendFastify(reply, httpResponse)),
      (error) => done(error as Error),
    );
  });
});

/** Answers the errors of this library, and leaves all others to `otherwise`; for a scope that has an error handler of its own. */
export function errorHandler<Q extends AnyRequest = FastifyRequest, R extends AnyReply = FastifyReply>(
  options: InstanceOption = {},
  otherwise: ErrorHandler<Q, R> = adapter.rethrow,
): ErrorHandler<Q, R> {
  checkInstanceOption(options, "errorHandler");
  return (error, request, reply) => {
    const httpResponse = calls.responseTo(error, options);
    return httpResponse === undefined ? otherwise(error, request, reply) : adapter.sendFastify(reply, httpResponse);
  };
}

/**
 * Lets a request pass if it has a session, which `sessionOf(request)` then returns.
 *
 * @throws ConfigError for an option that is unknown or of the wrong type
 * @example app.post("/like", { preHandler: verifySession() }, async (request) => ({ by: sessionOf(request).getUserId() }));
 */
export function verifySession(options: VerifySessionOptions = {}): Hook {
  checkProtectOptions(options, "verifySession");
  return adapter.toHook((request, reply) => requests.verify(options, request, reply));
}

/** The functions of this module, bound to an instance and with its types. */
export interface BoundSessions<Claims, Data, Id extends UserId> extends BoundCalls<
  FastifyParameters,
  Claims,
  Data,
  Id
> {
  readonly sessionPlugin: adapter.Plugin<WithoutInstance<SessionPluginOptions>>;
  readonly verifySession: (options?: ProtectOptions) => Hook;
  readonly errorHandler: <Q extends AnyRequest = FastifyRequest, R extends AnyReply = FastifyReply>(
    otherwise?: ErrorHandler<Q, R>,
  ) => ErrorHandler<Q, R>;
}

/** Binds these functions to an instance, with its types. Bind once, where it is made. @example const { sessionPlugin, verifySession, sessionOf } = sessionsFor(sessions); */
export const sessionsFor = <Claims, Data, Id extends UserId>(
  sessions: Sessions<Claims, Data, Id>,
): BoundSessions<Claims, Data, Id> => ({
  ...bindTo<Omit<BoundSessions<Claims, Data, Id>, "errorHandler" | "sessionPlugin">>(sessions, {
    ...requests.bindables,
    verifySession: [verifySession, 0],
  }),
  sessionPlugin: adapter.forWholeApp((app, options) => sessionPlugin(app, { ...options, sessions })),
  errorHandler: (otherwise) => errorHandler({ sessions }, otherwise),
});

export type { Hook, InstanceOption, SessionRoutesOptions, VerifySessionOptions };
export type { SignInDetails } from "./lib/http/adapters/adapter-calls.ts";
export type { RequestSession } from "./lib/http/request-session.ts";
export {
  createNewSession,
  findSession,
  getSession,
  refreshSession,
  sessionOf,
} from "./lib/http/adapters/fastify-calls.ts";
