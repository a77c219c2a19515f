import { HEADERS } from "../../protocol.ts";
import { generalError } from "../errors.ts";
import type { SessionContext } from "../session/context.ts";
import { antiCsrfMissing } from "../session/verify-session.ts";
import type { HttpContext } from "./context.ts";
import { findCrossSite, hasCustomHeader } from "./cross-site.ts";
import { type HttpExchange, pathOf } from "./exchange/exchange.ts";
import { carriesCookies } from "./request-facts.ts";
import { unknownOrigin } from "./setup-notices.ts";

/** Refuses a request of another site. @throws SessionError `CSRF_REFUSED` */
export function refuseCrossSite(
  context: SessionContext,
  exchange: HttpExchange,
  find: typeof findCrossSite = findCrossSite,
): void {
  const { http } = context.policy;
  const reason = find(exchange, http);
  if (reason === undefined) return;
  if (http.csrf === "report") context.refusals.notify(unknownOrigin(exchange, http));
  refuseCsrf(context, exchange, reason);
}

/** Refuses, or reports if the config says so. @throws SessionError `CSRF_REFUSED` */
export function refuseCsrf({ policy, events }: SessionContext, exchange: HttpExchange, reason: string): void {
  if (policy.http.csrf === "enforce") throw generalError("CSRF_REFUSED", `refused ${reason}`);
  events.emit("csrf-reported", { method: exchange.method, path: pathOf(exchange), reason });
}

/**
 * @returns the anti-CSRF token to check; null if the request needs none
 *
 * @throws SessionError `CSRF_REFUSED`, `ANTI_CSRF_MISSING`
 */
export function demandAntiCsrf(context: SessionContext, exchange: HttpExchange, isDemanded: boolean): string | null {
  const { policy } = context;
  if (!isDemanded) return null;
  if (!policy.antiCsrf) {
    if (!hasCustomHeader(exchange))
      refuseCsrf(
        context,
        exchange,
        `a request without the header ${HEADERS.custom}, which stands in for the anti-CSRF token`,
      );
    return null;
  }
  const given = exchange.header(HEADERS.antiCsrf);
  if (given !== undefined) return given;
  if (policy.http.csrf === "enforce") throw antiCsrfMissing();
  refuseCsrf(context, exchange, "a request without the anti-CSRF token");
  return null;
}

/**
 * Refuses every unsafe request of another site that has a cookie of ours.
 *
 * @throws SessionError `CSRF_REFUSED`
 */
export function refusePresented(http: HttpContext, exchange: HttpExchange): void {
  if (!carriesCookies(http, exchange)) return;
  try {
    refuseCrossSite(http.session, exchange);
  } catch (error) {
    http.watch.note(exchange, error);
    throw error;
  }
}
