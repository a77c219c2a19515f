import type { Clock } from "./clock.ts";

/**
 * Sessions that a new sign-in has just replaced. A refresh of one may still be on its way, from a tab that dawdled; to clear the
 * cookies in answer to it would wipe those of the new session (docs/decisions/014).
 */
export interface ReplacedSessions {
  readonly add: (handle: string) => void;
  readonly has: (handle: string) => boolean;
}

/** @param memory how long each is remembered, in ms */
export function createReplacedSessions(memory: number, now: Clock): ReplacedSessions {
  const until = new Map<string, number>();
  return {
    add(handle) {
      // The oldest stand first, and all are remembered equally long.
      for (const [old, end] of until) {
        if (end > now()) break;
        until.delete(old);
      }
      until.set(handle, now() + memory);
    },
    has: (handle) => (until.get(handle) ?? 0) > now(),
  };
}
