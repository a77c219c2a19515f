import { HEADERS } from "../../protocol.ts";
import { isHostName } from "../cookie-names.ts";
import { isErrorFromAuth, type SessionError } from "../errors.ts";
import type { Notice } from "../notices.ts";
import type { SessionContext } from "../session/context.ts";
import type { SessionCookies } from "./cookies.ts";
import { findCrossSite, findCrossSiteSignIn } from "./cross-site.ts";
import type { HttpExchange } from "./exchange/exchange.ts";
import { createRecentSignIns } from "./recent-sign-ins.ts";
import * as faults from "./setup-notices.ts";
import { guardedRefresh } from "./unreached-routes.ts";

/** Looks at what requests are refused, and at sign-ins. */
export interface RequestWatch {
  /** Counts a refusal, and tells of it where it shows that the set-up cannot work. */
  note(exchange: HttpExchange, error: unknown): void;
  /** A sign-in has succeeded. */
  signedIn(exchange: HttpExchange): void;
  /** The user signs out. */
  signedOut(exchange: HttpExchange): void;
}

/** A request that is verified costs nothing, a sign-in a few headers. */
export function createRequestWatch(
  { refusals, policy, accessTokens, ring, isMemory, now }: SessionContext,
  cookies: SessionCookies,
): RequestWatch {
  const signIns = createRecentSignIns(now);

  const has = (exchange: HttpExchange, kind: "access" | "refresh" | "marker"): boolean =>
    cookies.read(exchange, kind).kind !== "none";
  const hasOurs = (exchange: HttpExchange): boolean => has(exchange, "access") || has(exchange, "marker");

  function isOfUnknownKey(exchange: HttpExchange): boolean {
    const access = cookies.read(exchange, "access");
    // Keys that this process has seen go are known to be gone.
    return access.kind === "one" && ring.epoch() === 0 && accessTokens.namesUnknownKey(access.value);
  }

  function causeOfMissingRefresh(exchange: HttpExchange): Notice | undefined {
    // One that is there and does not count has been told of by its own code.
    if (has(exchange, "refresh") || cookies.readOther(exchange, "refresh").kind !== "none") return undefined;
    if (hasOurs(exchange))
      return isHostName(policy.cookie.names.refresh) ? undefined : faults.missingRefreshCookie(exchange, policy);
    return signIns.has(exchange) ? faults.lostCookies(exchange, policy) : undefined;
  }

  /** What is wrong with the set-up; undefined where nothing shows. */
  function causeOf(exchange: HttpExchange, { code }: SessionError): Notice | undefined {
    switch (code) {
      case "CSRF_REFUSED":
        // A header `rid` that is missing has the same code.
        return findCrossSite(exchange, policy.http) === undefined &&
          findCrossSiteSignIn(exchange, policy.http) === undefined
          ? undefined
          : faults.unknownOrigin(exchange, policy.http);
      case "ACCESS_TOKEN_EXPIRED":
        return guardedRefresh(exchange, policy);
      case "ACCESS_TOKEN_MISSING":
        return exchange.header(HEADERS.antiCsrf) !== undefined &&
          policy.http.transports.has("cookie") &&
          !hasOurs(exchange)
          ? faults.lostCookies(exchange, policy)
          : guardedRefresh(exchange, policy);
      case "REFRESH_TOKEN_MISSING":
        return policy.http.transports.has("cookie") ? causeOfMissingRefresh(exchange) : undefined;
      case "ACCESS_TOKEN_INVALID":
      case "REFRESH_TOKEN_INVALID":
        return isOfUnknownKey(exchange) ? faults.unknownKey(isMemory) : undefined;
      default:
        return undefined;
    }
  }

  return {
    note(exchange, error) {
      // A page that is loaded again is not refused.
      if (!isErrorFromAuth(error) || error.code === "REFRESH_REDIRECT") return;
      refusals.count(error.code, causeOf(exchange, error));
    },

    signedIn(exchange) {
      const isByHeader = exchange.header(HEADERS.mode)?.toLowerCase() === "header";
      if (isByHeader || !policy.http.transports.has("cookie")) return;
      signIns.add(exchange);
      const fault = faults.insecurePage(exchange, policy) ?? faults.otherSite(exchange, policy);
      if (fault !== undefined) refusals.notify(fault);
    },

    signedOut: (exchange) => signIns.remove(exchange),
  };
}
