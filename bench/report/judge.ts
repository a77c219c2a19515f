import { type Figure, isFigure, type Table, valueOf } from "./table.ts";

/** What we want of the figures. */
export interface Target {
  readonly id: string;
  readonly text: string;
  /** Undefined where that was not measured. */
  readonly measure: (read: ReadFigure) => Figure | undefined;
  readonly most?: number;
  readonly least?: number;
  readonly digits?: number;
  readonly unit?: string;
}

/** A cell by the ids of its table, row and column. */
export type ReadFigure = (table: string, row: string, column: string) => Figure | undefined;

export interface Verdict {
  readonly id: string;
  readonly text: string;
  readonly bound: string;
  readonly measured: string;
  readonly verdict: "met" | "missed" | "not run";
}

export function judge(targets: readonly Target[], tables: readonly Table[]): readonly Verdict[] {
  const read: ReadFigure = (table, row, column) => {
    const cell = tables.find(({ id }) => id === table)?.rows.find(({ id }) => id === row)?.cells[column];
    return isFigure(cell) ? cell : undefined;
  };
  return targets.map((target) => judgeOne(target, read));
}

function judgeOne({ id, text, measure, most, least, digits = 2, unit = "" }: Target, read: ReadFigure): Verdict {
  const bound = most === undefined ? `at least ${least}${unit}` : `at most ${most}${unit}`;
  const measured = measure(read);
  if (measured === undefined) return { id, text, bound, measured: "", verdict: "not run" };
  const value = valueOf(measured);
  const isMet = value <= (most ?? Number.POSITIVE_INFINITY) && value >= (least ?? Number.NEGATIVE_INFINITY);
  return { id, text, bound, measured: `${value.toFixed(digits)}${unit}`, verdict: isMet ? "met" : "missed" };
}

export function writeVerdicts(bench: string, verdicts: readonly Verdict[]): string {
  const lines = verdicts.map(
    ({ text, bound, measured, verdict }) => `| ${text} | ${bound} | ${measured} | ${verdict} |`,
  );
  return [`### Targets of ${bench}`, "", "| | target | here | |", "| --- | --- | --- | --- |", ...lines].join("\n");
}
