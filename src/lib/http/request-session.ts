import { changeClaims, revokeSession, type Update, type Updater } from "../session/manage-sessions.ts";
import type { SessionRecord } from "../session/record.ts";
import { mintAccessToken } from "../session/tokens.ts";
import type { UserId } from "../session/user-id.ts";
import type { Session } from "../session/verify-session.ts";
import type { HttpContext } from "./context.ts";
import type { HttpExchange } from "./exchange/exchange.ts";
import { tellRefusal } from "./tell-refusal.ts";
import type { Transport } from "./transport.ts";

/** The session of a request, with what a route does to it. `Claims` and `Data` are the app's types. */
export interface RequestSession<Claims = unknown, Data = unknown> {
  /** The user, as given at sign-in. */
  getUserId(): UserId;
  /** Public name of the session; safe in logs. */
  getHandle(): string;
  /** The claims in the access token; `T` is the app's word for their type. */
  getJWTPayload<T = Claims>(): T;
  /** Server-side data. @throws SessionError `SESSION_NOT_FOUND` */
  getSessionData<T = Data>(): Promise<T>;
  /** Replaces the server-side data; a function gets the old value. The new value. */
  updateSessionData<T = Data>(update: Updater<T>): Promise<T>;
  updateSessionData<T = Data>(value: T): Promise<T>;
  /** Replaces the claims, and sends the client an access token with them. The new value. */
  updateJwtPayload<T = Claims>(update: Updater<T>): Promise<T>;
  updateJwtPayload<T = Claims>(value: T): Promise<T>;
  /** Signs out: ends the session and takes the client's tokens back. Whether it was still there. */
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
    getJWTPayload: <T>() => jwtPayload as T,
    getSessionData: async <T>() => (await told(sessions.getSessionData(handle))) as T,
    updateSessionData: async <T>(update: Update<T>) =>
      (await told(sessions.updateSessionData(handle, update as Update<unknown>))) as T,

    async updateJwtPayload<T>(update: Update<T>) {
      const changed = await told(changeClaims(context, handle, update as Update<unknown>, known));
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
      return jwtPayload as T;
    },

    async revokeSession() {
      const existed = await told(revokeSession(context, handle, { reason: "sign-out", userId }));
      transport.clear(exchange);
      return existed;
    },
  };
}
