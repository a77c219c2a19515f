import { ERROR_TYPES, type ErrorCode, isErrorFromAuth, RefreshRedirectError } from "../errors.ts";
import type { HttpContext } from "./context.ts";
import type { HttpExchange } from "./exchange/exchange.ts";
import { endsSession, hasCode, hasType } from "./outcomes.ts";
import { cleanAddress, refreshAddress, reloadAddress } from "./page-load.ts";
import { refreshRequest } from "./refresh.ts";
import type { ProtectOptions } from "./request-options.ts";
import type { RequestSession } from "./request-session.ts";
import { judge, verifyRequest } from "./verify-request.ts";

// A newer token solves only these. A refresh must not bypass any other refusal.
const CURED_BY_REFRESH: ReadonlySet<ErrorCode> = new Set([
  "ACCESS_TOKEN_MISSING",
  "ACCESS_TOKEN_EXPIRED",
  "ACCESS_TOKEN_INVALID",
]);

// These come after the tokens were found good, so the visit to the refresh route is over.
const REFUSED_WITH_GOOD_TOKENS: ReadonlySet<ErrorCode> = new Set([
  "ACTOR_REFUSED",
  "CLAIM_REQUIRED",
  "STEP_UP_REQUIRED",
]);

/**
 * Returns the session of a page that is rendered on the server. A page load cannot refresh as a
 * script does, so the browser is redirected through the refresh route, the only one that gets the
 * refresh token, and back.
 */
export async function verifyPage(
  http: HttpContext,
  exchange: HttpExchange,
  options: ProtectOptions,
): Promise<RequestSession | undefined> {
  const { policy, now } = http.session;
  let session: RequestSession | undefined;
  try {
    session = await verifyRequest(http, exchange, options);
  } catch (error) {
    // The refusal has cleared the duplicates, so the page is loaded once more.
    if (hasCode(error, "DUPLICATE_COOKIE")) return sendTo(reloadAddress(exchange, policy, now()), options, error);
    if (isErrorFromAuth(error) && REFUSED_WITH_GOOD_TOKENS.has(error.code)) removeMark(http, exchange);
    const isCured = isErrorFromAuth(error) && CURED_BY_REFRESH.has(error.code);
    // An ended session is redirected, too: only the refresh route clears its cookies.
    if (!isCured && !endsSession(error)) throw error;
    return refreshPage(http, exchange, options, error);
  }
  if (session === undefined && (await http.otherNames.seen(exchange))) {
    const address = refreshAddress(exchange, policy, now());
    if (address !== undefined) throw new RefreshRedirectError(address);
    // The browser has just been redirected and keeps the cookies. Redirecting again would never
    // end.
    return undefined;
  }
  removeMark(http, exchange);
  return session;
}

/** The mark is no longer needed, and should not be in a copied URL. */
function removeMark({ session: { policy, now } }: HttpContext, exchange: HttpExchange): void {
  const clean = cleanAddress(exchange, policy, now());
  if (clean !== undefined) throw new RefreshRedirectError(clean);
}

async function refreshPage(
  http: HttpContext,
  exchange: HttpExchange,
  options: ProtectOptions,
  refusal: unknown,
): Promise<RequestSession | undefined> {
  const { cookies, refreshCookies, otherNames, session } = http;
  const isSignedIn = (["access", "marker"] as const).some((kind) => cookies.read(exchange, kind).kind !== "none");
  // A browser that signed in under other cookie names counts until the refresh route has cleared
  // those.
  if (!isSignedIn && !(await otherNames.seen(exchange))) throw refusal;
  // A __Host- refresh token comes with the page load; a cookie that a sibling sub-domain has set
  // does not count.
  if ((await refreshCookies.readCertain(exchange)).kind === "one") {
    try {
      const { judged } = await refreshRequest(http, exchange);
      return await judge(http, exchange, judged, options);
    } catch (error) {
      if (endsSession(error) && options.sessionRequired === false) return undefined;
      if (!hasType(error, ERROR_TYPES.RETRY)) throw error;
    }
  }
  return sendTo(refreshAddress(exchange, session.policy, session.now()), options, refusal);
}

/**
 * @param address undefined if the page has just come from there; it is then refused, to avoid a
 * redirect loop
 */
function sendTo(address: string | undefined, options: ProtectOptions, refusal: unknown): undefined {
  if (address !== undefined) throw new RefreshRedirectError(address);
  if (options.sessionRequired !== false) throw refusal;
  return undefined;
}
