/** What routes of Web requests call. */
import { exchangeOf } from "../exchange/web-exchange.ts";
import { createRequestCalls, type Opened, type RequestCalls, type UnboundCalls } from "./request-calls.ts";

/** The parameters by which a request is named. */
export type WebParameters = [request: Request];

const WRAPPER = "withSessions(handler) or verifySession(handler)";

const open = (request: Request): Opened => ({ exchange: exchangeOf(request, WRAPPER), request });

export const calls: RequestCalls<WebParameters> = createRequestCalls<WebParameters>(open, () => undefined, 1);

/**
 * Signs a user in: a new session, and the end of the one that the request carried.
 *
 * @throws SessionError as `createNewSession` of the package root; `CSRF_REFUSED`; `RESPONSE_ALREADY_SENT`
 * @example
 * ```ts
 * await createNewSession(request, user.id, { jwtPayload: { role: user.role } });
 * ```
 */
export const createNewSession: UnboundCalls<WebParameters>["createNewSession"] = calls.createNewSession;

/**
 * The session of a request. Undefined only with `sessionRequired: false`.
 *
 * @throws SessionError as `getSession` of the package root; `CSRF_REFUSED`
 * @throws ConfigError for an option that is unknown or of the wrong type
 * @example
 * ```ts
 * const session = await getSession(request, { maxAuthAge: "10m" });
 * ```
 */
export const getSession: UnboundCalls<WebParameters>["getSession"] = calls.getSession;

/**
 * Refreshes the session of a request, for a refresh route of your own; takes the tokens back when the session is over.
 *
 * @throws SessionError as `refreshSession` of the package root; `CSRF_REFUSED`
 */
export const refreshSession: UnboundCalls<WebParameters>["refreshSession"] = calls.refreshSession;

/**
 * The session of a request whose session a check has found before.
 *
 * @throws SessionError `SESSION_NOT_VERIFIED` where none has
 * @example
 * ```ts
 * const userId = sessionOf(request).getUserId();
 * ```
 */
export const sessionOf: UnboundCalls<WebParameters>["sessionOf"] = calls.sessionOf;

/** The same, or undefined: for routes behind a check with `sessionRequired: false`. */
export const findSession: UnboundCalls<WebParameters>["findSession"] = calls.findSession;
