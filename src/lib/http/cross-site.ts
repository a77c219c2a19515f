import type { HttpPolicy } from "../policy.ts";
import { HEADERS } from "../../protocol.ts";
import { MAX_ORIGIN_LENGTH, parseOrigin } from "../options/origin.ts";
import { type HttpExchange, isUnsafe } from "./exchange/exchange.ts";

/**
 * The first layer against cross-site requests: the browser's own statement of a request's origin.
 * `Sec-Fetch-Site` decides if it was sent (Fetch Metadata), else `Origin` (RFC 6454 7). A request
 * with neither does not come from a browser, so no page can forge it.
 *
 * @returns why an unsafe request is refused; undefined if it passes
 */
export function findCrossSite(exchange: HttpExchange, policy: HttpPolicy): string | undefined {
  return isUnsafe(exchange) ? findForeignSite(exchange, policy) : undefined;
}

/** The same for a request of any method that other sites must not make. */
export function findForeignSite(exchange: HttpExchange, policy: HttpPolicy): string | undefined {
  // Checked first, because looking up an origin in a set costs a hash.
  const site = exchange.header("sec-fetch-site");
  if (site === "same-origin" || site === "none") return undefined;
  const origin = exchange.header("origin");
  if (origin !== undefined && isTrusted(origin, policy)) return undefined;
  if (site !== undefined)
    return `a ${site === "same-site" ? "same-site" : "cross-site"} request from an origin that is not in http.trustedOrigins`;
  if (origin === undefined || isOwn(origin, exchange, policy)) return undefined;
  return "an Origin that is neither http.publicOrigin nor in http.trustedOrigins";
}

/**
 * The first layer for a sign-in, which may also be a GET: OAuth callbacks and magic links. From
 * another site only a top-level navigation passes; otherwise an image could sign its visitor in as
 * another user.
 */
export function findCrossSiteSignIn(exchange: HttpExchange, policy: HttpPolicy): string | undefined {
  if (isUnsafe(exchange)) return findCrossSite(exchange, policy);
  const site = exchange.header("sec-fetch-site");
  if (site === undefined || site === "same-origin" || site === "none") return undefined;
  const origin = exchange.header("origin");
  if (origin !== undefined && isTrusted(origin, policy)) return undefined;
  const isNavigation = (exchange.header("sec-fetch-mode") ?? "navigate") === "navigate";
  if (isNavigation && (exchange.header("sec-fetch-dest") ?? "document") === "document") return undefined;
  return "a sign-in by GET that another site asked for without loading the page";
}

/**
 * Replaces the anti-CSRF token if that is off: pages of other origins cannot send this header
 * without a preflight.
 */
export const hasCustomHeader = (exchange: HttpExchange): boolean => exchange.header(HEADERS.custom) !== undefined;

export function isTrusted(origin: string, policy: HttpPolicy): boolean {
  return policy.trustedOrigins.has(origin);
}

export function isOwn(origin: string, exchange: HttpExchange, policy: HttpPolicy): boolean {
  if (policy.publicOrigin !== undefined) return origin === policy.publicOrigin;
  // Without a public origin only the host is compared: the scheme is unknown behind a proxy, and
  // clients can forge X-Forwarded-*.
  return isSameHost(origin, exchange);
}

/** Whether an origin has the requested host and port. */
export function isSameHost(origin: string, exchange: HttpExchange): boolean {
  const parsed = parseOrigin(origin);
  if (parsed === undefined) return false;
  const { protocol, host } = new URL(parsed);
  const asked = `${protocol}//${exchange.header("host")}`;
  if (asked.length > MAX_ORIGIN_LENGTH) return false;
  return URL.canParse(asked) && new URL(asked).host === host;
}
