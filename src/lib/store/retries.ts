import { setTimeout as delay } from "node:timers/promises";

/**
 * Waits before the next attempt at what failed for the moment; false where the time is over. The
 * caller has the loop and decides what may be tried again, so that no function stands between.
 */
export type Retry = () => Promise<boolean>;

/**
 * @param deadline by `performance.now()`
 * @param pause how long to wait after so many attempts, in ms
 */
export function createRetry(deadline: number, pause: (attempts: number) => number): Retry {
  let attempts = 0;
  return async () => {
    attempts += 1;
    const ms = pause(attempts);
    if (performance.now() + ms > deadline) return false;
    await delay(ms);
    return true;
  };
}
