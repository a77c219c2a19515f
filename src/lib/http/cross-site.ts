import type { HttpPolicy } from "../policy.ts";
import { HEADERS } from "../../protocol.ts";
import { MAX_ORIGIN_LENGTH, parseOrigin } from "../options/origin.ts";
import { type HttpExchange, isUnsafe } from "./exchange/exchange.ts";

/**
 * The first layer against cross-site requests: what the browser itself says about where a request
 * comes from. Why an unsafe request is refused; undefined when it passes.
 *
 * `Sec-Fetch-Site` decides where it is sent (Fetch Metadata), `Origin` (RFC 6454 7) where it is
 * not. A request with neither comes from no browser, and no browser can be tricked into it.
 */
export function findCrossSite(exchange: HttpExchange, policy: HttpPolicy): string | undefined {
  if (!isUnsafe(exchange)) return undefined;
  // First, since to look for an origin in a set is to hash it.
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
 * The first layer for a sign-in, which changes something by GET as well: OAuth callbacks and magic
 * links. From another site only a top-level navigation passes; a page could otherwise sign its
 * visitor in as somebody else by an image.
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
 * The stand-in for the anti-CSRF token where that is off: a header that no page of another origin
 * can send without a preflight.
 */
export const hasCustomHeader = (exchange: HttpExchange): boolean => exchange.header(HEADERS.custom) !== undefined;

export function isTrusted(origin: string, policy: HttpPolicy): boolean {
  return policy.trustedOrigins.has(origin);
}

export function isOwn(origin: string, exchange: HttpExchange, policy: HttpPolicy): boolean {
  if (policy.publicOrigin !== undefined) return origin === policy.publicOrigin;
  // Without a public origin only the host can be compared: behind a proxy the scheme is not known,
  // and X-Forwarded-* is anyone's word.
  return isSameHost(origin, exchange);
}

/** Whether an origin has the host and port that the request asks for. */
export function isSameHost(origin: string, exchange: HttpExchange): boolean {
  const parsed = parseOrigin(origin);
  if (parsed === undefined) return false;
  const { protocol, host } = new URL(parsed);
  const asked = `${protocol}//${exchange.header("host")}`;
  if (asked.length > MAX_ORIGIN_LENGTH) return false;
  return URL.canParse(asked) && new URL(asked).host === host;
}
