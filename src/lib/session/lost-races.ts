import { retryLater, type SessionError } from "../errors.ts";

/** Among n rivals one wins each time, so this many attempts are far more than enough. */
export const MOST_ATTEMPTS = 256;

/**
 * Decides and commits until the commit wins.
 *
 * @param attempt reads, decides and commits; undefined when another request changed the row in
 *   between
 * @throws SessionError `RETRY` `STORE_CONTENDED`
 */
export async function untilWon<T extends object>(attempt: () => Promise<T | undefined>): Promise<T> {
  for (let attempts = 0; attempts < MOST_ATTEMPTS; attempts += 1) {
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
