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

/** An error handler of Fastify; by default of an app over HTTP/1.1. */
export type ErrorHandler<Q = FastifyRequest, R = FastifyReply> = (error: unknown, request: Q, reply: R) => unknown;
/** Options of `sessionPlugin`. */
export interface SessionPluginOptions extends SessionRoutesOptions {
  /**
   * Answers errors that are not this library's: the error handler of your app. Default: Fastify's.
   */
  readonly onError?: ErrorHandler;
}

/**
 * A plugin with the session routes (refresh, sign-out, sessions, JWKS), CORS for
 * `http.trustedOrigins`. It also decorates `request.auth`, and sets `errorHandler()` as the error
 * handler. It applies to the whole app, so register it at the root, first.
 *
 * @throws ConfigError for an option that is unknown or of the wrong type
 * @example
 * ```ts
 * import fastify from "fastify";
 * import { createSessions } from "counterfoil";
 * import { sessionsFor } from "counterfoil/fastify";
 *
 * const { sessionPlugin, verifySession, sessionOf } = sessionsFor(createSessions());
 * const app = fastify();
 * await app.register(sessionPlugin);
 * app.post("/like", { preHandler: verifySession() }, async (request) => ({
 *   by: sessionOf(request).getUserId(),
 * }));
 * ```
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

/**
 * Makes an error handler that answers the errors of this library, for a scope with its own handler.
 *
 * @param otherwise answers all other errors. Default: throws them again, for Fastify
 * @throws ConfigError for an option that is unknown or of the wrong type
 */
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
 * Makes a hook that lets a request pass if it has a session, which `sessionOf(request)` then
 * returns.
 *
 * @param options whether a session is required, for how old a sign-in, and whether the route
 *   renders a page
 * @throws ConfigError for an option that is unknown or of the wrong type
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
  /** As `sessionPlugin` of this module. @throws ConfigError the same */
  readonly sessionPlugin: adapter.Plugin<WithoutInstance<SessionPluginOptions>>;
  /** As `verifySession` of this module. @throws ConfigError the same */
  readonly verifySession: (options?: ProtectOptions<Claims>) => Hook;
  /** As `errorHandler` of this module. */
  readonly errorHandler: <Q extends AnyRequest = FastifyRequest, R extends AnyReply = FastifyReply>(
    otherwise?: ErrorHandler<Q, R>,
  ) => ErrorHandler<Q, R>;
}

/**
 * Binds the functions of this module to an instance. They check what you sign in with, and what
 * routes read, against the types of the instance. Call it once, where you make the instance.
 *
 * @example
 * ```ts
 * import { createSessions } from "counterfoil";
 * import { sessionsFor } from "counterfoil/fastify";
 *
 * const sessions = createSessions<{ role: "admin" | "member" }>();
 * export const { sessionPlugin, createNewSession, sessionOf } = sessionsFor(sessions);
 * ```
 */
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
  signOut,
} from "./lib/http/adapters/fastify-calls.ts";
