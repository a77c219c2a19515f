import { formatClientSession, HEADERS, NO_SESSION } from "../../protocol.ts";
import type { SessionContext } from "../session/context.ts";
import type { CreatedSession } from "../session/create-session.ts";
import type { TokenInfo } from "../session/tokens.ts";
import type { Session } from "../session/verify-session.ts";
import { keepOut } from "./cache-headers.ts";
import type { SessionCookies } from "./cookies.ts";
import type { HttpExchange } from "./exchange/exchange.ts";
import { isSupertokensClient, setFrontToken, setIdRefreshToken, setRemoved } from "./supertokens.ts";

export type TransportKind = "cookie" | "header";

/**
 * A new access token, and until when the session that it belongs to lasts, in ms since the epoch.
 */
export interface AccessTokenIssue {
  readonly session: Session;
  readonly accessToken: TokenInfo;
  readonly sessionExpires: number;
}

/** How the tokens of a session travel to a client. */
export interface Transport {
  readonly kind: TransportKind;
  /**
   * Hands out what a sign-in or a refresh has made. `presented`: the refresh token that was
   * refreshed.
   */
  issue(exchange: HttpExchange, created: CreatedSession, presented?: string): void;
  /** Hands out an access token with newer claims. */
  issueAccess(exchange: HttpExchange, issue: AccessTokenIssue): void;
  /** Takes everything back: the session is over. */
  clear(exchange: HttpExchange): void;
}

export function createTransports(
  { policy, now }: SessionContext,
  cookies: SessionCookies,
): Readonly<Record<TransportKind, Transport>> {
  const { supertokens } = policy.http;

  const announce = (exchange: HttpExchange, session: Session, accessToken: TokenInfo): void => {
    const { handle, userId, jwtPayload: claims } = session;
    // Of two headers with the claims such a client reads the second alone, and many proxies take no
    // more than 4 kB of headers.
    if (!supertokens || !isSupertokensClient(exchange))
      exchange.setHeader(HEADERS.user, formatClientSession({ handle, userId, claims }));
    if (supertokens) setFrontToken(exchange, session, accessToken.expires, now());
  };

  const cookie: Transport = {
    kind: "cookie",
    issue(exchange, { session, accessToken, refreshToken, idRefreshToken, antiCsrfToken }, presented) {
      const time = now();
      // The cookie outlives the token in it, so that "expired" and "signed out" can be told apart.
      cookies.set(exchange, "access", { value: accessToken.value, expires: refreshToken.expires }, time);
      // A token that was not rotated is not set again: a late answer must not lay it over a newer
      // one.
      if (refreshToken.value !== presented) cookies.set(exchange, "refresh", refreshToken, time);
      cookies.set(exchange, "marker", idRefreshToken, time);
      exchange.setHeader(HEADERS.session, idRefreshToken.value);
      if (antiCsrfToken !== undefined) exchange.setHeader(HEADERS.antiCsrf, antiCsrfToken);
      if (supertokens) setIdRefreshToken(exchange, idRefreshToken);
      announce(exchange, session, accessToken);
    },
    issueAccess(exchange, { session, accessToken, sessionExpires }) {
      cookies.set(exchange, "access", { value: accessToken.value, expires: sessionExpires }, now());
      announce(exchange, session, accessToken);
    },
    clear(exchange) {
      cookies.clearAll(exchange);
      exchange.setHeader(HEADERS.session, NO_SESSION);
      if (supertokens) setRemoved(exchange);
    },
  };

  const setTokens = (exchange: HttpExchange, access: string, refresh?: string): void => {
    keepOut(exchange);
    exchange.setHeader(HEADERS.access, access);
    if (refresh !== undefined) exchange.setHeader(HEADERS.refresh, refresh);
  };

  const header: Transport = {
    kind: "header",
    issue(exchange, { session, accessToken, refreshToken }) {
      setTokens(exchange, accessToken.value, refreshToken.value);
      announce(exchange, session, accessToken);
    },
    issueAccess(exchange, { session, accessToken }) {
      setTokens(exchange, accessToken.value);
      announce(exchange, session, accessToken);
    },
    clear(exchange) {
      setTokens(exchange, "", "");
      if (supertokens) setRemoved(exchange);
    },
  };

  return { cookie, header };
}
