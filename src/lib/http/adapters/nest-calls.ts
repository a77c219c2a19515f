/** The functions for routes of NestJS. */
import { openPlatformExchange, type PlatformRequest, type PlatformResponse, sendPlatform } from "./nest-platform.ts";
import type { RequestSession } from "../request-session.ts";
import { responseTo, type VerifySessionOptions } from "./adapter-calls.ts";
import { replace } from "./attached-sessions.ts";
import { httpOf, type InstanceOption } from "./instance-option.ts";
import { type NestHost, requestOf } from "./nest-host.ts";
import { createRequestCalls, type Opened, type RequestCalls, type UnboundCalls } from "./request-calls.ts";

/** The parameters that identify a request. */
export type NestParameters = [request: PlatformRequest, response: PlatformResponse];

const open = (request: PlatformRequest, response: PlatformResponse): Opened => ({
  exchange: openPlatformExchange(request, response),
  request,
});

const leave = (request: { auth?: RequestSession | undefined }, session: RequestSession | undefined): void =>
  void (request.auth = session);

export const calls: RequestCalls<NestParameters> = createRequestCalls<NestParameters>(open, leave, 2);

/** For resolvers. Their session is attached later, because another one may just use that. */
const resolverCalls = createRequestCalls<NestParameters>(
  (request, response) => ({ exchange: openPlatformExchange(request, response), request: {} }),
  () => undefined,
  2,
);

/**
 * What the last check of a resolver has found. Another resolver of the request may have a check by
 * another instance, which finds another user.
 */
const foundByRun = new WeakMap<object, RequestSession | undefined>();

/**
 * Lets a route or a resolver pass if its request has a session, or if it is open.
 *
 * @throws SessionError also `ARGUMENT_INVALID` where there is no HTTP request
 */
export async function verifyHost(options: VerifySessionOptions, host: NestHost, isOpen: boolean): Promise<true> {
  if (isOpen) return true;
  const found = requestOf(host);
  const verify = found.run === undefined ? calls.verify : resolverCalls.verify;
  // The exchange refuses a context of GraphQL that lacks it.
  const session = await verify(options, found.request, found.response as PlatformResponse);
  if (found.run === undefined) return true;
  foundByRun.set(found.run, session);
  if (session !== undefined) replace(found.request, httpOf(options), session);
  return true;
}

/**
 * Answers an error of this library.
 *
 * @returns what a filter of Nest returns: GraphQL throws an error that is returned, and Nest would
 *   log one that is thrown. For other transports nothing, so that Nest answers itself
 */
export function answerInHost(error: unknown, options: InstanceOption, host: NestHost): unknown {
  if (host.getType() === "graphql") return error;
  const httpResponse = host.getType() === "http" ? responseTo(error, options) : undefined;
  if (httpResponse !== undefined) sendPlatform(host.getArgs()[1] as PlatformResponse, httpResponse);
  return undefined;
}

/**
 * The session that a check has found for a route or a resolver. A field without a check has that of
 * the request.
 */
export function findInHost(host: NestHost): RequestSession | undefined {
  const { request, run } = requestOf(host);
  return run !== undefined && foundByRun.has(run) ? foundByRun.get(run) : calls.findSession(request);
}

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
 * import { Controller, Post, Req, Res } from "@nestjs/common";
 * import { createNewSession, type PlatformRequest, type PlatformResponse } from "counterfoil/nest";
 *
 * @Controller()
 * export class LoginController {
 *   @Post("login")
 *   async login(@Req() req: PlatformRequest, @Res({ passthrough: true }) res: PlatformResponse) {
 *     await createNewSession(req, res, "alice", { jwtPayload: { role: "admin" } });
 *     return { ok: true };
 *   }
 * }
 * ```
 */
export const createNewSession: UnboundCalls<NestParameters>["createNewSession"] = calls.createNewSession;

/**
 * Verifies the session of a request, for routes without `verifySession`.
 *
 * @returns the session; undefined only with `sessionRequired: false`
 * @throws SessionError as `getSession` of the package root, and `CSRF_REFUSED`,
 *   `TRANSPORT_CONFLICT`
 * @throws ConfigError for an option that is unknown or of the wrong type
 */
export const getSession: UnboundCalls<NestParameters>["getSession"] = calls.getSession;

/**
 * Refreshes the session of a request, for a refresh route of your own. If the session has ended,
 * the client's tokens are cleared.
 *
 * @returns the session
 * @throws SessionError as `refreshSession` of the package root, and `CSRF_REFUSED`
 */
export const refreshSession: UnboundCalls<NestParameters>["refreshSession"] = calls.refreshSession;

/**
 * Signs the user of a request out, for a sign-out route of your own: revokes the session and clears
 * the client's tokens, also those of a session that has ended.
 *
 * @returns whether there was a session
 * @throws SessionError `CSRF_REFUSED`, `TRANSPORT_CONFLICT`; `STORE_UNAVAILABLE` and the like, and
 *   then nothing is cleared
 */
export const signOut: UnboundCalls<NestParameters>["signOut"] = calls.signOut;

/**
 * Returns the session that a check before this route found.
 *
 * @throws SessionError `SESSION_NOT_VERIFIED` if no check found one
 */
export const sessionOf: UnboundCalls<NestParameters>["sessionOf"] = calls.sessionOf;

/** Returns the same session, or undefined; for routes with `sessionRequired: false`. */
export const findSession: UnboundCalls<NestParameters>["findSession"] = calls.findSession;
