import type { SessionEvents } from "../../session/events.ts";
import type { Sessions } from "../../session/sessions.ts";

/** One event, and when this process saw it, in ms since the epoch. */
export interface SeenReuse {
  readonly at: number;
  readonly event: SessionEvents["reuse-detected"];
}

/** The reused tokens that this process has seen. */
export interface ReuseLog {
  /** Since when, in ms since the epoch. */
  readonly since: number;
  /** How many were seen, those that are no longer kept among them. */
  readonly count: () => number;
  /** The last ones, newest first. */
  readonly latest: () => readonly SeenReuse[];
}

/** How many events are kept, about 1 kB each. */
export const KEPT_REUSES = 100;

/** Keeps the last events of an instance until it is closed. */
export function logReuses(sessions: Pick<Sessions, "on">, now: () => number): ReuseLog {
  let seen: readonly SeenReuse[] = [];
  let count = 0;
  sessions.on("reuse-detected", (event) => {
    count += 1;
    seen = [{ at: now(), event }, ...seen.slice(0, KEPT_REUSES - 1)];
  });
  return { since: now(), count: () => count, latest: () => seen };
}
