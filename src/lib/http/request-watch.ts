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

/** Watches refused requests and sign-ins for set-up errors. */
export interface RequestWatch {
  /** Counts a refusal, and reports it if it shows that the set-up cannot work. */
  note(exchange: HttpExchange, error: unknown): void;
  /** After a successful sign-in. */
  signedIn(exchange: HttpExchange): void;
  /** After a sign-out. */
  signedOut(exchange: HttpExchange): void;
}

/** A verified request costs nothing, a sign-in a few headers. */
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
    // Removed keys that this process once had are known to be gone.
    return access.kind === "one" && ring.epoch() === 0 && accessTokens.namesUnknownKey(access.value);
  }

  function causeOfMissingRefresh(exchange: HttpExchange): Notice | undefined {
    // A refresh cookie that is present but does not count was reported with its own code.
    if (has(exchange, "refresh") || cookies.readOther(exchange, "refresh").kind !== "none") return undefined;
    if (hasOurs(exchange))
      return isHostName(policy.cookie.names.refresh) ? undefined : faults.missingRefreshCookie(exchange, policy);
    return signIns.has(exchange) ? faults.lostCookies(exchange, policy) : undefined;
  }

  /** @returns the set-up error; undefined if there is no sign of one */
  function causeOf(exchange: HttpExchange, { code }: SessionError): Notice | undefined {
    switch (code) {
      case "CSRF_REFUSED":
        // A missing `rid` header has the same code.
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
      // The reload of a page is no refusal.
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
