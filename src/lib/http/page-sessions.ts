import type { Policy } from "../policy.ts";
import { ERROR_TYPES, type ErrorCode, isErrorFromAuth, RefreshRedirectError } from "../errors.ts";
import type { Clock } from "../clock.ts";
import type { RefreshCookies } from "./bound-refresh.ts";
import type { SessionCookies } from "./cookies.ts";
import type { HttpExchange } from "./exchange/exchange.ts";
import type { HttpSessions, Judged, ProtectOptions, Renewed } from "./http-sessions.ts";
import type { OtherNames } from "./other-names.ts";
import { endsSession, hasCode, hasType } from "./outcomes.ts";
import { cleanAddress, refreshAddress, reloadAddress } from "./page-load.ts";
import type { RequestSession } from "./request-session.ts";

interface Parts extends Pick<HttpSessions, "protect"> {
  readonly renew: (exchange: HttpExchange) => Promise<Renewed>;
  /** Judges a token by what a route demands, as `protect` does. */
  readonly judge: (exchange: HttpExchange, judged: Judged, options: ProtectOptions) => Promise<RequestSession>;
  readonly cookies: SessionCookies;
  readonly refreshCookies: RefreshCookies;
  readonly otherNames: OtherNames;
  readonly policy: Policy;
  readonly now: Clock;
}

// Only these are cured by a newer token. A refresh must not be a way around any other refusal.
const CURED_BY_REFRESH: ReadonlySet<ErrorCode> = new Set([
  "ACCESS_TOKEN_MISSING",
  "ACCESS_TOKEN_EXPIRED",
  "ACCESS_TOKEN_INVALID",
]);

/**
 * Sessions of pages that are rendered on the server. A page load cannot refresh by itself as a script does, so the browser is sent through
 * the refresh route, the only one that gets the refresh token, and back.
 */
export function createPageSessions(parts: Parts): Pick<HttpSessions, "protect"> {
  const { protect, renew, judge, cookies, refreshCookies, otherNames, policy, now } = parts;

  async function refreshPage(
    exchange: HttpExchange,
    options: ProtectOptions,
    refusal: unknown,
  ): Promise<RequestSession | undefined> {
    const isSignedIn = (["access", "marker"] as const).some((kind) => cookies.read(exchange, kind).kind !== "none");
    // So is a browser that signed in under other names, until the refresh route has cleared them.
    if (!isSignedIn && !(await otherNames.seen(exchange))) throw refusal;
    // A __Host- refresh token comes along with the page; one that a sibling sub-domain has set for
    // it does not count.
    if ((await refreshCookies.readCertain(exchange)).kind === "one") {
      try {
        const { judged } = await renew(exchange);
        return await judge(exchange, judged, options);
      } catch (error) {
        if (endsSession(error) && options.sessionRequired === false) return undefined;
        if (!hasType(error, ERROR_TYPES.RETRY)) throw error;
      }
    }
    const address = refreshAddress(exchange, policy, now());
    return sendTo(address, options, refusal);
  }

  return {
    async protect(exchange, options = {}) {
      let session: RequestSession | undefined;
      try {
        session = await protect(exchange, options);
      } catch (error) {
        // The refusal has cleared the duplicates, so the same page is asked for once more.
        if (hasCode(error, "DUPLICATE_COOKIE")) return sendTo(reloadAddress(exchange, policy, now()), options, error);
        const isCured = isErrorFromAuth(error) && CURED_BY_REFRESH.has(error.code);
        // A session that is over goes there as well, since nowhere else are its cookies cleared.
        if (!isCured && !endsSession(error)) throw error;
        return refreshPage(exchange, options, error);
      }
      if (session === undefined && (await otherNames.seen(exchange))) {
        const address = refreshAddress(exchange, policy, now());
        if (address !== undefined) throw new RefreshRedirectError(address);
        // It has just been there, and this browser keeps them: no page is sent around for ever.
        return undefined;
      }
      // The mark has served; an address that somebody copies should not have it.
      const clean = cleanAddress(exchange, policy, now());
      if (clean !== undefined) throw new RefreshRedirectError(clean);
      return session;
    },
  };
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
