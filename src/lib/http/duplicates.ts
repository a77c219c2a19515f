import type { HttpContext } from "./context.ts";
import { COOKIE_KINDS, type CookieKind } from "./cookies.ts";
import type { HttpExchange } from "./exchange/exchange.ts";

type Cookies = Pick<HttpContext, "cookies">;

/** Clears the duplicates of all our cookies, if the request shows that one of them has any. */
export function clearAllDuplicates({ cookies }: Cookies, exchange: HttpExchange): void {
  const seen = COOKIE_KINDS.filter((kind) => cookies.read(exchange, kind).kind === "ambiguous");
  if (seen.length === 0) return;
  // The refresh cookie is not sent here, so a host that has set a duplicate of one kind is taken
  // to have set the others in the same domains; no more than that, since an answer that outgrows
  // a proxy's buffer clears nothing.
  for (const kind of COOKIE_KINDS) cookies.clearDuplicates(exchange, kind, seen.includes(kind) ? "all" : "own");
}

/**
 * Clears the cookies beside ours, in every place but ours, where the request carries two
 * different ones. Does nothing once the headers have been sent: a cookie that another host has
 * set must not make the request fail.
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
