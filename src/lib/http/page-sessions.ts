import type { Policy } from "../config/policy.ts";
import { ERROR_TYPES, RefreshRedirectError } from "../errors.ts";
import type { Clock } from "../session/clock.ts";
import type { RefreshCookies } from "./bound-refresh.ts";
import type { SessionCookies } from "./cookies.ts";
import type { HttpExchange } from "./exchange.ts";
import type { HttpSessions, ProtectOptions } from "./http-sessions.ts";
import { endsSession, hasType } from "./outcomes.ts";
import { cleanAddress, refreshAddress } from "./page-load.ts";
import type { RequestSession } from "./request-session.ts";

interface Parts extends Pick<HttpSessions, "protect" | "refresh"> {
  readonly cookies: SessionCookies;
  readonly refreshCookies: RefreshCookies;
  readonly policy: Policy;
  readonly now: Clock;
}

/**
 * Sessions of pages that are rendered on the server. A page load cannot refresh by itself as a script does, so the browser is sent through
 * the refresh route, the only one that gets the refresh token, and back.
 */
export function createPageSessions({
  protect,
  refresh,
  cookies,
  refreshCookies,
  policy,
  now,
}: Parts): Pick<HttpSessions, "protect"> {
  async function refreshPage(
    exchange: HttpExchange,
    options: ProtectOptions,
    refusal: unknown,
  ): Promise<RequestSession | undefined> {
    const isSignedIn = (["access", "marker"] as const).some((kind) => cookies.read(exchange, kind).kind !== "none");
    if (!isSignedIn) throw refusal;
    // A __Host- refresh token comes along with the page; one that a sibling sub-domain has set for it does not count.
    if ((await refreshCookies.readCertain(exchange)).kind === "one") {
      try {
        return await refresh(exchange);
      } catch (error) {
        if (endsSession(error) && options.sessionRequired === false) return undefined;
        if (!hasType(error, ERROR_TYPES.RETRY)) throw error;
      }
    }
    const address = refreshAddress(exchange, policy.cookie.renewTokenPath, now());
    if (address !== undefined) throw new RefreshRedirectError(address);
    // It has just been there, in vain: this browser keeps none of our cookies. Signed out, rather than sent around for ever.
    if (options.sessionRequired === false) return undefined;
    throw refusal;
  }

  return {
    async protect(exchange, options = {}) {
      let session: RequestSession | undefined;
      try {
        session = await protect(exchange, options);
      } catch (error) {
        // A session that is over goes there as well, since nowhere else are its cookies cleared.
        if (!hasType(error, ERROR_TYPES.TRY_REFRESH_TOKEN) && !endsSession(error)) throw error;
        return refreshPage(exchange, options, error);
      }
      // The mark has served; an address that somebody copies should not have it.
      const clean = cleanAddress(exchange, now());
      if (clean !== undefined) throw new RefreshRedirectError(clean);
      return session;
    },
  };
}
