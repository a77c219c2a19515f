import { sessionEnd } from "./record.ts";
import type { Clocks } from "./clocks.ts";
import type { FoundSession, SessionStore } from "./session-store.ts";

/** Whether a session whose access token is good has ended meanwhile, or has newer claims. */
export interface RevocationCheck {
  /**
   * The live session as it is now; undefined when it has been revoked or has expired.
   *
   * @throws SessionError `CLOCKS_DISAGREE`
   */
  check(handle: string, now: number): Promise<FoundSession | undefined>;
}

/** `off` checks nothing; `store` reads the row for every request, and is immediate. */
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
