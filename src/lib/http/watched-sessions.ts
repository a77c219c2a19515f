import { HEADERS } from "../../protocol.ts";
import { isHostName } from "../cookie-names.ts";
import { isErrorFromAuth, type SessionError } from "../errors.ts";
import type { Notice } from "../notices.ts";
import type { SessionCookies } from "./cookies.ts";
import { findCrossSite, findCrossSiteSignIn } from "./csrf.ts";
import type { HttpExchange } from "./exchange/exchange.ts";
import type { HttpSessions } from "./http-sessions.ts";
import { createRecentSignIns } from "./recent-sign-ins.ts";
import * as faults from "./setup-faults.ts";
import { guardedRefresh } from "./unreached-routes.ts";

/**
 * The same sessions, looked at from outside: each refusal is counted, and told of where it shows
 * that the set-up cannot work. A request that is verified costs nothing, a sign-in a few headers.
 */
export function watchSessions(http: HttpSessions, cookies: SessionCookies): HttpSessions {
  const { refusals, policy, accessTokens, ring, isMemory, now } = http.context;
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

  function note(exchange: HttpExchange, error: unknown): void {
    // A page that is loaded again is not refused.
    if (!isErrorFromAuth(error) || error.code === "REFRESH_REDIRECT") return;
    refusals.count(error.code, causeOf(exchange, error));
  }

  const watch = <T>(exchange: HttpExchange, work: Promise<T>): Promise<T> =>
    work.catch((error: unknown) => {
      note(exchange, error);
      throw error;
    });

  function noteSignIn(exchange: HttpExchange): void {
    const isByHeader = exchange.header(HEADERS.mode)?.toLowerCase() === "header";
    if (isByHeader || !policy.http.transports.has("cookie")) return;
    signIns.add(exchange);
    const fault = faults.insecurePage(exchange, policy) ?? faults.otherSite(exchange, policy);
    if (fault !== undefined) refusals.tell(fault);
  }

  return {
    ...http,
    start: (exchange, userId, details) =>
      watch(
        exchange,
        http.start(exchange, userId, details).then((session) => {
          noteSignIn(exchange);
          return session;
        }),
      ),
    protect: (exchange, ...given) => watch(exchange, http.protect(exchange, ...given)),
    refresh: (exchange) => watch(exchange, http.refresh(exchange)),
    signOut(exchange) {
      signIns.remove(exchange);
      return watch(exchange, http.signOut(exchange));
    },
    refuseCrossSite(exchange) {
      try {
        http.refuseCrossSite(exchange);
      } catch (error) {
        note(exchange, error);
        throw error;
      }
    },
  };
}
