/** What the proxy of Next.js hands on, and what is told of a request where no proxy ran. */
import { HEADERS } from "../../protocol.ts";
import { carryCookies } from "./carry-cookies.ts";
import type { HttpSessions } from "./http-sessions.ts";
import { openWebExchange, type WebExchange } from "./web-exchange.ts";

/**
 * The method of the request. A page of another site cannot set it: a form sets no header, and a
 * script needs a preflight for it.
 */
const METHOD = "counterfoil-method";

/**
 * Headers of ours that the proxy's response leaves out. Next copies that response's headers onto
 * the request that it renders, where the anti-CSRF token of a refresh would pass for one that the
 * client sent.
 */
export const NOT_PASSED_ON: ReadonlySet<string> = new Set([HEADERS.antiCsrf]);

/** The headers for what runs behind the proxy. */
export function passOn(exchange: WebExchange, headers: Headers, { context }: HttpSessions): Headers {
  const passed = carryCookies(exchange, headers, context.policy.cookie);
  // Always, so that the client's own is overwritten.
  passed.set(METHOD, exchange.method);
  return passed;
}

/**
 * The method of a request of which Next shows the headers alone. Browsers send a content type and
 * `Origin` with every form that is posted, and neither with a page that is loaded. What the headers
 * do not tell is what the proxy has handed on; without one it counts as a POST.
 */
export function methodOf(headers: Pick<Headers, "get">): string {
  const isLoad = headers.get("sec-fetch-mode") === "navigate";
  const isPosted = ["content-type", "next-action"].some((name) => headers.get(name) !== null);
  if (isPosted || (isLoad && headers.get("origin") !== null)) return "POST";
  return headers.get(METHOD) ?? (isLoad ? "GET" : "POST");
}

/**
 * Judges where a request comes from, of which Next shows the headers alone.
 *
 * @throws SessionError `CSRF_REFUSED`, with the mark of Next's own `forbidden()`: where it is not
 *   caught, Next answers 403 instead of 500
 */
export function refuseSent(http: HttpSessions, headers: Pick<Headers, "get">): void {
  try {
    http.refuseCrossSite(openWebExchange({ method: methodOf(headers), url: "/", headers }));
  } catch (error) {
    throw Object.assign(error as Error, { digest: "NEXT_HTTP_ERROR_FALLBACK;403" });
  }
}
