/**
 * Watches responses for set-up errors that only the head shows, whether the app or the library
 * sends it.
 */
import type { HttpPolicy } from "../policy.ts";
import { parseOrigin } from "../options/origin.ts";
import { isErrorFromAuth } from "../errors.ts";
import type { SessionContext } from "../session/context.ts";
import { isOwn, isSameHost, isTrusted } from "./cross-site.ts";
import { type HttpExchange, isUnsafe } from "./exchange/exchange.ts";
import { refusalWithWrongStatus, withheldResponse } from "./setup-notices.ts";

/** A page of an untrusted origin sent a request. The app's own CORS set-up may still allow it. */
export function watchCors(exchange: HttpExchange, { policy, refusals }: SessionContext): void {
  const given = exchange.header("origin");
  if (given === undefined || !isAskedByScript(exchange)) return;
  const origin = parseOrigin(given);
  if (origin === undefined || isTrusted(origin, policy.http) || isOwn(origin, exchange, policy.http)) return;
  if (isPageOfThisHost(origin, exchange, policy.http)) return;
  exchange.beforeHead((head) => {
    if (head.get("access-control-allow-origin") === undefined)
      refusals.notify(withheldResponse(exchange, origin, policy.http));
  });
}

/**
 * Whether the page has the requested host, and only `publicOrigin` differs. Its browser can read
 * the response, and trusting its origin is no solution: `COUNTERFOIL_ORIGIN` reports that at its
 * first unsafe request.
 */
function isPageOfThisHost(origin: string, exchange: HttpExchange, { publicOrigin }: HttpPolicy): boolean {
  const isNamed = publicOrigin !== undefined && new URL(publicOrigin).host === new URL(origin).host;
  return !isNamed && isSameHost(origin, exchange);
}

/**
 * Whether a script of another origin wants to read the response, with or without a preflight. An
 * unsafe request without a preflight is reported when it is refused.
 */
function isAskedByScript(exchange: HttpExchange): boolean {
  if (exchange.method === "OPTIONS") return exchange.header("access-control-request-method") !== undefined;
  if (isUnsafe(exchange) || exchange.header("sec-fetch-site") === "same-origin") return false;
  return (exchange.header("sec-fetch-mode") ?? "cors") === "cors";
}

/** An adapter's function threw a refusal, which the app has to send. */
export function watchRefusal(exchange: HttpExchange, error: unknown, { refusals }: SessionContext): void {
  if (!isErrorFromAuth(error)) return;
  exchange.beforeHead((head) => {
    const fault = refusalWithWrongStatus(error, head);
    if (fault !== undefined) refusals.notify(fault);
  });
}
