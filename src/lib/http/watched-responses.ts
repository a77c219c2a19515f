/**
 * What only the head of an answer shows, sent by the app or by us. Looked at where a request gives
 * cause to.
 */
import type { HttpPolicy } from "../policy.ts";
import { parseOrigin } from "../options/origin.ts";
import { isErrorFromAuth } from "../errors.ts";
import type { SessionContext } from "../session/context.ts";
import { isOwn, isSameHost, isTrusted } from "./cross-site.ts";
import { type HttpExchange, isUnsafe } from "./exchange/exchange.ts";
import { refusalWithWrongStatus, withheldResponse } from "./setup-notices.ts";

/**
 * A page of an origin that is not trusted asks; a CORS set-up of the app's own may still let it.
 */
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
 * Whether the page is of the very host that it asks, and only `publicOrigin` names another one. Its
 * browser withholds nothing, and to trust its origin is not the cure: `COUNTERFOIL_ORIGIN` tells
 * that at its first unsafe request.
 */
function isPageOfThisHost(origin: string, exchange: HttpExchange, { publicOrigin }: HttpPolicy): boolean {
  const isNamed = publicOrigin !== undefined && new URL(publicOrigin).host === new URL(origin).host;
  return !isNamed && isSameHost(origin, exchange);
}

/**
 * Whether a script of another origin wants to read the answer: by a preflight, or without one. What
 * an unsafe request without a preflight gets is told of by its refusal.
 */
function isAskedByScript(exchange: HttpExchange): boolean {
  if (exchange.method === "OPTIONS") return exchange.header("access-control-request-method") !== undefined;
  if (isUnsafe(exchange) || exchange.header("sec-fetch-site") === "same-origin") return false;
  return (exchange.header("sec-fetch-mode") ?? "cors") === "cors";
}

/** An adapter's function has thrown a refusal, which somebody has to answer. */
export function watchRefusal(exchange: HttpExchange, error: unknown, { refusals }: SessionContext): void {
  if (!isErrorFromAuth(error)) return;
  exchange.beforeHead((head) => {
    const fault = refusalWithWrongStatus(error, head);
    if (fault !== undefined) refusals.notify(fault);
  });
}
