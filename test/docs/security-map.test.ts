/** docs/security.md against the numbers of the standard and the tests that it names. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { httpClauses, storeClauses } from "counterfoil/testing";
import { describe, expect, test } from "vitest";
import { root } from "./snippets.ts";

/** ASVS 5.0.0: each requirement of V7, V3.3 and V3.5, with the lowest level that has it. */
const LEVELS: Readonly<Record<string, 1 | 2 | 3>> = {
  "7.1.1": 2,
  "7.1.2": 2,
  "7.1.3": 2,
  "7.2.1": 1,
  "7.2.2": 1,
  "7.2.3": 1,
  "7.2.4": 1,
  "7.3.1": 2,
  "7.3.2": 2,
  "7.4.1": 1,
  "7.4.2": 1,
  "7.4.3": 2,
  "7.4.4": 2,
  "7.4.5": 2,
  "7.5.1": 2,
  "7.5.2": 2,
  "7.5.3": 3,
  "7.6.1": 2,
  "7.6.2": 2,
  "3.3.1": 1,
  "3.3.2": 2,
  "3.3.3": 2,
  "3.3.4": 2,
  "3.3.5": 3,
  "3.5.1": 1,
  "3.5.2": 1,
  "3.5.3": 1,
  "3.5.4": 2,
  "3.5.5": 2,
  "3.5.6": 3,
  "3.5.7": 3,
  "3.5.8": 3,
};

interface Row {
  readonly key: string;
  readonly level: number | undefined;
  readonly library: string;
  readonly tests: string;
}

const rows: readonly Row[] = readFileSync(join(root, "docs/security.md"), "utf8")
  .split("\n")
  .filter((line) => /^\| \d/.test(line))
  .map((line) => line.slice(1, -1).split("|"))
  .map((cells) => cells.map((cell) => cell.trim()))
  .map((cells) => ({
    key: cells[0] ?? "",
    level: cells.length === 5 ? Number(cells[1]) : undefined,
    library: cells.at(-2) ?? "",
    tests: cells.at(-1) ?? "",
  }));

const TEST = /^`((?:src|test)\/[\w./-]+\.ts)`: ("[^"]+"(?:, "[^"]+")*)$/;
const CLAUSES = /^(HTTP|store) clauses? (`[a-z-]+\d+`(?:, `[a-z-]+\d+`)*)$/;

const partsOf = (row: Row): string[] => row.tests.split("; ").filter((part) => part !== "");

const named = rows.flatMap((row) =>
  partsOf(row).flatMap((part) => {
    const [, file, titles = ""] = TEST.exec(part) ?? [];
    if (file === undefined) return [];
    return [...titles.matchAll(/"([^"]+)"/g)].map(([, title = ""]) => ({ key: row.key, file, title }));
  }),
);

const clauses = rows.flatMap((row) =>
  partsOf(row).flatMap((part) => {
    const [, kind, ids = ""] = CLAUSES.exec(part) ?? [];
    return [...ids.matchAll(/`([^`]+)`/g)].map(([, id = ""]) => ({ key: row.key, kind, id }));
  }),
);

/** The first argument of a call: `test("title",` and `test.each(rows)("title",` alike. */
function hasTitle(source: string, title: string): boolean {
  const calls = source.replaceAll(/\(\s+/g, "(");
  return ['"', "'", "`"].some((quote) => calls.includes(`(${quote}${title}${quote},`));
}

describe("docs/security.md", () => {
  test("has one row for each requirement, with its level", () => {
    const drawn = rows.filter(({ level }) => level !== undefined).map(({ key, level }) => [key, level]);
    expect(drawn).toHaveLength(Object.keys(LEVELS).length);
    expect(Object.fromEntries(drawn)).toEqual(LEVELS);
  });

  test.each(rows)("$key names a test, or the app's duty", (row) => {
    for (const part of partsOf(row)) expect(TEST.test(part) || CLAUSES.test(part), part).toBe(true);
    if (row.tests === "") expect(row.library).toMatch(/\*\*The app's duty:\*\* \w+/);
  });

  test("names tests at all", () => {
    expect(named.length).toBeGreaterThan(30);
    expect(clauses.length).toBeGreaterThan(30);
  });

  test.each(named)("$key: $file has the test $title", ({ file, title }) => {
    expect(existsSync(join(root, file)), file).toBe(true);
    expect(hasTitle(readFileSync(join(root, file), "utf8"), title)).toBe(true);
  });

  test.each(clauses)("$key: there is the $kind clause $id", ({ kind, id }) => {
    const ids = (kind === "HTTP" ? httpClauses : storeClauses).map((clause) => clause.id);
    expect(ids).toContain(id);
  });
});
