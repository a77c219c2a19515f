/**
 * Sessions of WebSockets: `ws`, Socket.IO, and every other upgrade of a request of `node:http`.
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
import { createGuard, type SocketGuard } from "./lib/http/socket-guard.ts";
import { readUpgrade, sendRefusal } from "./lib/http/websocket/upgrade.ts";
import { createTicket, redeemTicket } from "./lib/session/ticket-session.ts";
import type { Sessions } from "./lib/session/sessions.ts";
import type { UserId } from "./lib/session/user-id.ts";
import type { TokenInfo } from "./lib/session/tokens.ts";
import type { Session } from "./lib/session/verify-session.ts";

const DEFAULT_VALIDITY = 30_000;

/**
 * Returns the session of an upgrade request, by a one-time ticket among its subprotocols or by its
 * access token. Browsers send cookies with a WebSocket to any site, and pages cannot add headers to
 * it, so the `Origin` header decides, as for an unsafe method (RFC 6455 10.2).
 *
 * @throws SessionError of the kind `TRY_REFRESH_TOKEN` if the client should refresh and connect
 *   again; `UNAUTHORISED` if there is no session; `CSRF_REFUSED` if the origin is not trusted
 * @example
 * ```ts
 * import { createServer } from "node:http";
 * import { WebSocketServer } from "ws";
 * import { createSessions } from "counterfoil";
 * import { sessionsFor } from "counterfoil/websocket";
 *
 * const { getUpgradeSession, refuseUpgrade } = sessionsFor(createSessions());
 * const sockets = new WebSocketServer({ noServer: true });
 * createServer().on("upgrade", async (request, socket, head) => {
 *   try {
 *     const { userId } = await getUpgradeSession(request);
 *     sockets.handleUpgrade(request, socket, head, (ws) => ws.send(`Hello ${userId}`));
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

/**
 * Refuses an upgrade request and closes its connection. Errors that are not this library's get 500
 * without a reason.
 */
export function refuseUpgrade(socket: Duplex, error: unknown, options: InstanceOption = {}): void {
  checkInstanceOption(options, "refuseUpgrade");
  sendRefusal(socket, responseTo(error, options));
}

/**
 * Makes a one-time ticket for a session. A page fetches it before it opens a socket to which its
 * cookies do not go: on another origin, or with tokens in headers. Making it takes one round trip
 * to the store, using it two.
 *
 * @param options `validity`: how long the ticket may wait for its use, `"1s"` to `"5m"`. Default
 *   `"30s"`
 * @returns the ticket, and when it expires in ms since the epoch
 * @throws SessionError `SESSION_NOT_FOUND` if the session has ended
 * @throws ConfigError for an option that is unknown or of the wrong type
 * @example
 * ```ts
 * import express from "express";
 * import { createSessions } from "counterfoil";
 * import { sessionsFor } from "counterfoil/express";
 * import { sessionsFor as socketsFor } from "counterfoil/websocket";
 *
 * const sessions = createSessions();
 * const { verifySession, sessionOf } = sessionsFor(sessions);
 * const { createSocketTicket } = socketsFor(sessions);
 * express().post("/socket-ticket", verifySession(), async (req, res) => {
 *   res.json(await createSocketTicket(sessionOf(req).getHandle()));
 * });
 * ```
 */
export async function createSocketTicket(
  handle: string,
  options: InstanceOption & { readonly validity?: Duration | undefined } = {},
): Promise<TokenInfo> {
  const validity = checkSocketOptions(options, "createSocketTicket", { option: "validity", min: "1s", max: "5m" });
  return createTicket(httpOf(options).session, handle, validity ?? DEFAULT_VALIDITY);
}

/**
 * Uses up a ticket and returns its session. For Socket.IO, whose clients send the ticket in `auth`.
 *
 * @throws SessionError `TICKET_INVALID` if the ticket is not ours, has expired or was used before;
 *   `SESSION_NOT_FOUND` if the session has ended
 */
export async function redeemSocketTicket(ticket: string, options: InstanceOption = {}): Promise<Session> {
  checkInstanceOption(options, "redeemSocketTicket");
  return redeemTicket(httpOf(options).session, ticket);
}

/**
 * Makes a guard that closes sockets when their sessions end: at once if this process revokes them,
 * within `every` if another process does or if they expire. With `revocation: "feed"` it also
 * closes them as soon as this process reads of the end in the log. It also closes a new socket
 * whose session was already revoked.
 *
 * @param options `every`: how often to check, `"1s"` to `"1d"`. With `revocation: "feed"` a check
 *   reads the log once; otherwise it asks the store about each session with a socket here. Default:
 *   never, without a timer
 * @throws ConfigError for an option that is unknown or of the wrong type
 * @example
 * ```ts
 * import { WebSocketServer } from "ws";
 * import { createSessions } from "counterfoil";
 * import { sessionsFor } from "counterfoil/websocket";
 *
 * const { createSocketGuard, getUpgradeSession } = sessionsFor(createSessions());
 * const guard = createSocketGuard({ every: "30s" });
 * new WebSocketServer({ port: 8080 }).on("connection", async (ws, request) => {
 *   const { handle } = await getUpgradeSession(request);
 *   ws.on("close", guard.add(handle, () => ws.close(4401, "signed out")));
 * });
 * ```
 */
export function createSocketGuard(
  options: InstanceOption & { readonly every?: Duration | undefined } = {},
): SocketGuard {
  const every = checkSocketOptions(options, "createSocketGuard", { option: "every", min: "1s", max: "1d" });
  const { sessions, session } = httpOf(options);
  return createGuard(sessions, session, every);
}

/**
 * Binds the functions of this module to an instance. They check what you sign in with, and what
 * routes read, against the types of the instance. Call it once, where you make the instance.
 *
 * @example
 * ```ts
 * import { createSessions } from "counterfoil";
 * import { sessionsFor } from "counterfoil/websocket";
 *
 * const sessions = createSessions<{ role: "admin" | "member" }>();
 * export const { getUpgradeSession, refuseUpgrade } = sessionsFor(sessions);
 * ```
 */
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
