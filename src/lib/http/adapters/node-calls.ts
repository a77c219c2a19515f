/** What routes of Node's own request and response call; Express is one of them. */
import type { UserId } from "../../session/user-id.ts";
import { keep, protectOnce, refresh, type SignInDetails, start, type VerifySessionOptions } from "./adapter-calls.ts";
import type { InstanceOption } from "./instance-option.ts";
import {
  createNodeExchange,
  type Http2Request,
  type NodeRequest,
  type NodeResponse,
} from "../exchange/node-exchange.ts";
import type { RequestSession } from "../request-session.ts";

/** A request; `auth` is its session, once one of these functions has found or started it. */
export type AuthRequest = NodeRequest & { auth?: RequestSession };
type AnyRequest = AuthRequest | (Http2Request & { auth?: RequestSession });

/**
 * Signs a user in: a new session, its tokens on the response, and the end of the session that the request carried. Also sets `req.auth`.
 *
 * @throws SessionError as `createNewSession` of the package root; `CSRF_REFUSED`; `RESPONSE_ALREADY_SENT`
 * @example
 * ```ts
 * await createNewSession(req, res, user.id, { jwtPayload: { role: user.role } });
 * ```
 */
export async function createNewSession<Claims = unknown, Data = unknown>(
  request: AnyRequest,
  response: NodeResponse,
  userId: UserId,
  details: SignInDetails<Claims, Data> = {},
): Promise<RequestSession<Claims, Data>> {
  return keep(request, start(createNodeExchange(request, response), userId, details));
}

/**
 * The session of a request; also sets `req.auth`. Undefined only with `sessionRequired: false`.
 *
 * @throws SessionError as `getSession` of the package root; `CSRF_REFUSED`
 * @throws ConfigError for an option that is unknown or of the wrong type
 */
export async function getSession<Claims = unknown, Data = unknown>(
  request: AnyRequest,
  response: NodeResponse,
  options: VerifySessionOptions = {},
): Promise<RequestSession<Claims, Data> | undefined> {
  return keep(request, protectOnce(createNodeExchange(request, response), options));
}

/**
 * Refreshes the session of a request, for a refresh route of one's own; takes the tokens back when the session is over.
 *
 * @throws SessionError as `refreshSession` of the package root; `CSRF_REFUSED`
 */
export async function refreshSession(
  request: AnyRequest,
  response: NodeResponse,
  options: InstanceOption = {},
): Promise<RequestSession> {
  return keep(request, refresh(createNodeExchange(request, response), options));
}
