import { PAGE_PARAMETERS } from "../../protocol.ts";
import { type HttpExchange, pathOf } from "./exchange.ts";

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

/** Where to send a page load so that it is refreshed and comes back; undefined when it has just been there, or its address is no plain path. */
export function refreshAddress(exchange: HttpExchange, renewTokenPath: string, now: number): string | undefined {
  if (cameBack(exchange, now)) return undefined;
  const { url } = exchange;
  if (toLocalPath(url) === undefined || pathOf(exchange) === renewTokenPath) return undefined;
  return `${renewTokenPath}?${PAGE_PARAMETERS.to}=${encodeURIComponent(url)}`;
}

/** The address to come back to, marked so that the page is not sent away again. */
export function returnAddress(to: string, now: number): string {
  const address = withoutMarks(to);
  return `${address}${address.includes("?") ? "&" : "?"}${PAGE_PARAMETERS.refreshed}=${now}`;
}

/** Whether the page comes from the refresh route. An old mark, say in a copied address, counts for nothing, wherever it stands. */
export function cameBack({ url }: HttpExchange, now: number): boolean {
  return [...url.matchAll(MARKS)].some(([, time]) => Math.abs(now - Number(time)) < GUARD_MS);
}

/** The address of a page that comes from the refresh route, without the mark; undefined for all others, and for what is no plain path. */
export function cleanAddress(exchange: HttpExchange, now: number): string | undefined {
  const clean = withoutMarks(exchange.url);
  // A path such as //host is a page of ours, and another origin once it is written into an answer.
  return cameBack(exchange, now) && toLocalPath(clean) !== undefined ? clean : undefined;
}

function withoutMarks(url: string): string {
  const rest = url.replace(MARKS, "");
  return rest === url ? url : rest.replace(/[?&]$/, "");
}

const MARKS = new RegExp(`(?<=[?&])${PAGE_PARAMETERS.refreshed}=(\\d{1,16})(?:&|$)`, "g");

/**
 * A path and query of this very origin; undefined for anything that a browser could take for another one (`//host`, `/\host`, a
 * scheme, control characters), and for what is too long to be sent around.
 */
export function toLocalPath(text: string): string | undefined {
  if (!/^\/(?![/\\])[\x21-\x7e]*$/.test(text) || text.includes("\\")) return undefined;
  if (encodeURIComponent(text).length > MAX_ENCODED) return undefined;
  const { origin, pathname, search } = new URL(text, "http://local.invalid");
  return origin === "http://local.invalid" && !pathname.startsWith("//") ? pathname + search : undefined;
}
