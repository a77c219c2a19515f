/** Control characters, and those that change the order of a line: a terminal would obey them. */
const UNPRINTABLE = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** Escapes characters that change what a terminal shows. Within a string of JSON, it stays JSON. */
export const printable = (text: string): string => text.replaceAll(UNPRINTABLE, escaped);

/** The value as one line of JSON. */
export const printableJson = (value: unknown): string => `${printable(JSON.stringify(value))}\n`;

/** A time in ms since the epoch as ISO 8601 in UTC, without the fraction of a second. */
export const printableTime = (time: number): string =>
  Math.abs(time) > MAX_TIME ? String(time) : `${new Date(time).toISOString().slice(0, -5)}Z`;

/** The greatest number of ms that a Date can have. */
const MAX_TIME = 8.64e15;

/** Rows as text, each column as wide as its widest cell. */
export function printableTable(rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map(printable));
  const widths = (cells[0] ?? []).map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  return cells
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join("");
}

/** A number with its noun: `1 session`, `2 sessions`. */
export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;
