import { parseArgs } from "node:util";

export const STORES = ["sqlite", "mariadb", "postgres", "redis"] as const;
export type StoreName = (typeof STORES)[number];

/** Whether a write waits for the disk. `relaxed` shows what else there is to it, on a disk whose waits drown everything. */
export type Durability = "full" | "relaxed";

export interface GrowthOptions {
  readonly stores: readonly StoreName[];
  /** Sizes of the tables, ascending; all of one store stand side by side. */
  readonly sizes: readonly number[];
  readonly durability: Durability;
  readonly rounds: number;
  /** Most rows that one statement of a sweep removes. */
  readonly chunk: number;
}

/** As in src/lib/session/sweep-chunk.ts; servers get 200. */
const SWEEP_CHUNK = 50;

const FIRST_SIZE = 10_000;

const USAGE = `npm run bench -- growth [--rows 1m] [--store ${STORES.join(",")}] [--durability full|relaxed] [--rounds 25] [--chunk 50]
  --rows   the largest table; the others are 10 k and each power of ten up to it. Default 1m`;

/** @throws with the usage, for whatever it does not understand */
export function readOptions(args: readonly string[]): GrowthOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rows: { type: "string", default: "1m" },
      store: { type: "string", default: STORES.join(",") },
      durability: { type: "string", default: "full" },
      rounds: { type: "string", default: "25" },
      chunk: { type: "string", default: String(SWEEP_CHUNK) },
    },
  });
  const [rounds, chunk] = [Number(values.rounds), Number(values.chunk)];
  const stores = values.store.split(",");
  const { durability } = values;
  if (!stores.every(isStore) || !isDurability(durability) || !isCount(rounds) || !isCount(chunk))
    throw new Error(USAGE);
  return { stores, sizes: sizesUpTo(readCount(values.rows)), durability, rounds, chunk };
}

const isStore = (name: string): name is StoreName => (STORES as readonly string[]).includes(name);
const isDurability = (name: string): name is Durability => name === "full" || name === "relaxed";

const isCount = (value: number): boolean => Number.isInteger(value) && value >= 1;

/** `10k`, `1m`. */
function readCount(text: string): number {
  const [, digits, unit] = /^(\d+)([km])$/.exec(text) ?? [];
  const count = Number(digits) * (unit === "m" ? 1_000_000 : 1000);
  if (!(count >= FIRST_SIZE)) throw new Error(USAGE);
  return count;
}

function sizesUpTo(largest: number): number[] {
  const sizes: number[] = [];
  for (let size = FIRST_SIZE; size < largest; size *= 10) sizes.push(size);
  return [...sizes, largest];
}

/** `10 k`, `1 M`. */
export function nameSize(rows: number): string {
  return rows >= 1_000_000 ? `${rows / 1_000_000} M` : `${rows / 1000} k`;
}
