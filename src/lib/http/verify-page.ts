import { ERROR_TYPES, type ErrorCode, isErrorFromAuth, RefreshRedirectError } from "../errors.ts";
import type { HttpContext } from "./context.ts";
import type { HttpExchange } from "./exchange/exchange.ts";
import { endsSession, hasCode, hasType } from "./outcomes.ts";
import { cleanAddress, refreshAddress, reloadAddress } from "./page-load.ts";
import { refreshRequest } from "./refresh.ts";
import type { ProtectOptions } from "./request-options.ts";
import type { RequestSession } from "./request-session.ts";
import { judge, verifyRequest } from "./verify-request.ts";

// Only these are cured by a newer token. A refresh must not be a way around any other refusal.
const CURED_BY_REFRESH: ReadonlySet<ErrorCode> = new Set([
  "ACCESS_TOKEN_MISSING",
  "ACCESS_TOKEN_EXPIRED",
  "ACCESS_TOKEN_INVALID",
]);

/**
 * The session of a page that is rendered on the server. A page load cannot refresh by itself as a
 * script does, so the browser is sent through the refresh route, the only one that gets the refresh
 * token, and back.
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
    // The refusal has cleared the duplicates, so the same page is asked for once more.
    if (hasCode(error, "DUPLICATE_COOKIE")) return sendTo(reloadAddress(exchange, policy, now()), options, error);
    const isCured = isErrorFromAuth(error) && CURED_BY_REFRESH.has(error.code);
    // A session that is over goes there as well, since nowhere else are its cookies cleared.
    if (!isCured && !endsSession(error)) throw error;
    return refreshPage(http, exchange, options, error);
  }
  if (session === undefined && (await http.otherNames.seen(exchange))) {
    const address = refreshAddress(exchange, policy, now());
    if (address !== undefined) throw new RefreshRedirectError(address);
    // It has just been there, and this browser keeps them: no page is sent around for ever.
    return undefined;
  }
  // The mark has served; an address that somebody copies should not have it.
  const clean = cleanAddress(exchange, policy, now());
  if (clean !== undefined) throw new RefreshRedirectError(clean);
  return session;
}

async function refreshPage(
  http: HttpContext,
  exchange: HttpExchange,
  options: ProtectOptions,
  refusal: unknown,
): Promise<RequestSession | undefined> {
  const { cookies, refreshCookies, otherNames, session } = http;
  const isSignedIn = (["access", "marker"] as const).some((kind) => cookies.read(exchange, kind).kind !== "none");
  // So is a browser that signed in under other names, until the refresh route has cleared them.
  if (!isSignedIn && !(await otherNames.seen(exchange))) throw refusal;
  // A __Host- refresh token comes along with the page; one that a sibling sub-domain has set for
  // it does not count.
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
 * @param address undefined where the page has just come from there: refused then, instead of being
 * sent around for ever
 */
function sendTo(address: string | undefined, options: ProtectOptions, refusal: unknown): undefined {
  if (address !== undefined) throw new RefreshRedirectError(address);
  if (options.sessionRequired !== false) throw refusal;
  return undefined;
}
