/** A clock for tests, which stands still until it is told to go on. */
export interface FakeClock {
  /** The time in ms since the epoch; to be given as `clock` to `createSessions` or `init`. */
  readonly now: () => number;
  /** Goes on by so many ms. */
  readonly advance: (ms: number) => void;
}

/**
 * @param start the first time it tells, in ms since the epoch. Default: when it is made
 * @example
 * ```ts
 * import { createSessions } from "counterfoil";
 * import { memory } from "counterfoil/memory";
 *
 * const clock = createFakeClock();
 * const sessions = createSessions({ store: memory(), clock: clock.now });
 * const { accessToken } = await sessions.createNewSession("alice");
 * clock.advance(16 * 60_000);
 * await sessions.getSession(accessToken.value); // throws TRY_REFRESH_TOKEN: it has expired
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
