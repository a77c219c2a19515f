import type { Clock } from "../clock.ts";

const MINUTE = 60_000;
/** About 1 MB. */
const MOST = 10_000;

/** Whether this event of this session is the first within a minute, in this process. */
export type FirstInMinute = (event: string, handle: string) => boolean;

/**
 * Keeps a client that presents one token over and over from flooding the log. Memory is bounded:
 * beyond 10,000 sessions in a minute the oldest are forgotten and may be reported twice.
 */
export function createFirstInMinute(now: Clock): FirstInMinute {
  // Ordered by time.
  const told = new Map<string, number>();
  return (event, handle) => {
    const name = `${event} ${handle}`;
    const time = now();
    const last = told.get(name);
    if (last !== undefined && time - last < MINUTE) return false;
    told.delete(name);
    for (const [oldest, at] of told) {
      if (time - at < MINUTE && told.size < MOST) break;
      told.delete(oldest);
    }
    told.set(name, time);
    return true;
  };
}
