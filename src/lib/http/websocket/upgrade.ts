import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { unauthorised } from "../../errors.ts";
import { redeemTicket } from "../../session/ticket-session.ts";
import type { Session } from "../../session/verify-session.ts";
import { JSON_TYPE } from "../../error-response.ts";
import type { HttpResponse } from "../exchange/exchange.ts";
import type { HttpContext } from "../context.ts";
import { protect } from "../protect.ts";
import { readHeader } from "../exchange/node-exchange.ts";
import { openWebExchange } from "../exchange/web-exchange.ts";

/**
 * The prefix of a ticket among the subprotocols:
 * `new WebSocket(url, ["chat", TICKET_PROTOCOL + ticket])`.
 */
export const TICKET_PROTOCOL = "counterfoil.ticket.";

/** The session of an upgrade request. */
export async function readUpgrade(http: HttpContext, request: IncomingMessage): Promise<Session> {
  const offered = (readHeader(request, "sec-websocket-protocol") ?? "").split(",").map((name) => name.trim());
  const ticket = offered.find((name) => name.startsWith(TICKET_PROTOCOL));
  if (ticket !== undefined) return redeemTicket(http.session, ticket.slice(TICKET_PROTOCOL.length));
  const headers = { get: (name: string): string | null => readHeader(request, name) ?? null };
  // Treated as a POST, because opening a socket is an action. Pages cannot add a header to it, so
  // the origin decides.
  const exchange = openWebExchange({ method: "POST", url: request.url ?? "/", headers });
  const session = await protect(http, exchange, { antiCsrfCheck: false });
  if (session === undefined) throw unauthorised("SESSION_NOT_FOUND", "there is no session; sign in first");
  return { handle: session.getHandle(), userId: session.getUserId(), jwtPayload: session.getJWTPayload() };
}

const INTERNAL_ERROR: HttpResponse = { status: 500, headers: {}, body: { message: "internal" } };

/** Refuses an upgrade request on the bare connection that Node provides. */
export function sendRefusal(socket: Duplex, response: HttpResponse = INTERNAL_ERROR): void {
  const body = JSON.stringify(response.body ?? {});
  const length = String(Buffer.byteLength(body));
  const headers = { ...response.headers, "content-type": JSON_TYPE, "content-length": length, connection: "close" };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  socket.on("error", () => undefined);
  socket.end([`HTTP/1.1 ${response.status} Refused`, ...lines, "", body].join("\r\n"));
}
