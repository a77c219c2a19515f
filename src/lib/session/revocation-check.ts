import { sessionEnd } from "./record.ts";
import type { Clocks } from "./clocks.ts";
import type { FoundSession, SessionStore } from "./session-store.ts";

/** Finds out whether the session of a valid access token has ended or has newer claims. */
export interface RevocationCheck {
  /**
   * @returns the current live session; undefined if it was revoked or has expired
   *
   * @throws SessionError `CLOCKS_DISAGREE`
   */
  check(handle: string, now: number): Promise<FoundSession | undefined>;
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
  return {
    async check(handle, now) {
      const record = await store.findSession(handle);
      if (record === undefined) return undefined;
      return rules.hasEnded(sessionEnd(record, rules), record.storeTime, now) ? undefined : record;
    },
  };
}
