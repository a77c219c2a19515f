/**
 * A process that sweeps as the library does: run by sweep.ts, with an address as its argument. It
 * shares nothing with those it may stall.
 */
import { openStore, type StoreAddress } from "./store.ts";

/** So many statements, one right after another. */
export interface SweepOrder {
  readonly statements: number;
  /** Most rows that one of them removes. */
  readonly chunk: number;
}

export interface SweepResult {
  /** Of each statement, in ms. */
  readonly took: readonly number[];
  readonly removed: number;
}

const [, , address] = process.argv;
// Others import the types.
if (process.send !== undefined && address !== undefined) {
  const store = openStore(JSON.parse(address) as StoreAddress);
  await store.prepare();

  const sweep = async ({ statements, chunk }: SweepOrder): Promise<SweepResult> => {
    const took: number[] = [];
    let removed = 0;
    for (let statement = 0; statement < statements; statement += 1) {
      const begun = performance.now();
      const swept = await store.deleteExpiredSessions(Date.now(), chunk);
      took.push(performance.now() - begun);
      removed += swept;
    }
    return { took, removed };
  };

  process.on("message", (order: SweepOrder) => void sweep(order).then((result) => process.send?.(result)));
  process.send("ready");
}
