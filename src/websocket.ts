/**
 * Sessions of WebSockets: of `ws` and Socket.IO, and of anything else that upgrades a request of `node:http`.
 *
 * @module
 */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { Duration } from "./lib/config/duration.ts";
import { parseDuration } from "./lib/config/duration.ts";
import { generalError, unauthorised } from "./lib/errors.ts";
import { answerTo } from "./lib/http/adapter-calls.ts";
import { httpOf, type InstanceOption } from "./lib/http/instance-option.ts";
import { readHeader } from "./lib/http/node-exchange.ts";
import { createGuard, type SocketGuard } from "./lib/http/socket-guard.ts";
import { openWebExchange } from "./lib/http/web-exchange.ts";
import { createTicket, redeemTicket } from "./lib/session/ticket-session.ts";
import type { TokenInfo } from "./lib/session/tokens.ts";
import type { Session } from "./lib/session/verify-session.ts";

/** What a client writes before a ticket in its list of subprotocols: `new WebSocket(url, ["chat", TICKET_PROTOCOL + ticket])`. */
export const TICKET_PROTOCOL = "counterfoil.ticket.";

/**
 * The session of an upgrade request: by a one-time ticket among its subprotocols, else by its access token. A browser sends cookies with a
 * WebSocket to any site that asks, and no page can add a header of ours, so here `Origin` decides, as on an unsafe method.
 *
 * @throws SessionError `TRY_REFRESH_TOKEN`: refresh, and connect again; `UNAUTHORISED`; `CSRF_REFUSED`
 * @example
 * ```ts
 * server.on("upgrade", async (request, socket, head) => {
 *   try {
 *     const session = await getUpgradeSession(request);
 *     sockets.handleUpgrade(request, socket, head, (ws) => welcome(ws, session));
 *   } catch (error) {
 *     refuseUpgrade(socket, error);
 *   }
 * });
 * ```
 */
export async function getUpgradeSession<Claims = unknown>(
  request: IncomingMessage,
  options: InstanceOption = {},
): Promise<Session<Claims>> {
  const offered = (readHeader(request, "sec-websocket-protocol") ?? "").split(",").map((name) => name.trim());
  const ticket = offered.find((name) => name.startsWith(TICKET_PROTOCOL));
  if (ticket !== undefined) return redeemSocketTicket(ticket.slice(TICKET_PROTOCOL.length), options);
  const headers = { get: (name: string): string | null => readHeader(request, name) ?? null };
  // As a POST: to open a socket is to act.
  const exchange = openWebExchange({ method: "POST", url: request.url ?? "/", headers });
  const session = await httpOf(options).protect(exchange, { antiCsrfCheck: false });
  if (session === undefined) throw unauthorised("SESSION_NOT_FOUND", "there is no session");
  return {
    handle: session.getHandle(),
    userId: session.getUserId(),
    jwtPayload: session.getJWTPayload<Claims>(),
  };
}

/** Answers an upgrade request that is refused, and ends its connection. */
export function refuseUpgrade(socket: Duplex, error: unknown, options: InstanceOption = {}): void {
  const answer = answerTo(error, options) ?? { status: 500, headers: {}, body: { message: "internal" } };
  const body = JSON.stringify(answer.body ?? {});
  const headers = { ...answer.headers, "content-type": "application/json", connection: "close" };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const head = [`HTTP/1.1 ${answer.status} Refused`, ...lines, `content-length: ${Buffer.byteLength(body)}`];
  socket.on("error", () => undefined);
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
}

/**
 * A one-time ticket for a session, to be fetched by a page that then opens a socket where its cookies do not go: on another origin, in
 * header transport. One round trip to the store; a second when it is used.
 *
 * @param options `validity`: how long it may wait for its use, at most 5 minutes. Default `"30s"`
 * @throws SessionError `SESSION_NOT_FOUND`
 * @example app.post("/socket-ticket", verifySession(), async (req, res) => res.json(await createSocketTicket(req.auth!.getHandle())));
 */
export async function createSocketTicket(
  handle: string,
  options: InstanceOption & { readonly validity?: Duration } = {},
): Promise<TokenInfo> {
  return createTicket(httpOf(options).context, handle, options.validity ?? "30s");
}

/** The session of a ticket, which is used up by this; for Socket.IO, whose clients send it in `auth`. @throws SessionError `TICKET_INVALID` */
export const redeemSocketTicket = <Claims = unknown>(
  ticket: string,
  options: InstanceOption = {},
): Promise<Session<Claims>> => redeemTicket<Claims>(httpOf(options).context, ticket);

/**
 * Closes sockets when their sessions end: at once when this process ends them, and within `every` when another one does, or when they expire.
 *
 * @param options `every`: how often the store is asked about each session that has a socket here. Default: never, and no timer
 * @example
 * ```ts
 * const guard = createSocketGuard({ every: "30s" });
 * ws.on("close", guard.add(session.handle, () => ws.close(4401, "signed out")));
 * ```
 */
export function createSocketGuard(options: InstanceOption & { readonly every?: Duration } = {}): SocketGuard {
  const every = options.every === undefined ? undefined : parseDuration(options.every);
  if (options.every !== undefined && (every === undefined || every < 1000))
    throw generalError("ARGUMENT_INVALID", 'every is not a duration of at least 1 second; write for instance "30s"');
  const { sessions, context } = httpOf(options);
  return createGuard(sessions, context, every);
}

export type { InstanceOption, Session, SocketGuard, TokenInfo };
