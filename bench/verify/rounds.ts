import { type Child, startChild } from "../child.ts";
import { shuffle } from "../shuffle.ts";
import { median } from "../statistics.ts";
import type { MysqlAddress } from "../servers/mysql-address.ts";
import type { Contender } from "./contenders.ts";
import type { VerifyOrder } from "./library.ts";
import type { Slice } from "./slices.ts";
import type { SliceQuestion } from "./worker.ts";

interface Running {
  readonly contender: Contender;
  readonly child: Child<SliceQuestion, Slice, unknown>;
  readonly slices: Slice[];
}

/** Until the compiler has done its work. */
const WARM_UP_SLICES = 4;

/**
 * A process for each contender; they take turns, and idle meanwhile. @returns the medians of each
 */
export async function measurePass(
  contenders: readonly Contender[],
  mysql: MysqlAddress,
  { rounds, slice }: { readonly rounds: number; readonly slice: number },
): Promise<ReadonlyMap<Contender, Slice>> {
  const running: Running[] = [];
  try {
    for (const contender of contenders) {
      const order: VerifyOrder = { ...contender.order, mysql };
      const child = await startChild<SliceQuestion, Slice, unknown>(new URL("worker.ts", import.meta.url), order);
      await child.ask({ ms: WARM_UP_SLICES * slice });
      running.push({ contender, child, slices: [] });
    }
    for (let round = 0; round < rounds; round += 1) {
      for (const { child, slices } of shuffle(running)) slices.push(await child.ask({ ms: slice }));
    }
    return new Map(running.map(({ contender, slices }) => [contender, medianOf(slices)]));
  } finally {
    for (const { child } of running) await child.stop();
  }
}

const medianOf = (slices: readonly Slice[]): Slice => ({
  hot: median(slices.map(({ hot }) => hot)),
  cpu: median(slices.map(({ cpu }) => cpu)),
  cold: median(slices.map(({ cold }) => cold)),
});
