/** What routes of NestJS call. */
import { openPlatformExchange, type PlatformRequest, type PlatformResponse } from "./nest-platform.ts";
import type { RequestSession } from "../request-session.ts";
import { createRequestCalls, type Opened, type RequestCalls, type UnboundCalls } from "./request-calls.ts";

/** The parameters by which a request is named. */
export type NestParameters = [request: PlatformRequest, response: PlatformResponse];

const open = (request: PlatformRequest, response: PlatformResponse): Opened => ({
  exchange: openPlatformExchange(request, response),
  request,
});

const leave = (request: { auth?: RequestSession | undefined }, session: RequestSession | undefined): void =>
  void (request.auth = session);

export const calls: RequestCalls<NestParameters> = createRequestCalls<NestParameters>(open, leave, 2);

/**
 * Signs a user in; write `@Res({ passthrough: true })`. A new session, and the end of the one that the request carried.
 *
 * @throws SessionError as `createNewSession` of the package root; `CSRF_REFUSED`; `RESPONSE_ALREADY_SENT`
 * @example
 * ```ts
 * await createNewSession(req, res, user.id, { jwtPayload: { role: user.role } });
 * ```
 */
export const createNewSession: UnboundCalls<NestParameters>["createNewSession"] = calls.createNewSession;

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
export const getSession: UnboundCalls<NestParameters>["getSession"] = calls.getSession;

/**
 * Refreshes the session of a request, for a refresh route of your own; takes the tokens back when the session is over.
 *
 * @throws SessionError as `refreshSession` of the package root; `CSRF_REFUSED`
 */
export const refreshSession: UnboundCalls<NestParameters>["refreshSession"] = calls.refreshSession;

/**
 * The session of a request whose session a check has found before.
 *
 * @throws SessionError `SESSION_NOT_VERIFIED` where none has
 * @example
 * ```ts
 * const userId = sessionOf(req).getUserId();
 * ```
 */
export const sessionOf: UnboundCalls<NestParameters>["sessionOf"] = calls.sessionOf;

/** The same, or undefined: for routes behind a check with `sessionRequired: false`. */
export const findSession: UnboundCalls<NestParameters>["findSession"] = calls.findSession;
