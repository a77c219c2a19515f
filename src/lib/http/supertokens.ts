import { CUSTOM_VALUE, HEADERS, REMOVED } from "../../protocol.ts";
import type { TokenInfo } from "../session/tokens.ts";
import type { Session } from "../session/verify-session.ts";
import type { HttpExchange } from "./exchange/exchange.ts";

/** Sends newer SuperTokens web clients the user, the claims and the expiry of the access token. */
export function setFrontToken(exchange: HttpExchange, session: Session, accessExpires: number, now: number): void {
  const { userId, jwtPayload } = session;
  const claims = typeof jwtPayload === "object" && !Array.isArray(jwtPayload) ? jwtPayload : { jwtPayload };
  // `iat` in seconds: the client compares it with its own clock to correct that clock.
  const text = JSON.stringify({
    uid: String(userId),
    ate: accessExpires,
    up: { ...claims, iat: Math.floor(now / 1000) },
  });
  exchange.setHeader(HEADERS.front, Buffer.from(text).toString("base64"));
}

/** Tells older clients that there is a session, by a value that changes with each refresh. */
export function setIdRefreshToken(exchange: HttpExchange, marker: TokenInfo): void {
  exchange.setHeader(HEADERS.idRefresh, `${marker.value};${marker.expires}`);
}

/** Tells all clients that the session has ended. */
export function setRemoved(exchange: HttpExchange): void {
  exchange.setHeader(HEADERS.idRefresh, REMOVED);
  // Version 15 parses this as a token and throws. Only the versions that need it send this header.
  if (exchange.header(HEADERS.mode) !== undefined) exchange.setHeader(HEADERS.front, REMOVED);
}

/**
 * Whether a request comes from a SuperTokens web client. Older ones identify themselves on some
 * requests only.
 */
export const isSupertokensClient = (exchange: HttpExchange): boolean =>
  exchange.header(HEADERS.mode) !== undefined ||
  exchange.header("fdi-version") !== undefined ||
  (exchange.header(HEADERS.custom) ?? CUSTOM_VALUE) !== CUSTOM_VALUE;
