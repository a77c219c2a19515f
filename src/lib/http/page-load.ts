import type { Policy } from "../policy.ts";
import { PAGE_PARAMETERS } from "../../protocol.ts";
import { isBelow } from "../options/base-path.ts";
import { publicUrl } from "./base-path.ts";
import type { HttpExchange } from "./exchange/exchange.ts";

// Longer than a visit to the refresh route takes, shorter than a copied address stays in use.
const GUARD_MS = 30_000;
// What common proxies let through in a request line, with room for the rest of it.
const MAX_ENCODED = 6000;

/** Whether a browser is loading a page, as opposed to a script that fetches data. */
export function isPageLoad(exchange: HttpExchange): boolean {
  if (exchange.method !== "GET") return false;
  const mode = exchange.header("sec-fetch-mode");
  if (mode !== undefined) return mode === "navigate";
  return (exchange.header("accept") ?? "").includes("text/html");
}

/** The part of the policy that says where pages and the refresh route are. */
type RoutePolicy = Pick<Policy, "cookie" | "http">;

/**
 * Where to send a page load so that it is refreshed and comes back; undefined when it has just been
 * there, or its address is no plain path.
 */
export function refreshAddress(exchange: HttpExchange, policy: RoutePolicy, now: number): string | undefined {
  if (isMarked(exchange, PAGE_PARAMETERS.refreshed, now)) return undefined;
  const url = publicUrl(exchange, policy.http.basePath);
  if (toLocalPath(url) === undefined || isRefreshRoute(url, policy)) return undefined;
  return `${policy.cookie.refreshPath}?${PAGE_PARAMETERS.to}=${encodeURIComponent(url)}`;
}

/** The address to come back to, marked so that the page is not sent away again. */
export const returnAddress = (to: string, now: number): string => mark(to, PAGE_PARAMETERS.refreshed, now);

/**
 * The page's own address, marked so that it is loaded again only once; undefined as for
 * `refreshAddress`.
 */
export function reloadAddress(exchange: HttpExchange, { http }: RoutePolicy, now: number): string | undefined {
  const url = publicUrl(exchange, http.basePath);
  if (isMarked(exchange, PAGE_PARAMETERS.cleared, now) || toLocalPath(url) === undefined) return undefined;
  return mark(url, PAGE_PARAMETERS.cleared, now);
}

/**
 * The address of a page that comes back, without the mark; undefined for all others, and for an
 * address that is no plain path.
 */
export function cleanAddress(exchange: HttpExchange, { http }: RoutePolicy, now: number): string | undefined {
  const clean = withoutMarks(publicUrl(exchange, http.basePath));
  const cameBack =
    isMarked(exchange, PAGE_PARAMETERS.refreshed, now) || isMarked(exchange, PAGE_PARAMETERS.cleared, now);
  // A path such as //host is a page of ours, and another origin once it is written into an answer.
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

/** An old mark, for instance in a copied address, counts for nothing, wherever it stands. */
function isMarked({ url }: HttpExchange, name: Mark, now: number): boolean {
  return [...url.matchAll(MARKS)].some(([, found, time]) => found === name && Math.abs(now - Number(time)) < GUARD_MS);
}

/**
 * Whether an address leads to the refresh route, in any spelling that a router or a proxy may take
 * for it. Behind a proxy that strips the base path, that is one with two of them as well.
 */
export function isRefreshRoute(url: string, { cookie, http }: RoutePolicy): boolean {
  const path = plainPath(url);
  const paths = [cookie.renewTokenPath, cookie.refreshPath, http.basePath + cookie.refreshPath];
  return paths.some((route) => path === plainPath(route));
}

/**
 * A path of this app that a page load comes back to; undefined for any other place, and for the
 * refresh route: refreshing again and again by one link would only cost the store.
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
 * A path and query of this very origin; undefined for anything that a browser could take for
 * another one (`//host`, `/\host`, a scheme, control characters), and for what is too long to be
 * sent around.
 */
export function toLocalPath(text: string): string | undefined {
  if (!/^\/(?![/\\])[\x21-\x7e]*$/.test(text) || text.includes("\\")) return undefined;
  if (encodeURIComponent(text).length > MAX_ENCODED) return undefined;
  const { origin, pathname, search } = new URL(text, "http://local.invalid");
  return origin === "http://local.invalid" && !pathname.startsWith("//") ? pathname + search : undefined;
}
