import type { DeviceInput } from "../session/device.ts";
import type { HttpContext } from "./context.ts";
import { COOKIE_KINDS, type CookieReading } from "./cookies.ts";
import type { HttpExchange } from "./exchange/exchange.ts";
import type { TransportKind } from "./transport.ts";

/**
 * The refresh token that names the session where the access token does not; only a cookie's comes
 * uncalled.
 */
export async function readRefreshCookie(
  { refreshCookies }: HttpContext,
  exchange: HttpExchange,
  transport: TransportKind,
): Promise<CookieReading> {
  return transport === "cookie" ? refreshCookies.readCertain(exchange) : { kind: "none" };
}

export const carriesCookies = ({ cookies }: HttpContext, exchange: HttpExchange): boolean =>
  COOKIE_KINDS.some((kind) => cookies.read(exchange, kind).kind !== "none");

export const deviceOf = (exchange: HttpExchange): DeviceInput => ({
  ip: exchange.ip,
  userAgent: exchange.header("user-agent"),
});
