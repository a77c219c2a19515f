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

/** A new access token, and when its session ends, in ms since the epoch. */
export interface AccessTokenIssue {
  readonly session: Session;
  readonly accessToken: TokenInfo;
  readonly sessionExpires: number;
}

/** How a client receives the tokens of a session. */
export interface Transport {
  readonly kind: TransportKind;
  /** Sends the tokens of a sign-in or a refresh. `presented`: the refresh token of the request. */
  issue(exchange: HttpExchange, created: CreatedSession, presented?: string): void;
  /** Sends an access token with newer claims. */
  issueAccess(exchange: HttpExchange, issue: AccessTokenIssue): void;
  /** Clears all tokens, because the session has ended. */
  clear(exchange: HttpExchange): void;
}

const persistenceOf = ({ persistent }: TokenInfo): Pick<TokenInfo, "persistent"> =>
  persistent === undefined ? {} : { persistent };

export function createTransports(
  { policy, now }: SessionContext,
  cookies: SessionCookies,
): Readonly<Record<TransportKind, Transport>> {
  const { supertokens } = policy.http;

  const announce = (exchange: HttpExchange, session: Session, accessToken: TokenInfo): void => {
    const { handle, userId, jwtPayload: claims } = session;
    // With two claims headers such a client reads only the second, and many proxies allow only 4 kB
    // of headers.
    if (!supertokens || !isSupertokensClient(exchange))
      exchange.setHeader(HEADERS.user, formatClientSession({ handle, userId, claims, ...persistenceOf(accessToken) }));
    if (supertokens) setFrontToken(exchange, session, accessToken.expires, now());
  };

  const cookie: Transport = {
    kind: "cookie",
    issue(exchange, { session, accessToken, refreshToken, idRefreshToken, antiCsrfToken }, presented) {
      const time = now();
      // The cookie outlives its token, so that "expired" and "signed out" differ.
      cookies.set(exchange, "access", { ...accessToken, expires: refreshToken.expires }, time);
      // An unrotated token is not set again: a late response must not overwrite a newer one.
      if (refreshToken.value !== presented) cookies.set(exchange, "refresh", refreshToken, time);
      cookies.set(exchange, "marker", idRefreshToken, time);
      exchange.setHeader(HEADERS.session, idRefreshToken.value);
      if (antiCsrfToken !== undefined) exchange.setHeader(HEADERS.antiCsrf, antiCsrfToken);
      if (supertokens) setIdRefreshToken(exchange, idRefreshToken);
      announce(exchange, session, accessToken);
    },
    issueAccess(exchange, { session, accessToken, sessionExpires }) {
      cookies.set(exchange, "access", { ...accessToken, expires: sessionExpires }, now());
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
