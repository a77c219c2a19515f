import { setTimeout as delay } from "node:timers/promises";

/**
 * Waits before the next attempt. The caller has the loop and decides which errors to retry, so that
 * no function stands between.
 *
 * @returns false if the time is over
 */
export type Retry = () => Promise<boolean>;

/**
 * @param deadline by `performance.now()`
 * @param pause the pause in ms after a number of attempts
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
