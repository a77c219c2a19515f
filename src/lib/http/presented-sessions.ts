import type { Actor } from "../session/actor.ts";
import type { SessionContext } from "../session/context.ts";
import { revokeSession } from "../session/manage-sessions.ts";
import { authenticateRefreshToken } from "../session/refresh-session.ts";
import type { UserId } from "../session/user-id.ts";
import { valuesOf } from "./bound-refresh.ts";
import type { CookieReading } from "./cookies.ts";
import { findNamedSession } from "./named-session.ts";
import { unlessNotOurs } from "./outcomes.ts";

/** A session that a request names. A refresh token alone does not tell its user. */
export interface PresentedSession {
  readonly handle: string;
  readonly userId?: UserId;
  readonly actor?: Actor;
}

export interface PresentedSessions {
  /**
   * The sessions of a request, also if their access tokens expired at most an idle timeout ago. A
   * foreign cookie can add another one; to end that one does no harm.
   */
  find(access: CookieReading, refresh: CookieReading): Promise<readonly PresentedSession[]>;
  /** Revokes the sessions. @returns whether any of them existed */
  revoke(carried: readonly PresentedSession[], reason: "sign-out" | "signed-in-again"): Promise<boolean>;
}

export function createPresentedSessions(context: SessionContext): PresentedSessions {
  return {
    async find(access, refresh) {
      await context.ready();
      // By handle, so that several tokens of a session count once.
      const found = new Map<string, PresentedSession>();
      for (const value of valuesOf(access)) {
        const session = await findNamedSession(context, value);
        if (session !== undefined) found.set(session.handle, session);
      }
      if (found.size > 0) return [...found.values()];
      // A __Host- refresh cookie is sent to every route, and names the session, too.
      for (const value of valuesOf(refresh)) {
        const token = await unlessNotOurs(() => authenticateRefreshToken(context, value));
        if (token !== undefined) found.set(token.handle, { handle: token.handle });
      }
      return [...found.values()];
    },

    async revoke(carried, reason) {
      let existed = false;
      for (const { handle, ...whose } of carried) {
        existed = (await revokeSession(context, handle, { reason, ...whose })) || existed;
      }
      return existed;
    },
  };
}
