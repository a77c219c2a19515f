const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

/** A duration as the defaults and bounds of this package are written, so that no typo compiles. */
export type KnownDuration = `${number}${keyof typeof UNITS}`;

/**
 * A whole number and a unit, for instance `"500ms"`, `"15m"`, `"100d"`. Units: ms, s, m, h, d, w.
 * Any string is accepted by the type, so that it may come from the environment; a wrong one is
 * refused when the option is read.
 */
export type Duration = KnownDuration | (string & NonNullable<unknown>);

/** What an option with a duration wants. */
export const DURATION = 'a string of a whole number and a unit, as in "15m" (ms, s, m, h, d, w)';

// Routes parse the same text for each request.
let latest: { readonly text: string; readonly ms: number | undefined } = { text: "", ms: undefined };

/** @returns the milliseconds of a {@link Duration}; undefined for other values */
export function parseDuration(value: unknown): number | undefined {
  if (typeof value !== "string") return undefined;
  if (value === latest.text) return latest.ms;
  const match = /^(\d{1,9})(ms|s|m|h|d|w)$/.exec(value);
  const ms = match === null ? undefined : Number(match[1]) * UNITS[match[2] as keyof typeof UNITS];
  latest = { text: value, ms };
  return ms;
}
