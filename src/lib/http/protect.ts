import { keepApart } from "./cache-headers.ts";
import type { HttpContext } from "./context.ts";
import type { HttpExchange } from "./exchange/exchange.ts";
import { isPageLoad } from "./page-load.ts";
import type { ProtectOptions } from "./request-options.ts";
import type { RequestSession } from "./request-session.ts";
import { verifyPage } from "./verify-page.ts";
import { verifyRequest } from "./verify-request.ts";

/**
 * Verifies the session of a request, as what it loads needs it; undefined only where none is
 * required.
 *
 * @param isRoute whether the response is one of a route that depends on the session, so that
 *   caches must keep it apart. False where something behind this renders it, and says so itself.
 *   Default true
 */
export async function protect(
  http: HttpContext,
  exchange: HttpExchange,
  options: ProtectOptions = {},
  isRoute = true,
): Promise<RequestSession | undefined> {
  const { policy, revocation } = http.session;
  if (isRoute && policy.http.cacheHeaders) keepApart(exchange);
  if (options.page === true && isPageLoad(exchange)) return http.run(exchange, verifyPage, options);
  if (revocation !== undefined) return http.run(exchange, verifyRequest, options);
  // What asks the database for nothing is no call, and costs none.
  try {
    return await verifyRequest(http, exchange, options);
  } catch (error) {
    http.watch.note(exchange, error);
    throw error;
  }
}
