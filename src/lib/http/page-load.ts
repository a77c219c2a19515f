import type { Policy } from "../policy.ts";
import { PAGE_PARAMETERS } from "../../protocol.ts";
import { isBelow } from "../options/base-path.ts";
import { publicUrl } from "./base-path.ts";
import type { HttpExchange } from "./exchange/exchange.ts";

// Longer than a visit to the refresh route takes, shorter than a copied URL is used.
const GUARD_MS = 30_000;
// Common proxies allow this much in a request line, with room for the rest.
const MAX_ENCODED = 6000;

/** Whether a browser loads a page, as opposed to a script that fetches data. */
export function isPageLoad(exchange: HttpExchange): boolean {
  if (exchange.method !== "GET") return false;
  const mode = exchange.header("sec-fetch-mode");
  if (mode !== undefined) return mode === "navigate";
  return (exchange.header("accept") ?? "").includes("text/html");
}

/** The part of the policy that locates pages and the refresh route. */
type RoutePolicy = Pick<Policy, "cookie" | "http">;

/**
 * The URL that refreshes a page load and leads back; undefined if the page has just come from
 * there, or its URL is no plain path.
 */
export function refreshAddress(
  exchange: Pick<HttpExchange, "url">,
  policy: RoutePolicy,
  now: number,
): string | undefined {
  if (isMarked(exchange, PAGE_PARAMETERS.refreshed, now)) return undefined;
  const url = publicUrl(exchange, policy.http.basePath);
  if (toLocalPath(url) === undefined || isRefreshRoute(url, policy)) return undefined;
  return `${policy.cookie.refreshPath}?${PAGE_PARAMETERS.to}=${encodeURIComponent(url)}`;
}

/** The URL to return to, marked so that the page is not redirected again. */
export const returnAddress = (to: string, now: number): string => mark(to, PAGE_PARAMETERS.refreshed, now);

/**
 * The page's own URL, marked so that it is reloaded only once; undefined as for `refreshAddress`.
 */
export function reloadAddress(exchange: HttpExchange, { http }: RoutePolicy, now: number): string | undefined {
  const url = publicUrl(exchange, http.basePath);
  if (isMarked(exchange, PAGE_PARAMETERS.cleared, now) || toLocalPath(url) === undefined) return undefined;
  return mark(url, PAGE_PARAMETERS.cleared, now);
}

/**
 * The URL of a returning page, without the mark; undefined for all others, and for a URL that is no
 * plain path.
 */
export function cleanAddress(exchange: HttpExchange, { http }: RoutePolicy, now: number): string | undefined {
  const clean = withoutMarks(publicUrl(exchange, http.basePath));
  const cameBack =
    isMarked(exchange, PAGE_PARAMETERS.refreshed, now) || isMarked(exchange, PAGE_PARAMETERS.cleared, now);
  // A path such as //host is a page of ours, but would mean another origin in a response.
  return cameBack && toLocalPath(clean) !== undefined ? clean : undefined;
}

type Mark = typeof PAGE_PARAMETERS.refreshed | typeof PAGE_PARAMETERS.cleared;

const MARKS = new RegExp(`(?<=[?&])(${PAGE_PARAMETERS.refreshed}|${PAGE_PARAMETERS.cleared})=(\\d{1,16})(?:&|$)`, "g");

function mark(to: string, name: Mark, now: number): string {
  const address = withoutMarks(to);
  return `${address}${address.includes("?") ? "&" : "?"}${name}=${now}`;
}

function withoutMarks(url: string): string {
  const rest = url.replace(MARKS, "");
  return rest === url ? url : rest.replace(/[?&]$/, "");
}

/** An old mark, for instance in a copied URL, does not count. */
function isMarked({ url }: Pick<HttpExchange, "url">, name: Mark, now: number): boolean {
  return [...url.matchAll(MARKS)].some(([, found, time]) => found === name && Math.abs(now - Number(time)) < GUARD_MS);
}

/**
 * Whether a URL leads to the refresh route, in any spelling that a router or proxy may accept.
 * Behind a proxy that strips the base path, that includes a doubled base path.
 */
export function isRefreshRoute(url: string, { cookie, http }: RoutePolicy): boolean {
  const path = plainPath(url);
  const paths = [cookie.renewTokenPath, cookie.refreshPath, http.basePath + cookie.refreshPath];
  return paths.some((route) => path === plainPath(route));
}

/**
 * The path of this app to which a page load returns; undefined for other URLs and for the refresh
 * route, which a link could otherwise make the browser call again and again.
 */
export function toReturnPath(text: string, policy: RoutePolicy): string | undefined {
  const path = toLocalPath(text);
  return path === undefined || !isBelow(path, policy.http.basePath) || isRefreshRoute(path, policy) ? undefined : path;
}

function plainPath(url: string): string {
  const { pathname } = new URL(url, "http://local.invalid");
  return decode(pathname)
    .replace(/;[^/]*/g, "")
    .replace(/\/+/g, "/")
    .replace(/\/$/, "")
    .toLowerCase();
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/**
 * A path and query of this origin; undefined for anything that a browser could take for another one
 * (`//host`, `/\host`, a scheme, control characters), and for a text that is too long for a
 * redirect.
 */
export function toLocalPath(text: string): string | undefined {
  if (!/^\/(?![/\\])[\x21-\x7e]*$/.test(text) || text.includes("\\")) return undefined;
  if (encodeURIComponent(text).length > MAX_ENCODED) return undefined;
  const { origin, pathname, search } = new URL(text, "http://local.invalid");
  return origin === "http://local.invalid" && !pathname.startsWith("//") ? pathname + search : undefined;
}
