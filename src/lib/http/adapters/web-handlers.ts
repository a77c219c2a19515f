/** Handlers of Web requests, shared by the frameworks whose routes are such functions. */
import * as calls from "./adapter-calls.ts";
import type { SessionRoutesOptions, VerifySessionOptions } from "./adapter-calls.ts";
import { checkProtectOptions, checkRouteOptions } from "../check-options.ts";
import type { RequestSession } from "../request-session.ts";
import type { UserId } from "../../session/user-id.ts";
import { respondToRoute } from "../routes.ts";
import { httpOf } from "./instance-option.ts";
import type { ProtectOptions } from "../request-options.ts";
import { type Bindable, type WithoutInstance, type BoundCalls, type NeedsSession } from "./request-calls.ts";
import { calls as requests, type WebParameters } from "./web-calls.ts";
import { closeWebExchange, findExchange, openWebExchange, toResponse } from "../exchange/web-exchange.ts";

/** Options of handlers of Web requests. */
export interface WebOptions extends SessionRoutesOptions {
  /**
   * Returns the client's IP address, which a Web request does not have; for the list of devices.
   * Default: unknown.
   */
  readonly ip?: (request: Request) => string | undefined;
}

/**
 * Answers a request. `Rest` is what the platform passes besides it, for instance an environment.
 */
export type Handler<Rest extends readonly unknown[] = []> = (
  request: Request,
  ...rest: Rest
) => Response | Promise<Response>;

/**
 * Makes a handler around yours. It adds the session routes (refresh, sign-out, sessions, JWKS),
 * CORS for `http.trustedOrigins`, answers the errors of this library, and puts cookies on the
 * response. Wrap the handler of the whole app or of one route.
 *
 * @param handler answers all other requests
 * @throws ConfigError for an option that is unknown or of the wrong type
 * @example
 * ```ts
 * import { createSessions } from "counterfoil";
 * import { sessionsFor } from "counterfoil/web";
 *
 * const { withSessions, getSession } = sessionsFor(createSessions());
 * export default {
 *   fetch: withSessions(async (request) => {
 *     const session = await getSession(request); // withSessions answers a refusal
 *     return Response.json({ user: session.getUserId() });
 *   }),
 * };
 * ```
 */
export function withSessions<Rest extends readonly unknown[] = []>(
  handler: Handler<Rest>,
  options: WebOptions = {},
): (request: Request, ...rest: Rest) => Promise<Response> {
  checkRouteOptions(options, "withSessions", "ip");
  return (request, ...rest) => serve(request, options, () => handler(request, ...rest));
}

/** Answers a request with a session. */
export type SessionHandler<Session, Rest extends readonly unknown[] = []> = (
  request: Request,
  session: Session,
  ...rest: Rest
) => Response | Promise<Response>;

/**
 * Makes a handler for a protected route. Its session is undefined only with `sessionRequired:
 * false`.
 */
export interface VerifyHandler<Session, Options> {
  <Rest extends readonly unknown[] = []>(
    handler: SessionHandler<Session, Rest>,
    options?: NeedsSession<Options>,
  ): (request: Request, ...rest: Rest) => Promise<Response>;
  <Rest extends readonly unknown[] = []>(
    handler: SessionHandler<Session | undefined, Rest>,
    options: Options,
  ): (request: Request, ...rest: Rest) => Promise<Response>;
}

/**
 * Makes a handler for one route that needs a session. It works alone and inside `withSessions`.
 *
 * @param handler gets the request and its session
 * @param options whether a session is required, for how old a sign-in, and whether the route
 *   renders a page
 * @throws ConfigError for an option that is unknown or of the wrong type
 * @example
 * ```ts
 * import { createSessions } from "counterfoil";
 * import { sessionsFor } from "counterfoil/web";
 *
 * const { verifySession } = sessionsFor(createSessions());
 * export const like = verifySession((_request, session) => {
 *   return Response.json({ by: session.getUserId() });
 * });
 * ```
 */
export const verifySession: VerifyHandler<RequestSession, VerifySessionOptions> = <Rest extends readonly unknown[]>(
  handler: SessionHandler<RequestSession, Rest>,
  options: VerifySessionOptions = {},
): ((request: Request, ...rest: Rest) => Promise<Response>) => {
  checkProtectOptions(options, "verifySession");
  const { sessions } = options;
  return (request, ...rest) =>
    serve(request, sessions === undefined ? {} : { sessions }, async () => {
      const session = await requests.verify(options, request);
      // With `sessionRequired: false` the handler's type includes undefined.
      return handler(request, session as RequestSession, ...rest);
    });
};

/** The functions of this module, bound to an instance and with its types. */
export interface BoundHandlers<Claims, Data, Id extends UserId> extends BoundCalls<WebParameters, Claims, Data, Id> {
  /** As `withSessions` of this module. @throws ConfigError the same */
  readonly withSessions: <Rest extends readonly unknown[] = []>(
    handler: Handler<Rest>,
    options?: WithoutInstance<WebOptions>,
  ) => (request: Request, ...rest: Rest) => Promise<Response>;
  /** As `verifySession` of this module. @throws ConfigError the same */
  readonly verifySession: VerifyHandler<RequestSession<Claims, Data, Id>, ProtectOptions<Claims>>;
}

export const HANDLERS: Readonly<Record<keyof BoundHandlers<unknown, unknown, UserId>, Bindable>> = {
  ...requests.bindables,
  withSessions: [withSessions, 1],
  verifySession: [verifySession, 1],
};

async function serve(
  request: Request,
  options: WebOptions,
  run: () => Response | Promise<Response>,
): Promise<Response> {
  // An outer handler has opened the exchange. It will set the cookies and respond to errors.
  if (findExchange(request) !== undefined) return run();
  const exchange = openWebExchange(request, () => options.ip?.(request));
  try {
    const httpResponse = await respondToRoute(httpOf(options), exchange, options);
    return closeWebExchange(exchange, httpResponse === undefined ? await run() : toResponse(httpResponse));
  } catch (error) {
    const httpResponse = calls.responseTo(error, options);
    if (httpResponse === undefined) throw error;
    return closeWebExchange(exchange, toResponse(httpResponse));
  }
}
