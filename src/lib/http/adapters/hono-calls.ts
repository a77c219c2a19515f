/** What routes of Hono call. */
import { type HonoContextShape, honoExchangeOf } from "../exchange/hono-exchange.ts";
import type { RequestSession } from "../request-session.ts";
import { createRequestCalls, type Opened, type RequestCalls, type UnboundCalls } from "./request-calls.ts";

/** The parameters by which a request is named. */
export type HonoParameters = [context: HonoContextShape];

const open = (context: HonoContextShape): Opened => ({ exchange: honoExchangeOf(context), request: context });

// Which variables an app has is the business of its own types.
const leave = (context: { set(name: string, value: unknown): void }, session: RequestSession | undefined): void =>
  context.set("auth", session);

export const calls: RequestCalls<HonoParameters> = createRequestCalls<HonoParameters>(open, leave, 1);

/**
 * Signs a user in: a new session, and the end of the one that the request carried.
 *
 * @throws SessionError as `createNewSession` of the package root; `CSRF_REFUSED`; `RESPONSE_ALREADY_SENT`
 * @example
 * ```ts
 * await createNewSession(c, user.id, { jwtPayload: { role: user.role } });
 * ```
 */
export const createNewSession: UnboundCalls<HonoParameters>["createNewSession"] = calls.createNewSession;

/**
 * The session of a request. Undefined only with `sessionRequired: false`.
 *
 * @throws SessionError as `getSession` of the package root; `CSRF_REFUSED`
 * @throws ConfigError for an option that is unknown or of the wrong type
 * @example
 * ```ts
 * const session = await getSession(c, { maxAuthAge: "10m" });
 * ```
 */
export const getSession: UnboundCalls<HonoParameters>["getSession"] = calls.getSession;

/**
 * Refreshes the session of a request, for a refresh route of your own; takes the tokens back when the session is over.
 *
 * @throws SessionError as `refreshSession` of the package root; `CSRF_REFUSED`
 */
export const refreshSession: UnboundCalls<HonoParameters>["refreshSession"] = calls.refreshSession;

/**
 * The session of a request whose session a check has found before.
 *
 * @throws SessionError `SESSION_NOT_VERIFIED` where none has
 * @example
 * ```ts
 * const userId = sessionOf(c).getUserId();
 * ```
 */
export const sessionOf: UnboundCalls<HonoParameters>["sessionOf"] = calls.sessionOf;

/** The same, or undefined: for routes behind a check with `sessionRequired: false`. */
export const findSession: UnboundCalls<HonoParameters>["findSession"] = calls.findSession;
