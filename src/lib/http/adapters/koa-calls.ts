/** What routes of Koa call. */
import { createKoaExchange, type KoaContextShape } from "../exchange/koa-exchange.ts";
import type { RequestSession } from "../request-session.ts";
import { createRequestCalls, type Opened, type RequestCalls, type UnboundCalls } from "./request-calls.ts";

/** The parameters by which a request is named. */
export type KoaParameters = [context: KoaContextShape];

const open = (context: KoaContextShape): Opened => ({ exchange: createKoaExchange(context), request: context });

const leave = ({ state }: KoaContextShape, session: RequestSession | undefined): void =>
  void Object.assign(state, { auth: session });

export const calls: RequestCalls<KoaParameters> = createRequestCalls<KoaParameters>(open, leave, 1);

/**
 * Signs a user in: a new session, and the end of the one that the request carried.
 *
 * @throws SessionError as `createNewSession` of the package root; `CSRF_REFUSED`; `RESPONSE_ALREADY_SENT`
 * @example
 * ```ts
 * await createNewSession(ctx, user.id, { jwtPayload: { role: user.role } });
 * ```
 */
export const createNewSession: UnboundCalls<KoaParameters>["createNewSession"] = calls.createNewSession;

/**
 * The session of a request. Undefined only with `sessionRequired: false`.
 *
 * @throws SessionError as `getSession` of the package root; `CSRF_REFUSED`
 * @throws ConfigError for an option that is unknown or of the wrong type
 * @example
 * ```ts
 * const session = await getSession(ctx, { maxAuthAge: "10m" });
 * ```
 */
export const getSession: UnboundCalls<KoaParameters>["getSession"] = calls.getSession;

/**
 * Refreshes the session of a request, for a refresh route of your own; takes the tokens back when the session is over.
 *
 * @throws SessionError as `refreshSession` of the package root; `CSRF_REFUSED`
 */
export const refreshSession: UnboundCalls<KoaParameters>["refreshSession"] = calls.refreshSession;

/**
 * The session of a request whose session a check has found before.
 *
 * @throws SessionError `SESSION_NOT_VERIFIED` where none has
 * @example
 * ```ts
 * const userId = sessionOf(ctx).getUserId();
 * ```
 */
export const sessionOf: UnboundCalls<KoaParameters>["sessionOf"] = calls.sessionOf;

/** The same, or undefined: for routes behind a check with `sessionRequired: false`. */
export const findSession: UnboundCalls<KoaParameters>["findSession"] = calls.findSession;
