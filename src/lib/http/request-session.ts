import { loadSession, revokeSession, type Update, type Updater } from "../session/manage-sessions.ts";
import type { SessionContext } from "../session/context.ts";
import type { Sessions } from "../session/sessions.ts";
import { mintAccessToken } from "../session/tokens.ts";
import type { UserId } from "../session/user-id.ts";
import type { Session } from "../session/verify-session.ts";
import type { SessionCookies } from "./cookies.ts";
import type { HttpExchange } from "./exchange.ts";

/** The session of a request, with what a route does to it. `Claims` and `Data` are the app's types. */
export interface RequestSession<Claims = unknown, Data = unknown> {
  /** The user, as given at sign-in. */
  getUserId(): UserId;
  /** Public name of the session; safe in logs. */
  getHandle(): string;
  /** The claims in the access token. */
  getJWTPayload(): Claims;
  /** Server-side data. @throws SessionError `SESSION_NOT_FOUND` */
  getSessionData(): Promise<Data>;
  /** Replaces the server-side data; a function gets the old value. The new value. */
  updateSessionData(update: Updater<Data>): Promise<Data>;
  updateSessionData(value: Data): Promise<Data>;
  /** Replaces the claims, and sends the client an access token with them. The new value. */
  updateJwtPayload(update: Updater<Claims>): Promise<Claims>;
  updateJwtPayload(value: Claims): Promise<Claims>;
  /** Signs out: ends the session and clears the cookies. Whether it was still there. */
  revokeSession(): Promise<boolean>;
}

interface Surroundings {
  readonly sessions: Sessions;
  readonly context: SessionContext;
  readonly cookies: SessionCookies;
  readonly exchange: HttpExchange;
}

export function createRequestSession(
  { sessions, context, cookies, exchange }: Surroundings,
  session: Session,
): RequestSession {
  const { handle, userId } = session;
  let { jwtPayload } = session;

  /** Until when the access token of the request lives: newer claims must not make it live longer. */
  function presentedUntil(): number {
    const reading = cookies.read(exchange, "access");
    const verdict = reading.kind === "one" ? context.accessTokens.verify(reading.value) : undefined;
    const isOfThis = verdict?.kind === "authentic" && verdict.token.handle === handle;
    return isOfThis && verdict.token.expires > context.now() ? verdict.token.expires : Number.POSITIVE_INFINITY;
  }

  return {
    getUserId: () => userId,
    getHandle: () => handle,
    getJWTPayload: () => jwtPayload,
    getSessionData: () => sessions.getSessionData(handle),
    updateSessionData: (update: Update<unknown>) => sessions.updateSessionData(handle, update),

    async updateJwtPayload(update: Update<unknown>) {
      jwtPayload = await sessions.updateJwtPayload(handle, update);
      const record = await loadSession(context, handle);
      const expiresAt = Math.min(record.expiresAt, presentedUntil());
      const { value } = mintAccessToken(context, { ...record, expiresAt }, context.now());
      cookies.set(exchange, "access", { value, expires: record.expiresAt }, context.now());
      return jwtPayload;
    },

    async revokeSession() {
      const existed = await revokeSession(context, handle, { reason: "sign-out", userId });
      cookies.clearAll(exchange);
      return existed;
    },
  };
}
