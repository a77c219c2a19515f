import { sessionEnd } from "./record.ts";
import type { Clocks } from "./clocks.ts";
import type { FoundSession, SessionStore } from "./session-store.ts";
import type { VerifiedAccessToken } from "../token/access-token.ts";

/** The session that a token names, and that of its actor, with which it ends. */
export type CheckedToken = Pick<VerifiedAccessToken, "handle" | "actor">;

/** Finds out whether the session of a valid access token has ended or has newer claims. */
export interface RevocationCheck {
  /**
   * @returns the current live session; undefined if it was revoked or has expired
   *
   * @throws SessionError `CLOCKS_DISAGREE`
   */
  check(token: CheckedToken, now: number): Promise<FoundSession | undefined>;
}

/**
 * `off` checks nothing. `store` reads the row for every request, so a revocation takes effect at
 * once.
 */
export function createRevocationCheck(
  mode: "off" | "store",
  store: Pick<SessionStore, "findSession">,
  rules: { readonly idleTimeout: number; readonly absoluteTimeout: number } & Pick<Clocks, "hasEnded">,
): RevocationCheck | undefined {
  if (mode === "off") return undefined;
  async function findLive(handle: string, now: number): Promise<FoundSession | undefined> {
    const record = await store.findSession(handle);
    if (record === undefined) return undefined;
    return rules.hasEnded(sessionEnd(record, rules), record.storeTime, now) ? undefined : record;
  }
  return {
    async check({ handle, actor }, now) {
      const record = await findLive(handle, now);
      if (record === undefined || actor === undefined) return record;
      return (await findLive(actor.handle, now)) === undefined ? undefined : record;
    },
  };
}
