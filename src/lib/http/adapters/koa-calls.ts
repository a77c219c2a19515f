/** The functions for routes of Koa. */
import { createKoaExchange, type KoaContextShape } from "../exchange/koa-exchange.ts";
import type { RequestSession } from "../request-session.ts";
import { createRequestCalls, type Opened, type RequestCalls, type UnboundCalls } from "./request-calls.ts";

/** The parameters that identify a request. */
export type KoaParameters = [context: KoaContextShape];

const open = (context: KoaContextShape): Opened => ({ exchange: createKoaExchange(context), request: context });

const leave = ({ state }: KoaContextShape, session: RequestSession | undefined): void =>
  void Object.assign(state, { auth: session });

export const calls: RequestCalls<KoaParameters> = createRequestCalls<KoaParameters>(open, leave, 1);

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
 * import Koa from "koa";
 * import { createNewSession, sessionRoutes } from "counterfoil/koa";
 *
 * const app = new Koa();
 * app.use(sessionRoutes());
 * app.use(async (ctx) => {
 *   await createNewSession(ctx, "alice", { jwtPayload: { role: "admin" } });
 *   ctx.body = { ok: true };
 * });
 * ```
 */
export const createNewSession: UnboundCalls<KoaParameters>["createNewSession"] = calls.createNewSession;

/**
 * Verifies the session of a request, for routes without `verifySession`.
 *
 * @returns the session; undefined only with `sessionRequired: false`
 * @throws SessionError as `getSession` of the package root, and `CSRF_REFUSED`,
 *   `TRANSPORT_CONFLICT`
 * @throws ConfigError for an option that is unknown or of the wrong type
 * @example
 * ```ts
 * import type { Context } from "counterfoil/koa";
 * import { getSession } from "counterfoil/koa";
 *
 * async function showUser(ctx: Context & { body: unknown }) {
 *   const session = await getSession(ctx, { maxAuthAge: "10m" });
 *   ctx.body = { user: session.getUserId() };
 * }
 * ```
 */
export const getSession: UnboundCalls<KoaParameters>["getSession"] = calls.getSession;

/**
 * Refreshes the session of a request, for a refresh route of your own. If the session has ended,
 * the client's tokens are cleared.
 *
 * @returns the session
 * @throws SessionError as `refreshSession` of the package root, and `CSRF_REFUSED`
 */
export const refreshSession: UnboundCalls<KoaParameters>["refreshSession"] = calls.refreshSession;

/**
 * Signs the user of a request out, for a sign-out route of your own: revokes the session and clears
 * the client's tokens, also those of a session that has ended.
 *
 * @returns whether there was a session
 * @throws SessionError `CSRF_REFUSED`, `TRANSPORT_CONFLICT`; `STORE_UNAVAILABLE` and the like, and
 *   then nothing is cleared
 */
export const signOut: UnboundCalls<KoaParameters>["signOut"] = calls.signOut;

/**
 * Returns the session that a check before this route found.
 *
 * @throws SessionError `SESSION_NOT_VERIFIED` if no check found one
 */
export const sessionOf: UnboundCalls<KoaParameters>["sessionOf"] = calls.sessionOf;

/** Returns the same session, or undefined; for routes with `sessionRequired: false`. */
export const findSession: UnboundCalls<KoaParameters>["findSession"] = calls.findSession;
