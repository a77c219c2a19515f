/** A clock for tests. It stands still until a test moves it. */
export interface FakeClock {
  /** Returns the time in ms since the epoch. Pass it as `clock` to `createSessions` or `init`. */
  readonly now: () => number;
  /** Moves the clock forward, in ms. */
  readonly advance: (ms: number) => void;
}

/**
 * Makes a clock for tests.
 *
 * @param start its first time, in ms since the epoch. Default: now
 * @example
 * ```ts
 * import { createSessions } from "counterfoil";
 * import { memory } from "counterfoil/memory";
 * import { createFakeClock } from "counterfoil/testing";
 *
 * const clock = createFakeClock();
 * const sessions = createSessions({ store: memory(), clock: clock.now });
 * const { accessToken } = await sessions.createNewSession("alice");
 * clock.advance(16 * 60_000);
 * await sessions.getSession(accessToken.value).catch(({ code }) => console.log(code));
 * ```
 */
export function createFakeClock(start: number = Date.now()): FakeClock {
  let time = start;
  return {
    now: () => time,
    advance(ms) {
      time += ms;
    },
  };
}
