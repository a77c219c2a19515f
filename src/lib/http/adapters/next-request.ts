/** The facts that the proxy of Next.js passes on, and those of a request without a proxy. */
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
 * Our headers that the proxy's response leaves out. Next copies that response's headers onto the
 * request that it renders, so the anti-CSRF token of a refresh would look as if the client had sent
 * it.
 */
export const NOT_PASSED_ON: ReadonlySet<string> = new Set([HEADERS.antiCsrf]);

/**
 * When the proxy verified the session of a request: `<time>.<handle>.<MAC>`. A later render, in
 * another bundle or process, judges the token by that time. The MAC keeps a copied token from
 * living longer if no proxy overwrites the header.
 */
const SEEN = "counterfoil-seen";
const SEEN_SHAPE = /^(\d{1,16})\.([A-Za-z0-9_-]{24})\.([A-Za-z0-9_-]{43})$/;

/** No session handle has this form, so this MAC is never an anti-CSRF token. */
const claimOf = (at: string | number, handle: string): string => `seen.${at}.${handle}`;

/** The proxy's result, and when its check began, in ms since the epoch. */
interface Seen {
  readonly session: RequestSession | undefined;
  readonly at: number;
}

/** The headers for the render behind the proxy. */
export function passOn(
  exchange: WebExchange,
  headers: Headers,
  { session: context }: HttpContext,
  { session, at }: Seen,
): Headers {
  const passed = carryCookies(exchange, headers, context.policy.cookie);
  // Always set, so that the client cannot set it.
  passed.set(METHOD, exchange.method);
  passed.delete(SEEN);
  if (session !== undefined) {
    const handle = session.getHandle();
    passed.set(SEEN, `${at}.${handle}.${context.antiCsrf.of(claimOf(at, handle))}`);
  }
  return passed;
}

/**
 * Opens an exchange from the headers alone, which is all that Next shows, with the proxy's result.
 */
export async function openSent(http: HttpContext, headers: Pick<Headers, "get">): Promise<WebExchange> {
  const exchange = openWebExchange({ method: "GET", url: "/", headers });
  const [, at, handle, mac] = SEEN_SHAPE.exec(headers.get(SEEN) ?? "") ?? [];
  if (at === undefined || handle === undefined || mac === undefined) return exchange;
  // The MAC's secrets are loaded when the store opens.
  await http.session.ready();
  if (http.session.antiCsrf.matches(mac, claimOf(at, handle))) http.times.see(exchange, handle, Number(at));
  return exchange;
}

/**
 * The method of a request whose headers alone are known. Browsers send a content type and `Origin`
 * with every posted form, and neither with a page load. Otherwise the proxy's header tells it;
 * without a proxy the request counts as a POST.
 */
export function methodOf(headers: Pick<Headers, "get">): string {
  const isLoad = headers.get("sec-fetch-mode") === "navigate";
  const isPosted = ["content-type", "next-action"].some((name) => headers.get(name) !== null);
  if (isPosted || (isLoad && headers.get("origin") !== null)) return "POST";
  return headers.get(METHOD) ?? (isLoad ? "GET" : "POST");
}

/**
 * Checks the origin of a request whose headers alone are known.
 *
 * @throws SessionError `CSRF_REFUSED`, marked like Next's own `forbidden()`, so that Next responds
 * with 403 instead of 500 if it is not caught
 */
export function refuseSent(http: HttpContext, headers: Pick<Headers, "get">): void {
  try {
    refusePresented(http, openWebExchange({ method: methodOf(headers), url: "/", headers }));
  } catch (error) {
    throw Object.assign(error as Error, { digest: "NEXT_HTTP_ERROR_FALLBACK;403" });
  }
}

/**
 * Prepares page loads, their data and server actions. Other routes protect themselves, and images
 * need no session.
 */
export async function prepareRender(exchange: WebExchange, http: HttpContext): Promise<RequestSession | undefined> {
  const isData = exchange.method === "GET" && exchange.header("sec-fetch-dest") === "empty";
  if (!isData && !isPageLoad(exchange) && exchange.header("next-action") === undefined) return undefined;
  // Next sends actions without our token. Their origin was checked before.
  return protect(http, exchange, { sessionRequired: false, page: true, antiCsrfCheck: false }, false);
}

export function toNextResponse(httpResponse: HttpResponse, request: Request): Response {
  const response = toResponse(httpResponse);
  const location = response.headers.get("location");
  // Next requires absolute URLs.
  if (location !== null) response.headers.set("location", new URL(location, request.url).href);
  return response;
}
