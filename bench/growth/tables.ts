import { type Cell, figure, type Row, type Table } from "../report/table.ts";
import { median, quantile } from "../statistics.ts";
import type { GrowthDatabase } from "./database.ts";
import { OPERATIONS, type Operation, type Timings } from "./operations.ts";
import { nameSize, type StoreName } from "./options.ts";
import type { SweepFigures } from "./sweep.ts";

/** What was measured on a table of one size. */
export interface SizeFigures {
  readonly size: number;
  readonly rounds: readonly Timings[];
  readonly bytes: { readonly rows: number; readonly indexes: number };
  /** Refreshes a second, 32 at once. */
  readonly rate: number;
  readonly sweep: SweepFigures | undefined;
}

export function toTables(
  store: StoreName,
  database: GrowthDatabase,
  figures: readonly SizeFigures[],
  chunk: number,
): readonly Table[] {
  const [first] = figures;
  const last = figures.at(-1);
  const bySize = (cellOf: (one: SizeFigures) => Cell): Readonly<Record<string, Cell>> =>
    Object.fromEntries(figures.map((one) => [String(one.size), cellOf(one)]));
  const operations: readonly Row[] = OPERATIONS.map((operation) => ({
    id: operation,
    name: `${operation}, p50 / p99 ms`,
    cells: {
      ...bySize(({ rounds }) => spell(rounds.flatMap((round) => round[operation]))),
      growth:
        first === undefined || last === undefined || first === last
          ? undefined
          : figure(growth(operation, first, last)),
    },
  }));
  const table: Table = {
    id: `growth-${store}`,
    title: `Growth: ${database.name}`,
    columns: [
      ...figures.map(({ size }) => ({ id: String(size), title: nameSize(size) })),
      { id: "growth", title: "p50, largest / smallest", digits: 2 },
    ],
    rows: [
      ...operations,
      { id: "rate", name: "refreshes a second, 32 at once", cells: bySize(({ rate }) => rate.toFixed(0)) },
      {
        id: "bytes",
        name: "bytes a row + indexes",
        cells: bySize(({ size, bytes }) => `${Math.round(bytes.rows / size)} + ${Math.round(bytes.indexes / size)}`),
      },
    ],
    notes: [database.settings],
  };
  return [table, ...toSweepTable(store, database, figures, chunk)];
}

function toSweepTable(
  store: StoreName,
  database: GrowthDatabase,
  figures: readonly SizeFigures[],
  chunk: number,
): readonly Table[] {
  const rows = figures.flatMap(({ size, sweep }): readonly Row[] =>
    sweep === undefined
      ? []
      : [
          {
            id: String(size),
            name: nameSize(size),
            cells: {
              p50: figure(quantile(sweep.statements, 0.5)),
              p99: figure(quantile(sweep.statements, 0.99)),
              during: spell(sweep.during),
              without: spell(sweep.without),
              removed: String(sweep.removed),
            },
          },
        ],
  );
  if (rows.length === 0) return [];
  return [
    {
      id: `growth-${store}-sweep`,
      title: `Growth: a sweep of ${chunk} rows at a time without a pause, ${database.name}`,
      columns: [
        { id: "p50", title: "statement, p50 ms", digits: 2 },
        { id: "p99", title: "p99", digits: 2 },
        { id: "during", title: "refreshes meanwhile, p50 / p99" },
        { id: "without", title: "refreshes without it" },
        { id: "removed", title: "rows swept" },
      ],
      rows,
    },
  ];
}

/** Round by round, so that a slow moment of the machine counts for both sizes. */
const growth = (operation: Operation, first: SizeFigures, last: SizeFigures): number =>
  median(last.rounds.map((round, index) => median(round[operation]) / median(first.rounds[index]?.[operation] ?? [])));

const spell = (values: readonly number[]): string =>
  [0.5, 0.99].map((part) => quantile(values, part).toFixed(2)).join(" / ");
