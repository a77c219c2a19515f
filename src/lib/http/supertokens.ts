import { CUSTOM_VALUE, HEADERS, REMOVED } from "../../protocol.ts";
import type { TokenInfo } from "../session/tokens.ts";
import type { Session } from "../session/verify-session.ts";
import type { HttpExchange } from "./exchange/exchange.ts";

/**
 * Tells newer SuperTokens web clients who is signed in, with which claims, and until when the
 * access token is good.
 */
export function setFrontToken(exchange: HttpExchange, session: Session, accessExpires: number, now: number): void {
  const { userId, jwtPayload } = session;
  const claims = typeof jwtPayload === "object" && !Array.isArray(jwtPayload) ? jwtPayload : { jwtPayload };
  // `iat` in seconds: the client compares it with its own clock to learn by how much that is wrong.
  const text = JSON.stringify({
    uid: String(userId),
    ate: accessExpires,
    up: { ...claims, iat: Math.floor(now / 1000) },
  });
  exchange.setHeader(HEADERS.front, Buffer.from(text).toString("base64"));
}

/** Tells older ones that there is a session, by a value that changes with each refresh. */
export function setIdRefreshToken(exchange: HttpExchange, marker: TokenInfo): void {
  exchange.setHeader(HEADERS.idRefresh, `${marker.value};${marker.expires}`);
}

/** Tells all of them that the session is over. */
export function setRemoved(exchange: HttpExchange): void {
  exchange.setHeader(HEADERS.idRefresh, REMOVED);
  // Version 15 tries to read this as a token and throws. The versions that need it, and only they,
  // send this header.
  if (exchange.header(HEADERS.mode) !== undefined) exchange.setHeader(HEADERS.front, REMOVED);
}

/**
 * Whether a request comes from one of its clients, of which the older ones do not tell it on every
 * request.
 */
export const isSupertokensClient = (exchange: HttpExchange): boolean =>
  exchange.header(HEADERS.mode) !== undefined ||
  exchange.header("fdi-version") !== undefined ||
  (exchange.header(HEADERS.custom) ?? CUSTOM_VALUE) !== CUSTOM_VALUE;
