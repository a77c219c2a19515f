import type { SessionLimit } from "../policy.ts";

/** The effect of a sign-in on the user's other sessions. */
export interface LimitDecision {
  /** How many of them end in this step, oldest first. */
  readonly oldest: number;
  /**
   * `"add"`: this step adds the new session. `"count"`: more sessions must end first, so another
   * step counts again. `"refuse"`: nothing is written.
   */
  readonly next: "add" | "count" | "refuse";
}

/**
 * The rule of `session.maxPerUser`. PostgreSQL (soft limits) and Redis repeat it in their own
 * language; the store clause `limit-11` compares them with this function.
 *
 * @param surplus live sessions of the user beyond the newest `max - 1`, without the replaced one. A
 * store may stop counting at one more than a step can end
 * @param atOnce how many sessions a step of the store can end; a soft limit has its own number
 */
export function decideLimit(
  limit: SessionLimit | undefined,
  surplus: number,
  atOnce: number = Number.POSITIVE_INFINITY,
): LimitDecision {
  switch (limit?.onLimit) {
    case undefined:
      return { oldest: 0, next: "add" };
    case "refuse":
      return { oldest: 0, next: surplus > 0 ? "refuse" : "add" };
    case "trim":
      return { oldest: Math.min(surplus, limit.atOnce), next: "add" };
    case "end-oldest":
      return { oldest: Math.min(surplus, atOnce), next: surplus > atOnce ? "count" : "add" };
  }
}
