/**
 * The process of one library and its database: started by rounds.ts, with an order as its argument.
 */
import { cpuTime, serveParent } from "../child.ts";
import type { StoreAddress } from "../growth/store.ts";
import type { MysqlAddress } from "../servers/mysql-address.ts";
import { type Operation, type Work, type Writer } from "./operations.ts";
import { watchRoundTrips } from "./round-trips.ts";

export type WriteOrder =
  | { readonly library: "counterfoil"; readonly address: StoreAddress }
  | { readonly library: "original"; readonly mysql: MysqlAddress };

export interface WriteQuestion {
  readonly operation: Operation;
  readonly concurrency: number;
  readonly ms: number;
}

/** One kind of operation for a moment; no figures where the library does not have it. */
export interface Slice {
  readonly operationsPerSecond?: number;
  /** Of this process, an operation, in µs. */
  readonly cpu?: number;
  /** An operation. Means nothing with several at once. */
  readonly roundTrips?: number;
}

async function open(order: WriteOrder): Promise<Writer> {
  if (order.library === "original") return (await import("./original.ts")).createOriginal(order.mysql);
  return (await import("./counterfoil.ts")).createCounterfoil(order.address);
}

const roundTrips = watchRoundTrips();

async function measure(work: Work, { concurrency, ms }: WriteQuestion): Promise<Slice> {
  let operations = 0;
  const [begun, cpuBefore, tripsBefore] = [performance.now(), cpuTime(), roundTrips()];
  const runLane = async (_: unknown, lane: number): Promise<void> => {
    while (performance.now() < begun + ms && (await work.next(lane))) operations += 1;
  };
  await Promise.all(Array.from({ length: concurrency }, runLane));
  return {
    operationsPerSecond: (operations * 1000) / (performance.now() - begun),
    cpu: (cpuTime() - cpuBefore) / operations,
    roundTrips: (roundTrips() - tripsBefore) / operations,
  };
}

await serveParent(async (order: WriteOrder) => {
  const writer = await open(order);
  return {
    ready: {},
    async answer(question: WriteQuestion): Promise<Slice> {
      const work = await writer.prepare(question.operation, question.concurrency);
      return work === undefined ? {} : measure(work, question);
    },
  };
});
