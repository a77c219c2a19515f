import { generalError } from "./errors.ts";

/** Reads the time in ms since the epoch. */
export type Clock = () => number;

/** The greatest difference between the clocks of two servers, in ms. */
export const CLOCK_SKEW = 60_000;

/**
 * Makes a clock that never goes back: an expired access token stays expired if the system's clock
 * is set back.
 */
export function createSteadyClock(clock: Clock): Clock {
  let latest = Number.NEGATIVE_INFINITY;
  return () => {
    const time = Math.floor(clock());
    if (!Number.isFinite(time)) {
      throw generalError("ARGUMENT_INVALID", `clock returned ${time}; return ms since the epoch, as Date.now does`);
    }
    if (time > latest) latest = time;
    return latest;
  };
}
