import { count, type Option, oneOf, someOf } from "../command/option.ts";

export const STORES = ["sqlite", "mariadb", "postgres", "redis"] as const;
export type StoreName = (typeof STORES)[number];

/**
 * Whether a write waits for the disk. `relaxed` shows what else there is to it, on a disk whose
 * waits drown everything.
 */
export const DURABILITIES = ["full", "relaxed"] as const;
export type Durability = (typeof DURABILITIES)[number];

/** As in src/lib/session/sweep-chunk.ts; servers get 200. */
const SWEEP_CHUNK = 50;

const FIRST_SIZE = 10_000;

/**
 * Sizes of the tables, ascending, from 10 k by powers of ten up to the largest, which is given:
 * `10k`, `1m`.
 */
const sizes: Option<readonly number[]> = {
  shown: "10k, or any size up to 10m",
  fallback: "1m",
  quick: "10k",
  read: readSizes,
};

export const OPTIONS = {
  store: someOf(STORES),
  rows: sizes,
  durability: oneOf(DURABILITIES, "full"),
  "growth-rounds": count(25, 1),
  chunk: count(SWEEP_CHUNK),
};

function readSizes(text: string): readonly number[] | undefined {
  const [, digits, unit] = /^(\d+)([km])$/.exec(text) ?? [];
  const largest = Number(digits) * (unit === "m" ? 1_000_000 : 1000);
  if (!(largest >= FIRST_SIZE)) return undefined;
  const all: number[] = [];
  for (let size = FIRST_SIZE; size < largest; size *= 10) all.push(size);
  return [...all, largest];
}

/** `10 k`, `1 M`. */
export function nameSize(rows: number): string {
  return rows >= 1_000_000 ? `${rows / 1_000_000} M` : `${rows / 1000} k`;
}
