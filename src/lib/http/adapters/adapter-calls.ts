/**
 * What every adapter does once it has made an exchange out of a request, and told the app of what
 * it refuses.
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
import { policyOfError, setRefusalResponse } from "../refusal-response.ts";
import { watchRefusal } from "../watched-responses.ts";

/** Options of a protected route. */
export type VerifySessionOptions = ProtectOptions & InstanceOption;
/** Options of the session routes. */
export type SessionRoutesOptions = RouteOptions & InstanceOption;
/** Options of a sign-in: claims, session data, a name of the device, the time of the sign-in. */
export type SignInDetails<Claims = unknown, Data = unknown, Id extends UserId = UserId> = StartDetails<
  NoInfer<Claims>,
  NoInfer<Data>
> &
  InstanceOption<Claims, Data, Id>;

/**
 * The session of a request, at once where nothing must be waited for.
 *
 * @param isOnItsWay whether a refusal goes to an error handler in any case; false where a route of
 *   the app's may do without what it asked for
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

/** The answer to an error of this library; undefined for one that is the app's own to answer. */
export function responseTo(error: unknown, options: InstanceOption): HttpResponse | undefined {
  if (!isErrorFromAuth(error) || error.code === "NOT_INITIALISED") return undefined;
  // The options of its own instance, also where `sessions` was not passed on to the error handler.
  return respondToError(error, policyOfError(error) ?? findHttp(options)?.session.policy.http);
}
