const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

/** A duration with its unit, for instance `"15m"`, `"100d"`, `"500ms"`. Units: ms, s, m, h, d, w. */
export type Duration = `${number}${keyof typeof UNITS}`;

/** Milliseconds of a {@link Duration}; undefined when it is none. */
export function parseDuration(value: unknown): number | undefined {
  if (typeof value !== "string") return undefined;
  const match = /^(\d{1,9})(ms|s|m|h|d|w)$/.exec(value);
  return match === null ? undefined : Number(match[1]) * UNITS[match[2] as keyof typeof UNITS];
}
