import { retryLater, type SessionError } from "../errors.ts";

/** One of n rivals wins each time, so this limit is never reached in practice. */
export const MOST_ATTEMPTS = 256;

/**
 * Repeats an attempt until its commit wins.
 *
 * @param attempt reads, decides and commits; undefined if another request changed the row meanwhile
 * @throws SessionError `RETRY` `STORE_CONTENDED`
 */
export async function untilWon<T extends object>(
  attempt: () => Promise<T | undefined>,
  most: number = MOST_ATTEMPTS,
): Promise<T> {
  for (let attempts = 0; attempts < most; attempts += 1) {
    const won = await attempt();
    if (won !== undefined) return won;
  }
  throw contended();
}

/** All attempts were lost. */
export const contended = (): SessionError =>
  retryLater(
    "STORE_CONTENDED",
    "too many requests change this session at once; nothing was written, try again shortly",
  );
