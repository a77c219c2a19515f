/** What the proxy of Next.js hands on, and what is told of a request where no proxy ran. */
import { HEADERS } from "../../../protocol.ts";
import { carryCookies } from "../exchange/carry-cookies.ts";
import type { HttpContext } from "../context.ts";
import { refusePresented } from "../csrf.ts";
import type { RequestSession } from "../request-session.ts";
import type { HttpResponse } from "../exchange/exchange.ts";
import { openWebExchange, toResponse, type WebExchange } from "../exchange/web-exchange.ts";
import { protect } from "../protect.ts";
import { isPageLoad } from "../page-load.ts";

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

/**
 * When the proxy found the session of a request good: `<time>.<handle>.<MAC>`. What is rendered
 * some moments later, in another bundle or process, judges the token by that time. The MAC keeps a
 * copied token from living longer where no proxy overwrites the header.
 */
const SEEN = "counterfoil-seen";
const SEEN_SHAPE = /^(\d{1,16})\.([A-Za-z0-9_-]{24})\.([A-Za-z0-9_-]{43})$/;

/** No handle of a session has this form, so no anti-CSRF token is such a MAC. */
const claimOf = (at: string | number, handle: string): string => `seen.${at}.${handle}`;

/** What the proxy has found, and when it began to look, in ms since the epoch. */
interface Seen {
  readonly session: RequestSession | undefined;
  readonly at: number;
}

/** The headers for what runs behind the proxy. */
export function passOn(
  exchange: WebExchange,
  headers: Headers,
  { session: context }: HttpContext,
  { session, at }: Seen,
): Headers {
  const passed = carryCookies(exchange, headers, context.policy.cookie);
  // Always, so that the client's own are overwritten.
  passed.set(METHOD, exchange.method);
  passed.delete(SEEN);
  if (session !== undefined) {
    const handle = session.getHandle();
    passed.set(SEEN, `${at}.${handle}.${context.antiCsrf.of(claimOf(at, handle))}`);
  }
  return passed;
}

/**
 * Opens the exchange of a request of which Next shows the headers alone, with what the proxy has
 * found out about it.
 */
export async function openSent(http: HttpContext, headers: Pick<Headers, "get">): Promise<WebExchange> {
  const exchange = openWebExchange({ method: "GET", url: "/", headers });
  const [, at, handle, mac] = SEEN_SHAPE.exec(headers.get(SEEN) ?? "") ?? [];
  if (at === undefined || handle === undefined || mac === undefined) return exchange;
  // The secrets of the MAC are there once the store is open.
  await http.session.ready();
  if (http.session.antiCsrf.matches(mac, claimOf(at, handle))) http.times.see(exchange, handle, Number(at));
  return exchange;
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
export function refuseSent(http: HttpContext, headers: Pick<Headers, "get">): void {
  try {
    refusePresented(http, openWebExchange({ method: methodOf(headers), url: "/", headers }));
  } catch (error) {
    throw Object.assign(error as Error, { digest: "NEXT_HTTP_ERROR_FALLBACK;403" });
  }
}

/**
 * Page loads, their data and server actions; other routes protect themselves, and images need
 * nobody.
 */
export async function prepareRender(exchange: WebExchange, http: HttpContext): Promise<RequestSession | undefined> {
  const isData = exchange.method === "GET" && exchange.header("sec-fetch-dest") === "empty";
  if (!isData && !isPageLoad(exchange) && exchange.header("next-action") === undefined) return undefined;
  // Next sends actions without our token; where they come from has been checked.
  return protect(http, exchange, { sessionRequired: false, page: true, antiCsrfCheck: false }, false);
}

export function toNextResponse(httpResponse: HttpResponse, request: Request): Response {
  const response = toResponse(httpResponse);
  const location = response.headers.get("location");
  // Next wants whole addresses.
  if (location !== null) response.headers.set("location", new URL(location, request.url).href);
  return response;
}
