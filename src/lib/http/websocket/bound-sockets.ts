import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { Duration } from "../../options/duration.ts";
import type { TokenInfo } from "../../session/tokens.ts";
import type { UserId } from "../../session/user-id.ts";
import type { Session } from "../../session/verify-session.ts";
import type { SocketGuard } from "../socket-guard.ts";

/** The functions of `counterfoil/websocket`, bound to an instance and with its types. */
export interface BoundSockets<Claims, Id extends UserId> {
  /** As `getUpgradeSession` of this module. @throws SessionError the same */
  readonly getUpgradeSession: (request: IncomingMessage) => Promise<Session<Claims, Id>>;
  /** As `refuseUpgrade` of this module. */
  readonly refuseUpgrade: (socket: Duplex, error: unknown) => void;
  /** As `createSocketTicket` of this module. @throws SessionError the same */
  readonly createSocketTicket: (
    handle: string,
    options?: { readonly validity?: Duration | undefined },
  ) => Promise<TokenInfo>;
  /** As `redeemSocketTicket` of this module. @throws SessionError the same */
  readonly redeemSocketTicket: (ticket: string) => Promise<Session<Claims, Id>>;
  /** As `createSocketGuard` of this module. @throws ConfigError the same */
  readonly createSocketGuard: (options?: { readonly every?: Duration | undefined }) => SocketGuard;
}
