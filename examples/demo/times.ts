/**
 * The demo's times, in ms: short, so that a minute shows what takes an hour. The page asks for them
 * at `/demo/times`.
 */
const WINDOW = 1_000;

export const TIMES = {
  /** `rotation.window`: how long a repeated request is taken for a retry. */
  window: WINDOW,
  /**
   * How old a new refresh token must be before it takes over: three windows, by the rule in
   * docs/guide/rotation.md.
   */
  settle: 3 * WINDOW,
  /** `tokens.accessToken.validity` */
  accessValidity: 10_000,
} as const;

/** As a duration of the config. */
export const seconds = (ms: number): `${number}s` => `${ms / 1000}s`;
