/** What routes of Fastify call. */
import { createFastifyExchange, type FastifyReplyShape, type FastifyRequestShape } from "./fastify-exchange.ts";
import type { RequestSession } from "../request-session.ts";
import { createRequestCalls, type Opened, type RequestCalls, type UnboundCalls } from "./request-calls.ts";

/** The parameters by which a request is named. */
export type FastifyParameters = [request: FastifyRequestShape, reply: FastifyReplyShape];

const open = (request: FastifyRequestShape, reply: FastifyReplyShape): Opened => ({
  exchange: createFastifyExchange(request, reply),
  request,
});

const leave = (request: { auth?: RequestSession | undefined }, session: RequestSession | undefined): void =>
  void (request.auth = session);

export const calls: RequestCalls<FastifyParameters> = createRequestCalls<FastifyParameters>(open, leave, 2);

/**
 * Signs a user in: a new session, and the end of the one that the request carried.
 *
 * @throws SessionError as `createNewSession` of the package root; `CSRF_REFUSED`; `RESPONSE_ALREADY_SENT`
 * @example
 * ```ts
 * await createNewSession(request, reply, user.id, { jwtPayload: { role: user.role } });
 * ```
 */
export const createNewSession: UnboundCalls<FastifyParameters>["createNewSession"] = calls.createNewSession;

/**
 * The session of a request. Undefined only with `sessionRequired: false`.
 *
 * @throws SessionError as `getSession` of the package root; `CSRF_REFUSED`
 * @throws ConfigError for an option that is unknown or of the wrong type
 * @example
 * ```ts
 * const session = await getSession(request, reply, { maxAuthAge: "10m" });
 * ```
 */
export const getSession: UnboundCalls<FastifyParameters>["getSession"] = calls.getSession;

/**
 * Refreshes the session of a request, for a refresh route of your own; takes the tokens back when the session is over.
 *
 * @throws SessionError as `refreshSession` of the package root; `CSRF_REFUSED`
 */
export const refreshSession: UnboundCalls<FastifyParameters>["refreshSession"] = calls.refreshSession;

/**
 * The session of a request whose session a check has found before.
 *
 * @throws SessionError `SESSION_NOT_VERIFIED` where none has
 * @example
 * ```ts
 * const userId = sessionOf(request).getUserId();
 * ```
 */
export const sessionOf: UnboundCalls<FastifyParameters>["sessionOf"] = calls.sessionOf;

/** The same, or undefined: for routes behind a check with `sessionRequired: false`. */
export const findSession: UnboundCalls<FastifyParameters>["findSession"] = calls.findSession;
