import { type Child, startChild } from "../child.ts";
import { shuffle } from "../shuffle.ts";
import { median } from "../statistics.ts";
import type { WriteContender } from "./contenders.ts";
import { CONCURRENCIES, OPERATIONS, type Operation } from "./operations.ts";
import type { Slice, WriteOrder, WriteQuestion } from "./worker.ts";

interface Running {
  readonly contender: WriteContender;
  readonly child: Child<WriteQuestion, Slice, unknown>;
  readonly slices: Map<string, Slice[]>;
}

export interface Pace {
  readonly rounds: number;
  /** In ms. */
  readonly slice: number;
  /** In ms, of cycles. */
  readonly warmUp: number;
}

/** Medians of one process, by `nameSlice`. */
export type MeasuredSlices = ReadonlyMap<string, Slice>;

export const nameSlice = (operation: Operation, concurrency: number): string => `${operation} ${concurrency}`;

/** A process for each contender; they take turns at each kind of operation. */
export async function measurePass(
  contenders: readonly WriteContender[],
  { rounds, slice, warmUp }: Pace,
): Promise<ReadonlyMap<WriteContender, MeasuredSlices>> {
  const running: Running[] = [];
  try {
    for (const contender of contenders) {
      const { order }: { readonly order: WriteOrder } = contender;
      const child = await startChild<WriteQuestion, Slice, unknown>(new URL("worker.ts", import.meta.url), order);
      running.push({ contender, child, slices: new Map() });
      for (const operation of OPERATIONS)
        await child.ask({ operation, concurrency: 1, ms: warmUp / OPERATIONS.length });
      await child.ask({ operation: "cycle", concurrency: 16, ms: warmUp });
    }
    const kinds = OPERATIONS.flatMap((operation) => CONCURRENCIES.map((concurrency) => ({ operation, concurrency })));
    for (let round = 0; round < rounds; round += 1) {
      for (const { operation, concurrency } of shuffle(kinds)) {
        for (const { child, slices } of shuffle(running)) {
          const measured = await child.ask({ operation, concurrency, ms: slice });
          const name = nameSlice(operation, concurrency);
          slices.set(name, [...(slices.get(name) ?? []), measured]);
        }
      }
    }
    return new Map(running.map(({ contender, slices }) => [contender, mediansOf(slices)]));
  } finally {
    for (const { child } of running) await child.stop();
  }
}

const mediansOf = (all: ReadonlyMap<string, readonly Slice[]>): MeasuredSlices =>
  new Map([...all].map(([name, slices]) => [name, medianOf(slices)]));

function medianOf(slices: readonly Slice[]): Slice {
  if (slices.every(({ cpu }) => cpu === undefined)) return {};
  const of = (what: keyof Slice): number => median(slices.map((slice) => slice[what] ?? Number.NaN));
  return { operationsPerSecond: of("operationsPerSecond"), cpu: of("cpu"), roundTrips: of("roundTrips") };
}
