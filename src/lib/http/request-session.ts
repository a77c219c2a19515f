import { changeClaims, revokeSession, type Update, type Updater } from "../session/manage-sessions.ts";
import type { SessionRecord } from "../session/record.ts";
import { mintAccessToken } from "../session/tokens.ts";
import type { UserId } from "../session/user-id.ts";
import type { Session } from "../session/verify-session.ts";
import type { HttpContext } from "./context.ts";
import type { HttpExchange } from "./exchange/exchange.ts";
import { tellRefusal } from "./tell-refusal.ts";
import type { Transport } from "./transport.ts";

/**
 * The session of a request, with what a route does to it. `Claims`, `Data` and `Id` are the app's types, as
 * `createSessions` was told them; they are unknown where no instance is named.
 */
export interface RequestSession<Claims = unknown, Data = unknown, Id extends UserId = UserId> {
  /** @returns the user, as given at sign-in */
  getUserId(): Id;
  /** @returns the public name of the session; safe in logs */
  getHandle(): string;
  /** @returns the claims in the access token */
  getJWTPayload(): Claims;
  /** @returns the server-side data @throws SessionError `SESSION_NOT_FOUND` */
  getSessionData(): Promise<Data>;
  /** Replaces the server-side data; a function gets the old value. @returns the new value */
  updateSessionData(update: Updater<Data>): Promise<Data>;
  updateSessionData(value: Data): Promise<Data>;
  /** Replaces the claims, and sends the client an access token with them. @returns the new value */
  updateJwtPayload(update: Updater<Claims>): Promise<Claims>;
  updateJwtPayload(value: Claims): Promise<Claims>;
  /** Signs out: revokes the session and takes the client's tokens back. @returns whether it still existed */
  revokeSession(): Promise<boolean>;
}

interface Found {
  readonly session: Session;
  readonly transport: Transport;
  /** When the access token that the client has, or is being sent, expires. */
  readonly accessExpires: number;
  /** The row, where the check of this request has read it. */
  readonly row?: SessionRecord | undefined;
}

export function createRequestSession(
  { sessions, session: context }: HttpContext,
  exchange: HttpExchange,
  { session, transport, accessExpires, row }: Found,
): RequestSession {
  const { handle, userId } = session;
  let { jwtPayload } = session;
  let known = row;
  const told = <T>(work: Promise<T>): Promise<T> =>
    work.catch((error: unknown) => {
      tellRefusal(error, exchange, context.policy.http);
      throw error;
    });

  return {
    getUserId: () => userId,
    getHandle: () => handle,
    getJWTPayload: () => jwtPayload,
    getSessionData: () => told(sessions.getSessionData(handle)),
    updateSessionData: (update: Update<unknown>) => told(sessions.updateSessionData(handle, update)),

    async updateJwtPayload(update: Update<unknown>) {
      const changed = await told(changeClaims(context, handle, update, known));
      known = undefined;
      const { record } = changed;
      jwtPayload = changed.value;
      // Newer claims, not a longer life: a thief with nothing but a copied access token must not
      // get to renew it.
      const expiresAt = Math.min(record.expiresAt, accessExpires);
      const accessToken = mintAccessToken(context, { ...record, expiresAt }, context.now());
      transport.issueAccess(exchange, {
        session: { handle, userId, jwtPayload },
        accessToken,
        sessionExpires: record.expiresAt,
      });
      return jwtPayload;
    },

    async revokeSession() {
      const existed = await told(revokeSession(context, handle, { reason: "sign-out", userId }));
      transport.clear(exchange);
      return existed;
    },
  };
}
