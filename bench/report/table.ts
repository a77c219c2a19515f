import { median } from "../statistics.ts";

/** What several processes measured, one value of each, in the order of the passes. */
export interface Figure {
  readonly processes: readonly number[];
}

export type Cell = Figure | string | undefined;

export interface Column {
  readonly id: string;
  readonly title: string;
  /** Digits behind the point. Default: 0. */
  readonly digits?: number;
  readonly unit?: string;
  /** Whether least and most of the processes stand behind the median. */
  readonly spread?: boolean;
}

export interface Row {
  readonly id: string;
  readonly name: string;
  readonly cells: Readonly<Record<string, Cell>>;
}

/** The result of a bench, for readers and for targets alike. */
export interface Table {
  readonly id: string;
  readonly title: string;
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
  /** Lines below the table. */
  readonly notes?: readonly string[];
}

export const figure = (...processes: readonly number[]): Figure => ({ processes });

export const isFigure = (cell: Cell): cell is Figure => typeof cell === "object";

export const valueOf = ({ processes }: Figure): number => median(processes);

/** Pass by pass, since the processes of one pass shared the moments of the machine. */
export const combine = (of: (...values: number[]) => number, ...figures: readonly Figure[]): Figure =>
  figure(
    ...(figures[0]?.processes ?? []).map((_, pass) =>
      of(...figures.map(({ processes }) => processes[pass] ?? Number.NaN)),
    ),
  );

export const ratio = (figures: Figure, to: Figure): Figure => combine((value, base) => value / base, figures, to);
