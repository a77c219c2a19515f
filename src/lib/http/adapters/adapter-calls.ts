/** What every adapter does once it has made an exchange out of a request: check the options, pick the instance, call. */
import { isErrorFromAuth } from "../../errors.ts";
import type { UserId } from "../../session/user-id.ts";
import { checkInstanceOption, checkProtectOptions, checkStartDetails } from "../check-options.ts";
import { answerError } from "../error-answer.ts";
import type { HttpAnswer, HttpExchange } from "../exchange/exchange.ts";
import type { HttpContext } from "../context.ts";
import { protect as protectRequest } from "../protect.ts";
import { refreshRequest } from "../refresh.ts";
import type { ProtectOptions, StartDetails } from "../request-options.ts";
import { findHttp, httpOf, type InstanceOption } from "./instance-option.ts";
import type { RequestSession } from "../request-session.ts";
import type { RouteOptions } from "../routes.ts";
import { signInUser } from "../sign-in.ts";
import { policyOfError, tellRefusal } from "../tell-refusal.ts";
import { watchRefusal } from "../watched-answers.ts";

/** Options of a protected route. */
export type VerifySessionOptions = ProtectOptions & InstanceOption;
/** Options of the ready routes. */
export type SessionRoutesOptions = RouteOptions & InstanceOption;
/** Options of a sign-in. */
export type SignInDetails<Claims = unknown, Data = unknown, Id extends UserId = UserId> = StartDetails<
  NoInfer<Claims>,
  NoInfer<Data>
> &
  InstanceOption<Claims, Data, Id>;

/** For routes whose options were checked when they were made. */
export function protect(exchange: HttpExchange, options: VerifySessionOptions): Promise<RequestSession | undefined> {
  const http = httpOf(options);
  return protectRequest(http, exchange, options).catch(refusing(exchange, http));
}

/**
 * For an error handler that is not ours.
 *
 * @param isOnItsWay false where a route of the app's may do without what it asked for
 */
const refusing =
  (exchange: HttpExchange, { session: context }: HttpContext, isOnItsWay = true) =>
  (error: unknown): never => {
    tellRefusal(error, exchange, context.policy.http);
    if (isOnItsWay) watchRefusal(exchange, error, context);
    throw error;
  };

export async function protectOnce(
  exchange: HttpExchange,
  options: VerifySessionOptions,
): Promise<RequestSession | undefined> {
  checkProtectOptions(options, "getSession");
  const http = httpOf(options);
  return protectRequest(http, exchange, options).catch(refusing(exchange, http, false));
}

export async function start(exchange: HttpExchange, userId: UserId, details: SignInDetails): Promise<RequestSession> {
  checkStartDetails(details);
  const { sessions: _, ...rest } = details;
  const http = httpOf(details);
  return http.run(exchange, signInUser, userId, rest).catch(refusing(exchange, http));
}

export async function refresh(exchange: HttpExchange, options: InstanceOption): Promise<RequestSession> {
  checkInstanceOption(options, "refreshSession");
  const http = httpOf(options);
  const { session } = await http.run(exchange, refreshRequest).catch(refusing(exchange, http));
  return session;
}

/** The answer to an error of this library; undefined for one that is the app's own to answer. */
export function answerTo(error: unknown, options: InstanceOption): HttpAnswer | undefined {
  if (!isErrorFromAuth(error) || error.code === "NOT_INITIALISED") return undefined;
  // The options of its own instance, also where `sessions` was not passed on to the error handler.
  return answerError(error, policyOfError(error) ?? findHttp(options)?.session.policy.http);
}
