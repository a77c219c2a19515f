import type { GrowthDatabase } from "./growth-database.ts";
import { OPERATIONS, type Operation, type Timings } from "./growth-operations.ts";
import { nameSize } from "./growth-options.ts";
import type { SweepFigures } from "./growth-sweep.ts";
import { median, quantile } from "./statistics.ts";

/** What was measured on a table of one size. */
export interface SizeFigures {
  readonly size: number;
  readonly rounds: readonly Timings[];
  readonly bytes: { readonly rows: number; readonly indexes: number };
  /** Refreshes a second, 32 at once. */
  readonly rate: number;
  readonly sweep: SweepFigures | undefined;
}

/** The target, for the median of every operation. */
const MOST_GROWTH = 1.5;
const LONGEST_STALL = 25;

export function printFigures(database: GrowthDatabase, figures: readonly SizeFigures[], chunk: number): void {
  const [first, ...others] = figures;
  const last = others.at(-1);
  const line = (name: string, cells: readonly string[]): void =>
    console.log(`  ${name.padEnd(32)}${cells.map((cell) => cell.padStart(25)).join("")}`);

  console.log(`\n${database.name}: ${database.settings}\n`);
  line("", [...figures.map(({ size }) => nameSize(size)), "p50, largest / 10 k"]);
  for (const operation of OPERATIONS) {
    const ratio = first === undefined || last === undefined ? Number.NaN : growth(operation, first, last);
    const cells = figures.map(({ rounds }) =>
      spell(
        rounds.flatMap((round) => round[operation]),
        [0.5, 0.99],
      ),
    );
    line(`${operation}, p50 / p99 ms`, [...cells, `${ratio.toFixed(2)}${ratio < MOST_GROWTH ? "" : " MISSED"}`]);
  }
  line(
    "refreshes a second, 32 at once",
    figures.map(({ rate }) => rate.toFixed(0)),
  );
  line(
    "bytes a row, + indexes",
    figures.map(({ size, bytes }) => `${Math.round(bytes.rows / size)} + ${Math.round(bytes.indexes / size)}`),
  );
  const sweeps = figures.map(({ sweep }) => sweep);
  const ofSweeps = (choose: (sweep: SweepFigures) => readonly number[]): string[] =>
    sweeps.map((sweep) => (sweep === undefined ? "-" : spell(choose(sweep), [0.5, 0.99, 1])));
  line(`sweep of ${chunk}, p50/p99/max ms`, [...ofSweeps((sweep) => sweep.statements), isSlow(last) ? "MISSED" : ""]);
  line(
    "refreshes meanwhile",
    ofSweeps((sweep) => sweep.during),
  );
  line(
    "refreshes without a sweep",
    ofSweeps((sweep) => sweep.without),
  );
  line(
    "rows swept",
    sweeps.map((sweep) => (sweep === undefined ? "-" : String(sweep.removed))),
  );
}

/** Round by round, so that a slow moment of the machine counts for both sizes. */
const growth = (operation: Operation, first: SizeFigures, last: SizeFigures): number =>
  median(last.rounds.map((round, index) => median(round[operation]) / median(first.rounds[index]?.[operation] ?? [])));

const isSlow = (figures: SizeFigures | undefined): boolean =>
  figures?.sweep !== undefined && quantile(figures.sweep.statements, 0.99) > LONGEST_STALL;

const spell = (values: readonly number[], parts: readonly number[]): string =>
  parts.map((part) => quantile(values, part).toFixed(2)).join(" / ");
