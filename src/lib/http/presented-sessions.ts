import type { SessionContext } from "../session/context.ts";
import { revokeSession } from "../session/manage-sessions.ts";
import { authenticateRefreshToken } from "../session/refresh-session.ts";
import type { UserId } from "../session/user-id.ts";
import { valuesOf } from "./bound-refresh.ts";
import type { CookieReading } from "./cookies.ts";
import { findNamedSession } from "./named-session.ts";
import { unlessNotOurs } from "./outcomes.ts";

/** A session that a request names; its user is not known from a refresh token alone. */
export interface PresentedSession {
  readonly handle: string;
  readonly userId?: UserId;
}

export interface PresentedSessions {
  /**
   * The sessions that a request carries, also when their access tokens have expired, by at most the
   * idle timeout. More than one when somebody has put a cookie beside ours; ending that one, too,
   * does no harm.
   */
  find(access: CookieReading, refresh: CookieReading): Promise<readonly PresentedSession[]>;
  /** Whether any of them was still there. */
  revoke(carried: readonly PresentedSession[], reason: "sign-out" | "signed-in-again"): Promise<boolean>;
}

export function createPresentedSessions(context: SessionContext): PresentedSessions {
  return {
    async find(access, refresh) {
      await context.ready();
      // By handle: many tokens of one session are one session to end.
      const found = new Map<string, PresentedSession>();
      for (const value of valuesOf(access)) {
        const session = await findNamedSession(context, value);
        if (session !== undefined) found.set(session.handle, session);
      }
      if (found.size > 0) return [...found.values()];
      // A __Host- refresh cookie comes to every route, and names the session as well.
      for (const value of valuesOf(refresh)) {
        const token = await unlessNotOurs(() => authenticateRefreshToken(context, value));
        if (token !== undefined) found.set(token.handle, { handle: token.handle });
      }
      return [...found.values()];
    },

    async revoke(carried, reason) {
      let existed = false;
      for (const { handle, userId } of carried) {
        const event = userId === undefined ? { reason } : { reason, userId };
        existed = (await revokeSession(context, handle, event)) || existed;
      }
      return existed;
    },
  };
}
