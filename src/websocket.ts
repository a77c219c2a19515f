/**
 * Sessions of WebSockets: of `ws` and Socket.IO, and of anything else that upgrades a request of `node:http`.
 *
 * @module
 */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { Duration } from "./lib/options/duration.ts";
import { responseTo } from "./lib/http/adapters/adapter-calls.ts";
import { checkInstanceOption, checkSocketOptions } from "./lib/http/check-options.ts";
import { httpOf, type InstanceOption } from "./lib/http/adapters/instance-option.ts";
import { bindTo } from "./lib/http/adapters/request-calls.ts";
import type { BoundSockets } from "./lib/http/websocket/bound-sockets.ts";
import { createGuard, type SocketGuard } from "./lib/http/websocket/socket-guard.ts";
import { readUpgrade, sendRefusal } from "./lib/http/websocket/upgrade.ts";
import { createTicket, redeemTicket } from "./lib/session/ticket-session.ts";
import type { Sessions } from "./lib/session/sessions.ts";
import type { UserId } from "./lib/session/user-id.ts";
import type { TokenInfo } from "./lib/session/tokens.ts";
import type { Session } from "./lib/session/verify-session.ts";

const DEFAULT_VALIDITY = 30_000;

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
export async function getUpgradeSession(request: IncomingMessage, options: InstanceOption = {}): Promise<Session> {
  checkInstanceOption(options, "getUpgradeSession");
  return readUpgrade(httpOf(options), request);
}

/** Answers an upgrade request that is refused, and ends its connection; with 500, and not a word of why, for errors that are not this library's. */
export function refuseUpgrade(socket: Duplex, error: unknown, options: InstanceOption = {}): void {
  checkInstanceOption(options, "refuseUpgrade");
  sendRefusal(socket, responseTo(error, options));
}

/**
 * A one-time ticket for a session, to be fetched by a page that then opens a socket where its cookies do not go: on another origin, in
 * header transport. One round trip to the store; two when it is used.
 *
 * @param options `validity`: how long it may wait for its use, `"1s"` to `"5m"`. Default `"30s"`
 * @throws SessionError `SESSION_NOT_FOUND`; ConfigError for an option that is unknown or of the wrong type
 * @example
 * ```ts
 * app.post("/socket-ticket", verifySession(), async (req, res) => {
 *   res.json(await createSocketTicket(sessionOf(req).getHandle()));
 * });
 * ```
 */
export async function createSocketTicket(
  handle: string,
  options: InstanceOption & { readonly validity?: Duration } = {},
): Promise<TokenInfo> {
  const validity = checkSocketOptions(options, "createSocketTicket", { option: "validity", min: "1s", max: "5m" });
  return createTicket(httpOf(options).session, handle, validity ?? DEFAULT_VALIDITY);
}

/** The session of a ticket, which is used up by this; for Socket.IO, whose clients send it in `auth`. @throws SessionError `TICKET_INVALID`, `SESSION_NOT_FOUND` */
export async function redeemSocketTicket(ticket: string, options: InstanceOption = {}): Promise<Session> {
  checkInstanceOption(options, "redeemSocketTicket");
  return redeemTicket(httpOf(options).session, ticket);
}

/**
 * Closes sockets when their sessions end: at once when this process revokes them, and within `every` when another one
 * does, or when they expire. A socket whose session has been revoked before it is added is closed as well, always.
 *
 * @param options `every`: how often the store is asked about each session that has a socket here, `"1s"` to `"1d"`. Default: never, and no timer
 * @throws ConfigError for an option that is unknown or of the wrong type
 * @example
 * ```ts
 * const guard = createSocketGuard({ every: "30s" });
 * ws.on("close", guard.add(session.handle, () => ws.close(4401, "signed out")));
 * ```
 */
export function createSocketGuard(options: InstanceOption & { readonly every?: Duration } = {}): SocketGuard {
  const every = checkSocketOptions(options, "createSocketGuard", { option: "every", min: "1s", max: "1d" });
  const { sessions, session } = httpOf(options);
  return createGuard(sessions, session, every);
}

/** Binds these functions to an instance, with its types. Bind once, where it is made. @example const { getUpgradeSession, refuseUpgrade } = sessionsFor(sessions); */
export const sessionsFor = <Claims, Data, Id extends UserId>(
  sessions: Sessions<Claims, Data, Id>,
): BoundSockets<Claims, Id> =>
  bindTo<BoundSockets<Claims, Id>>(sessions, {
    getUpgradeSession: [getUpgradeSession, 1],
    refuseUpgrade: [refuseUpgrade, 2],
    createSocketTicket: [createSocketTicket, 1],
    redeemSocketTicket: [redeemSocketTicket, 1],
    createSocketGuard: [createSocketGuard, 0],
  });

export type { BoundSockets as BoundSessions, InstanceOption, Session, SocketGuard, TokenInfo };
export { TICKET_PROTOCOL } from "./lib/http/websocket/upgrade.ts";
