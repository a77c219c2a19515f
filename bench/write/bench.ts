/**
 * What creating, refreshing and revoking cost, on each store, against the original on the same
 * server.
 */
import { defineBench } from "../command/bench.ts";
import { count, oneOf, someOf } from "../command/option.ts";
import { DURABILITIES, STORES } from "../growth/options.ts";
import { describeLoad } from "../machine.ts";
import { note } from "../note.ts";
import { startContenders, type WriteContender } from "./contenders.ts";
import { type MeasuredSlices, measurePass } from "./rounds.ts";
import { toTables } from "./tables.ts";

export const bench = defineBench({
  measures: "what creating, refreshing and revoking cost on each store, against the original",
  options: {
    store: someOf(STORES),
    durability: oneOf(DURABILITIES, "relaxed"),
    processes: count(3, 1),
    "write-rounds": count(2, 1),
    "write-slice": count(250, 50),
    "write-warm-up": count(1500, 100),
  },
  async run({
    store: stores,
    durability,
    processes,
    "write-rounds": rounds,
    "write-slice": slice,
    "write-warm-up": warmUp,
  }) {
    const started = await startContenders(stores, durability);
    try {
      const passes: ReadonlyMap<WriteContender, MeasuredSlices>[] = [];
      for (let pass = 0; pass < processes; pass += 1) {
        note(`write: pass ${pass + 1} of ${processes} (load ${describeLoad()})`);
        passes.push(await measurePass(started.contenders, { rounds, slice, warmUp }));
      }
      return toTables(started.contenders, passes, started.settings);
    } finally {
      await started.remove();
    }
  },
});
