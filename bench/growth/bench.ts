/** Whether stores slow down as their tables grow, and whom a sweep stalls. */
import { defineBench } from "../command/bench.ts";
import type { GrowthDatabase, GrowthTable } from "./database.ts";
import { runRound, type Timings } from "./operations.ts";
import { nameSize, OPTIONS } from "./options.ts";
import { measureRate } from "./rate.ts";
import { type SizeFigures, toTables } from "./tables.ts";
import { rowsOf } from "./rows.ts";
import { startDatabase } from "./start-database.ts";
import { measureSweep } from "./sweep.ts";
import { describeLoad } from "../machine.ts";
import { note } from "../note.ts";
import type { Table } from "../report/table.ts";

/** Fewer rows have too few that a sweep could find. */
const SWEPT_FROM = 100_000;

export const bench = defineBench({
  measures: "whether stores slow down as their tables grow, and whom a sweep stalls",
  options: OPTIONS,
  async run({ store: stores, rows: sizes, durability, "growth-rounds": rounds, chunk }) {
    const all = sizes.reduce((sum, size) => sum + size, 0);
    const tables: Table[] = [];
    for (const store of stores) {
      const database = await startDatabase(store, all, durability);
      try {
        const figures = await measure(database, { sizes, rounds, chunk });
        tables.push(...toTables(store, database, figures, chunk));
      } finally {
        await database.remove();
      }
    }
    return tables;
  },
});

interface Plan {
  readonly sizes: readonly number[];
  readonly rounds: number;
  readonly chunk: number;
}

async function measure(database: GrowthDatabase, { sizes, rounds, chunk }: Plan): Promise<readonly SizeFigures[]> {
  const tables: GrowthTable[] = [];
  for (const size of sizes) {
    const begun = performance.now();
    tables.push(await database.fill(rowsOf(size, Date.now())));
    note(`${database.name}: ${nameSize(size)} rows in ${((performance.now() - begun) / 1000).toFixed(0)} s`);
  }
  await database.settle();
  const bytes = await Promise.all(tables.map((table) => table.measureBytes()));
  const measured = await runRounds(tables, rounds);
  const figures: SizeFigures[] = [];
  for (const [index, { table, timings }] of measured.entries()) {
    const size = table.rows.count;
    const rate = await measureRate(table);
    const sweep = size < SWEPT_FROM ? undefined : await measureSweep(table, chunk);
    figures.push({
      size,
      rounds: timings,
      bytes: bytes[index] ?? { rows: Number.NaN, indexes: Number.NaN },
      rate,
      sweep,
    });
  }
  return figures;
}

interface MeasuredTable {
  readonly table: GrowthTable;
  readonly timings: readonly Timings[];
}

/**
 * The tables take turns, so that the noise of the machine hits all alike. What the first round
 * finds cold does not count.
 */
async function runRounds(tables: readonly GrowthTable[], rounds: number): Promise<readonly MeasuredTable[]> {
  const running = await Promise.all(
    tables.map(async (table) => ({ table, store: await table.openWarm(), timings: [] as Timings[] })),
  );
  try {
    for (let round = 0; round <= rounds; round += 1) {
      for (const { table, store, timings } of running) {
        const took = await runRound(store, table.rows);
        if (round > 0) timings.push(took);
      }
    }
  } finally {
    await Promise.all(running.map(({ store }) => store.close()));
  }
  note(`load ${describeLoad()} after the rounds`);
  return running;
}
