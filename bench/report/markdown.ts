import { type Cell, type Column, isFigure, type Table, valueOf } from "./table.ts";

export function writeTable({ title, columns, rows, notes = [] }: Table): string {
  const head = ["", ...columns.map((column) => column.title)];
  const lines = rows.map(({ name, cells }) => [name, ...columns.map((column) => writeCell(cells[column.id], column))]);
  return [
    `### ${title}`,
    "",
    writeLine(head),
    writeLine(head.map(() => "---")),
    ...lines.map(writeLine),
    ...notes.flatMap((note) => ["", note]),
  ].join("\n");
}

const writeLine = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;

function writeCell(cell: Cell, { digits = 0, unit = "", spread = false }: Column): string {
  if (!isFigure(cell)) return cell ?? "";
  const write = (value: number): string =>
    value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const { processes } = cell;
  const range =
    spread && processes.length > 1 ? ` (${write(Math.min(...processes))} to ${write(Math.max(...processes))})` : "";
  return `${write(valueOf(cell))}${unit}${range}`;
}
