const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

/**
 * A whole number and a unit, for instance `"500ms"`, `"15m"`, `"100d"`. Units: ms, s, m, h, d, w.
 */
export type Duration = `${number}${keyof typeof UNITS}`;

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
