/** What routes of Node's own request and response call; Express is one of them. */
import type { Awaitable } from "../../awaitable.ts";
import {
  createNodeExchange,
  type Http2Request,
  type NodeRequest,
  type NodeResponse,
} from "../exchange/node-exchange.ts";
import type { HttpResponse } from "../exchange/exchange.ts";
import type { RequestSession } from "../request-session.ts";
import { respondToRoute, mayConcernRoutes } from "../routes.ts";
import type { SessionRoutesOptions } from "./adapter-calls.ts";
import { httpOf } from "./instance-option.ts";
import { createRequestCalls, type Opened, type RequestCalls, type UnboundCalls } from "./request-calls.ts";

/** The parameters by which a request is named. */
export type NodeParameters = [request: NodeRequest | Http2Request, response: NodeResponse];

const open = (request: NodeRequest | Http2Request, response: NodeResponse): Opened => ({
  exchange: createNodeExchange(request, response),
  request,
});

const leave = (request: { auth?: RequestSession | undefined }, session: RequestSession | undefined): void =>
  void (request.auth = session);

/** The response of a ready route; undefined, at once, for all other requests. */
export function answerNodeRoute(
  options: SessionRoutesOptions,
  request: NodeRequest,
  response: NodeResponse,
): Awaitable<HttpResponse | undefined> {
  const http = httpOf(options);
  const { method = "GET", url = "/", originalUrl = url, headers } = request;
  if (!mayConcernRoutes(http, { method, url: originalUrl, origin: headers.origin })) return undefined;
  return respondToRoute(http, createNodeExchange(request, response), options);
}

export const calls: RequestCalls<NodeParameters> = createRequestCalls<NodeParameters>(open, leave, 2);

/**
 * Signs a user in: a new session, and the end of the one that the request carried.
 *
 * @throws SessionError as `createNewSession` of the package root; `CSRF_REFUSED`; `RESPONSE_ALREADY_SENT`
 * @example
 * ```ts
 * await createNewSession(req, res, user.id, { jwtPayload: { role: user.role } });
 * ```
 */
export const createNewSession: UnboundCalls<NodeParameters>["createNewSession"] = calls.createNewSession;

/**
 * The session of a request. Undefined only with `sessionRequired: false`.
 *
 * @throws SessionError as `getSession` of the package root; `CSRF_REFUSED`
 * @throws ConfigError for an option that is unknown or of the wrong type
 * @example
 * ```ts
 * const session = await getSession(req, res, { maxAuthAge: "10m" });
 * ```
 */
export const getSession: UnboundCalls<NodeParameters>["getSession"] = calls.getSession;

/**
 * Refreshes the session of a request, for a refresh route of your own; takes the tokens back when the session is over.
 *
 * @throws SessionError as `refreshSession` of the package root; `CSRF_REFUSED`
 */
export const refreshSession: UnboundCalls<NodeParameters>["refreshSession"] = calls.refreshSession;

/**
 * The session of a request whose session a check has found before.
 *
 * @throws SessionError `SESSION_NOT_VERIFIED` where none has
 * @example
 * ```ts
 * const userId = sessionOf(req).getUserId();
 * ```
 */
export const sessionOf: UnboundCalls<NodeParameters>["sessionOf"] = calls.sessionOf;

/** The same, or undefined: for routes behind a check with `sessionRequired: false`. */
export const findSession: UnboundCalls<NodeParameters>["findSession"] = calls.findSession;
