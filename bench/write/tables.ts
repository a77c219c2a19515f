import { type Column, type Figure, figure, ratio, type Row, type Table } from "../report/table.ts";
import type { WriteContender } from "./contenders.ts";
import { CONCURRENCIES, OPERATIONS, type Operation } from "./operations.ts";
import { type MeasuredSlices, nameSlice } from "./rounds.ts";
import type { Slice } from "./worker.ts";

type Passes = readonly ReadonlyMap<WriteContender, MeasuredSlices>[];

const TITLES: Readonly<Record<Operation, string>> = {
  create: "create",
  refresh: "refresh: a child of the current token",
  confirm: "confirm: a refresh by the child, which takes over",
  cycle: "cycle: refresh that confirms and mints, then the new access token's first use",
  revoke: "revoke one session",
  "revoke all": "revoke all of a user with two sessions",
};

const COLUMNS: readonly Column[] = [
  ...CONCURRENCIES.flatMap((concurrency) => [
    { id: `rate-${concurrency}`, title: `${concurrency} at once, a second` },
    { id: `ratio-${concurrency}`, title: "x original", digits: 1 },
    { id: `cpu-${concurrency}`, title: "client CPU, µs" },
  ]),
  { id: "trips", title: "round trips", digits: 1 },
];

export const toTables = (
  contenders: readonly WriteContender[],
  passes: Passes,
  settings: readonly string[],
): readonly Table[] =>
  OPERATIONS.map((operation) => ({
    id: `write-${operation}`,
    title: `Write: ${TITLES[operation]}`,
    columns: COLUMNS,
    rows: contenders.map((contender) => toRow(operation, contender, contenders, passes)),
    ...(operation === OPERATIONS[0] ? { notes: settings } : {}),
  }));

function toRow(
  operation: Operation,
  contender: WriteContender,
  contenders: readonly WriteContender[],
  passes: Passes,
): Row {
  const original = contenders.find(({ id }) => id === "original");
  const figureOf = (of: WriteContender | undefined, concurrency: number, what: keyof Slice): Figure | undefined => {
    const values = passes.map((pass) => of && pass.get(of)?.get(nameSlice(operation, concurrency))?.[what]);
    return values.every((value) => value !== undefined) ? figure(...values) : undefined;
  };
  const cells = CONCURRENCIES.map((concurrency) => {
    const rate = figureOf(contender, concurrency, "operationsPerSecond");
    const base = figureOf(original, concurrency, "operationsPerSecond");
    return {
      [`rate-${concurrency}`]: rate,
      [`ratio-${concurrency}`]: rate && base && ratio(rate, base),
      [`cpu-${concurrency}`]: figureOf(contender, concurrency, "cpu"),
    };
  });
  // A file has none.
  const trips = contender.id === "sqlite" ? undefined : figureOf(contender, 1, "roundTrips");
  return { id: contender.id, name: contender.name, cells: { ...Object.assign({}, ...cells), trips } };
}
