/** Whether stores slow down as their tables grow, and whom a sweep stalls: `npm run bench -- growth`. Never fails for a figure. */
import type { GrowthDatabase, GrowthTable } from "./growth-database.ts";
import { startGrowthMariaDb } from "./growth-mariadb.ts";
import { runRound, type Timings } from "./growth-operations.ts";
import { type Durability, type GrowthOptions, nameSize, readOptions, type StoreName } from "./growth-options.ts";
import { startGrowthPostgres } from "./growth-postgres.ts";
import { startGrowthRedis } from "./growth-redis.ts";
import { measureRate } from "./growth-rate.ts";
import { printFigures, type SizeFigures } from "./growth-report.ts";
import { rowsOf } from "./growth-rows.ts";
import { startSqlite } from "./growth-sqlite.ts";
import { measureSweep } from "./growth-sweep.ts";
import { describeLoad, describeMachine } from "./machine.ts";

const START: Readonly<Record<StoreName, (rows: number, durability: Durability) => Promise<GrowthDatabase>>> = {
  sqlite: startSqlite,
  mariadb: startGrowthMariaDb,
  postgres: startGrowthPostgres,
  redis: startGrowthRedis,
};

/** Fewer rows have too few that a sweep could find. */
const SWEPT_FROM = 100_000;

export async function runGrowth(args: readonly string[]): Promise<void> {
  const options = readOptions(args);
  console.log(describeMachine());
  for (const store of options.stores) {
    const all = options.sizes.reduce((sum, size) => sum + size, 0);
    const database = await START[store](all, options.durability);
    try {
      await measure(database, options);
    } finally {
      await database.remove();
    }
  }
}

async function measure(database: GrowthDatabase, { sizes, rounds, chunk }: GrowthOptions): Promise<void> {
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
  printFigures(database, figures, chunk);
}

interface MeasuredTable {
  readonly table: GrowthTable;
  readonly timings: readonly Timings[];
}

/** The tables take turns, so that the noise of the machine hits all alike. What the first round finds cold does not count. */
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

/** Progress; the figures alone go to stdout. */
const note = (text: string): void => console.error(text);
