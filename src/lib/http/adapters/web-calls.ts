/** The functions for routes of Web requests. */
import { exchangeOf } from "../exchange/web-exchange.ts";
import { createRequestCalls, type Opened, type RequestCalls, type UnboundCalls } from "./request-calls.ts";

/** The parameters that identify a request. */
export type WebParameters = [request: Request];

const WRAPPER = "withSessions(handler) or verifySession(handler)";

const open = (request: Request): Opened => ({ exchange: exchangeOf(request, WRAPPER), request });

export const calls: RequestCalls<WebParameters> = createRequestCalls<WebParameters>(open, () => undefined, 1);

/**
 * Signs a user in: starts a session, sends its tokens, and revokes the session that the request
 * carried.
 *
 * @returns the new session
 * @throws SessionError `USER_ID_INVALID`, `VALUE_NOT_JSON`, `VALUE_TOO_LARGE`, `TOKEN_TOO_LARGE`
 *   when an argument does not fit; `SESSION_LIMIT_REACHED`; `CSRF_REFUSED`, `TRANSPORT_REFUSED`;
 *   `RESPONSE_ALREADY_SENT` if the response has begun
 * @throws ConfigError for a detail that is unknown or of the wrong type
 * @example
 * ```ts
 * import { createNewSession, withSessions } from "counterfoil/web";
 *
 * export const fetch = withSessions(async (request) => {
 *   await createNewSession(request, "alice", { jwtPayload: { role: "admin" } });
 *   return Response.json({ ok: true });
 * });
 * ```
 */
export const createNewSession: UnboundCalls<WebParameters>["createNewSession"] = calls.createNewSession;

/**
 * Verifies the session of a request, for routes without `verifySession`.
 *
 * @returns the session; undefined only with `sessionRequired: false`
 * @throws SessionError as `getSession` of the package root, and `CSRF_REFUSED`,
 *   `TRANSPORT_CONFLICT`
 * @throws ConfigError for an option that is unknown or of the wrong type
 * @example
 * ```ts
 * import { getSession, withSessions } from "counterfoil/web";
 *
 * export const fetch = withSessions(async (request) => {
 *   const session = await getSession(request, { maxAuthAge: "10m" });
 *   return Response.json({ user: session.getUserId() });
 * });
 * ```
 */
export const getSession: UnboundCalls<WebParameters>["getSession"] = calls.getSession;

/**
 * Refreshes the session of a request, for a refresh route of your own. If the session has ended,
 * the client's tokens are cleared.
 *
 * @returns the session
 * @throws SessionError as `refreshSession` of the package root, and `CSRF_REFUSED`
 */
export const refreshSession: UnboundCalls<WebParameters>["refreshSession"] = calls.refreshSession;

/**
 * Signs the user of a request out, for a sign-out route of your own: revokes the session and clears
 * the client's tokens, also those of a session that has ended.
 *
 * @returns whether there was a session
 * @throws SessionError `CSRF_REFUSED`, `TRANSPORT_CONFLICT`; `STORE_UNAVAILABLE` and the like, and
 *   then nothing is cleared
 */
export const signOut: UnboundCalls<WebParameters>["signOut"] = calls.signOut;

/**
 * Returns the session that a check before this route found.
 *
 * @throws SessionError `SESSION_NOT_VERIFIED` if no check found one
 */
export const sessionOf: UnboundCalls<WebParameters>["sessionOf"] = calls.sessionOf;

/** Returns the same session, or undefined; for routes with `sessionRequired: false`. */
export const findSession: UnboundCalls<WebParameters>["findSession"] = calls.findSession;
