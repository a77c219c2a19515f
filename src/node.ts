/**
 * Sessions in servers of `node:http` and `node:http2`, without a framework.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import * as calls from "./lib/http/adapters/adapter-calls.ts";
import type { SessionRoutesOptions } from "./lib/http/adapters/adapter-calls.ts";
import { checkRouteOptions } from "./lib/http/check-options.ts";
import { goOn } from "./lib/http/adapters/go-on.ts";
import { createRouteMiddleware } from "./lib/http/adapters/route-middleware.ts";
import { calls as requests, type NodeParameters } from "./lib/http/adapters/node-calls.ts";
import { type WithoutInstance, type BoundCalls, bindTo } from "./lib/http/adapters/request-calls.ts";
import { type NodeRequest as Request, sendResponse } from "./lib/http/exchange/node-exchange.ts";
import type { Sessions } from "./lib/session/sessions.ts";
import type { UserId } from "./lib/session/user-id.ts";

/** Answers a request; may be async. */
export type Handler = (request: Request, response: ServerResponse) => unknown;
/** Options of `withSessions`. */
export interface ServerOptions extends SessionRoutesOptions {
  /**
   * Answers errors of the handler that are not this library's. Default: status 500 without a
   * reason, and a process warning.
   */
  readonly onError?: (error: unknown, request: Request, response: ServerResponse) => void;
}

/**
 * Makes a request listener around yours. It adds the session routes (refresh, sign-out, sessions,
 * JWKS), CORS for `http.trustedOrigins`, and answers the errors of this library.
 *
 * @param handler answers all other requests
 * @throws ConfigError for an option that is unknown or of the wrong type
 * @example
 * ```ts
 * import { createServer } from "node:http";
 * import { createSessions } from "counterfoil";
 * import { sessionsFor } from "counterfoil/node";
 *
 * const { withSessions, getSession } = sessionsFor(createSessions());
 * const listener = withSessions(async (req, res) => {
 *   const session = await getSession(req, res); // withSessions answers a refusal
 *   res.end(`Hello ${session.getUserId()}`);
 * });
 * createServer(listener).listen(3000);
 * ```
 */
export function withSessions(
  handler: Handler,
  options: ServerOptions = {},
): (request: IncomingMessage | Http2ServerRequest, response: ServerResponse | Http2ServerResponse) => void {
  checkRouteOptions(options, "withSessions", "onError");
  const onError = options.onError ?? respondToUnknownError;
  const routes = createRouteMiddleware(options);
  return (given, responding) => {
    // Over HTTP/2 Node passes objects of other classes with the same methods.
    const [request, response] = [given as IncomingMessage, responding as ServerResponse];
    const nothing = (): void => undefined;
    const giveUp = (error: unknown): void => onError(error, request, response);
    const fail = (error: unknown): void => {
      const httpResponse = response.headersSent ? undefined : calls.responseTo(error, options);
      if (httpResponse === undefined) giveUp(error);
      else goOn(() => sendResponse(response, httpResponse), nothing, giveUp);
    };
    routes(request, response, (error) => {
      if (error !== undefined) return fail(error);
      return goOn(() => handler(request, response), nothing, fail);
    });
  };
}

/** The functions of this module, bound to an instance and with its types. */
export interface BoundSessions<Claims, Data, Id extends UserId> extends BoundCalls<NodeParameters, Claims, Data, Id> {
  /** As `withSessions` of this module. @throws ConfigError the same */
  readonly withSessions: (
    handler: Handler,
    options?: WithoutInstance<ServerOptions>,
  ) => ReturnType<typeof withSessions>;
}

/**
 * Binds the functions of this module to an instance. They check what you sign in with, and what
 * routes read, against the types of the instance. Call it once, where you make the instance.
 *
 * @example
 * ```ts
 * import { createSessions } from "counterfoil";
 * import { sessionsFor } from "counterfoil/node";
 *
 * const sessions = createSessions<{ role: "admin" | "member" }>();
 * export const { withSessions, createNewSession, getSession } = sessionsFor(sessions);
 * ```
 */
export const sessionsFor = <Claims, Data, Id extends UserId>(
  sessions: Sessions<Claims, Data, Id>,
): BoundSessions<Claims, Data, Id> =>
  bindTo<BoundSessions<Claims, Data, Id>>(sessions, { ...requests.bindables, withSessions: [withSessions, 1] });

function respondToUnknownError(error: unknown, _request: Request, response: ServerResponse): void {
  process.emitWarning(error instanceof Error ? error : String(error), { code: "COUNTERFOIL_HANDLER" });
  if (response.headersSent) response.destroy();
  else sendResponse(response, { status: 500, headers: {}, body: { message: "internal" } });
}

export type { Request };
export type { InstanceOption } from "./lib/http/adapters/instance-option.ts";
export type { SessionRoutesOptions, SignInDetails, VerifySessionOptions } from "./lib/http/adapters/adapter-calls.ts";
export {
  createNewSession,
  findSession,
  getSession,
  refreshSession,
  sessionOf,
  signOut,
} from "./lib/http/adapters/node-calls.ts";
export type { RequestSession } from "./lib/http/request-session.ts";
