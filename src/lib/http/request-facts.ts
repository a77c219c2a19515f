import { HEADERS } from "../../protocol.ts";
import type { DeviceInput } from "../session/device.ts";
import type { HttpContext } from "./context.ts";
import { COOKIE_KINDS, type CookieReading } from "./cookies.ts";
import type { HttpExchange } from "./exchange/exchange.ts";
import type { TransportKind } from "./transport.ts";

/**
 * Reads the refresh token, which names the session if the access token does not. Browsers send only
 * the cookie unasked.
 */
export async function readRefreshCookie(
  { refreshCookies }: HttpContext,
  exchange: HttpExchange,
  transport: TransportKind,
): Promise<CookieReading> {
  return transport === "cookie" ? refreshCookies.readCertain(exchange) : { kind: "none" };
}

/** The refresh token that came with a request; undefined if there is none, or several. */
export async function readPresented(
  http: HttpContext,
  exchange: HttpExchange,
  transport: TransportKind,
): Promise<string | undefined> {
  if (transport === "header") return exchange.header(HEADERS.refresh);
  const reading = await readRefreshCookie(http, exchange, transport);
  return reading.kind === "one" ? reading.value : undefined;
}

export const carriesCookies = ({ cookies }: HttpContext, exchange: HttpExchange): boolean =>
  COOKIE_KINDS.some((kind) => cookies.read(exchange, kind).kind !== "none");

export const deviceOf = (exchange: HttpExchange): DeviceInput => ({
  ip: exchange.ip,
  userAgent: exchange.header("user-agent"),
});
