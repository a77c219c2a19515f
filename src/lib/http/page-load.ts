import { PAGE_PARAMETERS } from "../../protocol.ts";
import { type HttpExchange, pathOf } from "./exchange.ts";

// Longer than a visit to the refresh route takes, shorter than a copied address stays in use.
const GUARD_MS = 30_000;
const MAX_URL = 2000;

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
  const mark = `${PAGE_PARAMETERS.refreshed}=${now}`;
  return to.includes("?") ? `${to}&${mark}` : `${to}?${mark}`;
}

/** Whether the page comes from the refresh route. An old mark, say in a copied address, counts for nothing. */
export function cameBack(exchange: HttpExchange, now: number): boolean {
  const mark = MARK.exec(exchange.url)?.[2];
  return mark !== undefined && Math.abs(now - Number(mark)) < GUARD_MS;
}

/** The address without the mark. */
export const withoutMark = ({ url }: HttpExchange): string =>
  url.replace(MARK, (_, before: string, __, after: string) => (after === "" ? "" : before));

const MARK = new RegExp(`([?&])${PAGE_PARAMETERS.refreshed}=(\\d{1,16})(&|$)`);

/**
 * A path and query of this very origin; undefined for anything that a browser could take for another one (`//host`, `/\host`, a
 * scheme, control characters), and for what is too long to be sent around.
 */
export function toLocalPath(text: string): string | undefined {
  if (text.length > MAX_URL || !/^\/(?![/\\])[\x21-\x7e]*$/.test(text) || text.includes("\\")) return undefined;
  const { origin, pathname, search } = new URL(text, "http://local.invalid");
  return origin === "http://local.invalid" && !pathname.startsWith("//") ? pathname + search : undefined;
}
