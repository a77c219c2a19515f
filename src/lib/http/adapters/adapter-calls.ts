/**
 * The calls that all adapters share, once they have opened an exchange. They report refusals to the
 * app.
 */
import { type Awaitable, isLater } from "../../awaitable.ts";
import { isErrorFromAuth } from "../../errors.ts";
import type { UserId } from "../../session/user-id.ts";
import { respondToError } from "../respond-to-error.ts";
import type { HttpResponse, HttpExchange } from "../exchange/exchange.ts";
import type { HttpContext } from "../context.ts";
import { protect as protectRequest } from "../protect.ts";
import { refreshRequest } from "../refresh.ts";
import type { ProtectOptions, StartDetails } from "../request-options.ts";
import { findHttp, type InstanceOption } from "./instance-option.ts";
import type { RequestSession } from "../request-session.ts";
import type { RouteOptions } from "../routes.ts";
import { signInUser } from "../sign-in.ts";
import { endOwnSession } from "../sign-out.ts";
import { policyOfError, setRefusalResponse } from "../refusal-response.ts";
import { watchRefusal } from "../watched-responses.ts";

/** Options of a protected route. */
export type VerifySessionOptions<Claims = unknown> = ProtectOptions<Claims> & InstanceOption;
/** Options of the session routes. */
export type SessionRoutesOptions = RouteOptions & InstanceOption;
/** Options of a sign-in: claims, session data, a name of the device, the time of the sign-in. */
export type SignInDetails<Claims = unknown, Data = unknown, Id extends UserId = UserId> = StartDetails<
  NoInfer<Claims>,
  NoInfer<Data>
> &
  InstanceOption<Claims, Data, Id>;

/**
 * Verifies the session of a request, synchronously if nothing has to be awaited.
 *
 * @param isOnItsWay whether a refusal always goes to an error handler; false if a route may handle
 * it and go on
 */
export function protect(
  http: HttpContext,
  exchange: HttpExchange,
  options: VerifySessionOptions,
  isOnItsWay: boolean,
): Awaitable<RequestSession | undefined> {
  try {
    const found = protectRequest(http, exchange, options);
    return isLater(found) ? found.catch(refusing(http, exchange, isOnItsWay)) : found;
  } catch (error) {
    return refusing(http, exchange, isOnItsWay)(error);
  }
}

/** For an error handler that is not ours. */
const refusing =
  ({ session: context }: HttpContext, exchange: HttpExchange, isOnItsWay = true) =>
  (error: unknown): never => {
    setRefusalResponse(error, exchange, context.policy.http);
    if (isOnItsWay) watchRefusal(exchange, error, context);
    throw error;
  };

export function start(
  http: HttpContext,
  exchange: HttpExchange,
  userId: UserId,
  details: SignInDetails,
): Promise<RequestSession> {
  const { sessions: _, ...rest } = details;
  return http.run(exchange, signInUser, userId, rest).catch(refusing(http, exchange));
}

export async function refresh(http: HttpContext, exchange: HttpExchange): Promise<RequestSession> {
  const { session } = await http.run(exchange, refreshRequest).catch(refusing(http, exchange));
  return session;
}

export const signOut = (http: HttpContext, exchange: HttpExchange): Promise<boolean> =>
  http.run(exchange, endOwnSession).catch(refusing(http, exchange));

/** @returns the response to an error of this library; undefined for errors of the app */
export function responseTo(error: unknown, options: InstanceOption): HttpResponse | undefined {
  if (!isErrorFromAuth(error) || error.code === "NOT_INITIALISED") return undefined;
  // Uses the options of the error's own instance, even if the error handler did not get `sessions`.
  return respondToError(error, policyOfError(error) ?? findHttp(options)?.session.policy.http);
}
