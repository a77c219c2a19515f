import type { HttpContext } from "./context.ts";
import { COOKIE_KINDS, type CookieKind } from "./cookies.ts";
import type { HttpExchange } from "./exchange/exchange.ts";

type Cookies = Pick<HttpContext, "cookies">;

/** Clears the duplicates of all our cookies, if the request shows a duplicate of any. */
export function clearAllDuplicates({ cookies }: Cookies, exchange: HttpExchange): void {
  const seen = COOKIE_KINDS.filter((kind) => cookies.read(exchange, kind).kind === "ambiguous");
  if (seen.length === 0) return;
  // The refresh cookie is not visible here. If one cookie has duplicates, clear the others in the
  // same domains too, but not more: proxies drop responses with too many headers.
  for (const kind of COOKIE_KINDS) cookies.clearDuplicates(exchange, kind, seen.includes(kind) ? "all" : "own");
}

/**
 * Clears duplicates in all scopes but ours, if the request has two different cookies. Does nothing
 * once the headers are sent: a cookie of another host must not make the request fail.
 */
export function clearDuplicatesSeen(
  { cookies }: Cookies,
  exchange: HttpExchange,
  ...kinds: readonly CookieKind[]
): void {
  for (const kind of kinds)
    if (cookies.read(exchange, kind).kind === "ambiguous" && isUnsent(exchange))
      cookies.clearDuplicates(exchange, kind);
}

function isUnsent(exchange: HttpExchange): boolean {
  try {
    exchange.checkUnsent();
    return true;
  } catch {
    return false;
  }
}
