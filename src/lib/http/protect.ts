import { type Awaitable, isLater } from "../awaitable.ts";
import { keepApart } from "./cache-headers.ts";
import type { HttpContext } from "./context.ts";
import type { HttpExchange } from "./exchange/exchange.ts";
import { isPageLoad } from "./page-load.ts";
import type { ProtectOptions } from "./request-options.ts";
import type { RequestSession } from "./request-session.ts";
import { verifyPage } from "./verify-page.ts";
import { verifyRequest } from "./verify-request.ts";

/**
 * Verifies the session of a request according to what it loads; undefined only if no session is
 * required. It returns or throws synchronously if nothing has to be awaited.
 *
 * @param isRoute whether the response depends on the session, so that caches must keep it apart.
 * False if a later handler renders it and sets this itself. Default true
 */
export function protect(
  http: HttpContext,
  exchange: HttpExchange,
  options: ProtectOptions = {},
  isRoute = true,
): Awaitable<RequestSession | undefined> {
  const { policy } = http.session;
  if (isRoute && policy.http.cacheHeaders) keepApart(exchange);
  if (options.page === true && isPageLoad(exchange)) return http.run(exchange, verifyPage, options);
  if (policy.accessToken.revocation === "store") return http.run(exchange, verifyRequest, options);
  // A check that rarely uses the store needs no call.
  try {
    const found = verifyRequest(http, exchange, options);
    return isLater(found) ? found.catch((error: unknown) => refuse(http, exchange, error)) : found;
  } catch (error) {
    return refuse(http, exchange, error);
  }
}

function refuse({ watch }: HttpContext, exchange: HttpExchange, error: unknown): never {
  watch.note(exchange, error);
  throw error;
}
