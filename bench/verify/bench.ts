/** What one verification costs, `await` included, against other libraries and against a floor. */
import { defineBench } from "../command/bench.ts";
import { count } from "../command/option.ts";
import { note } from "../note.ts";
import { type Column, type Figure, figure, ratio, type Table } from "../report/table.ts";
import { withOriginalDatabase } from "../servers/original-database.ts";
import { measureCache } from "./cache.ts";
import { type Contender, type Group, groupsOf } from "./contenders.ts";
import { measurePass } from "./rounds.ts";
import type { Slice } from "./slices.ts";

const COLUMNS: readonly Column[] = [
  { id: "cold", title: "between other work, µs", digits: 2, spread: true },
  { id: "ratio", title: "x floor", digits: 2 },
  { id: "hot", title: "in a hot loop, µs", digits: 2, spread: true },
  { id: "cpu", title: "CPU in that loop, µs", digits: 2 },
];

export const bench = defineBench({
  measures: "what one verification costs, against other libraries and a floor",
  options: {
    processes: count(3, 1),
    "verify-rounds": count(8, 1),
    "verify-slice": count(60, 4),
    "live-tokens": count(100_000, 100),
    "distinct-tokens": count(1_000_000, 1000),
  },
  async run({
    processes,
    "verify-rounds": rounds,
    "verify-slice": slice,
    "live-tokens": live,
    "distinct-tokens": distinct,
  }) {
    const groups = groupsOf(live);
    const contenders = groups.flatMap((group) => group.contenders);
    const passes = await withOriginalDatabase(async (mysql) => {
      const measured: ReadonlyMap<Contender, Slice>[] = [];
      for (let pass = 0; pass < processes; pass += 1) {
        note(`verify: pass ${pass + 1} of ${processes}, ${contenders.length} processes`);
        measured.push(await measurePass(contenders, mysql, { rounds, slice }));
      }
      return measured;
    });
    const tables = groups.map((group) => toTable(group, passes));
    return [...tables, await measureCache(live, distinct)];
  },
});

function toTable(
  { id, title, contenders, notes = [] }: Group,
  passes: readonly ReadonlyMap<Contender, Slice>[],
): Table {
  const figureOf = (contender: Contender | undefined, what: keyof Slice): Figure =>
    figure(...passes.map((pass) => (contender === undefined ? undefined : pass.get(contender))?.[what] ?? Number.NaN));
  const floor = contenders.find((contender) => contender.id === "floor");
  const rows = contenders.map((contender) => {
    const [cold, hot, cpu] = [figureOf(contender, "cold"), figureOf(contender, "hot"), figureOf(contender, "cpu")];
    return {
      id: contender.id,
      name: contender.name,
      cells: { cold, ratio: ratio(cold, figureOf(floor, "cold")), hot, cpu },
    };
  });
  return { id, title, columns: COLUMNS, rows, notes };
}
