import { setTimeout as wait } from "node:timers/promises";

/**
 * Asks again and again, every 20 ms and later up to every 100 ms, until the answer is neither
 * `undefined` nor `false`; a failure counts as "not yet".
 */
export async function until<T>(
  what: string,
  ask: () => T | Promise<T>,
  milliseconds = 120_000,
): Promise<Exclude<T, undefined | false>> {
  const begun = performance.now();
  const deadline = begun + milliseconds;
  let cause: unknown;
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== undefined && answer !== false) return answer as Exclude<T, undefined | false>;
      cause = undefined;
    } catch (error) {
      if (error instanceof Hopeless) throw error;
      cause = error;
    }
    if (performance.now() > deadline) throw new Error(`not within ${milliseconds} ms: ${what}`, { cause });
    // A question may cost more than the wait, and what takes long need not be noticed at once.
    await wait(Math.min(100, 20 + (performance.now() - begun) / 20));
  }
}

/** Ends the asking of `until` at once. */
export class Hopeless extends Error {}
