import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { defineBench, UsageError } from "../../bench/command/bench.ts";
import { readCommand } from "../../bench/command/command-line.ts";
import { count, oneOf } from "../../bench/command/option.ts";
import { judge, type Target, type Verdict } from "../../bench/report/judge.ts";
import { writeTable } from "../../bench/report/markdown.ts";
import { replaceSections } from "../../bench/report/sections.ts";
import { figure, isFigure, type Table } from "../../bench/report/table.ts";
import { TARGETS } from "../../bench/targets.ts";

interface Result {
  readonly tables: readonly Table[];
  readonly verdicts: readonly Verdict[];
}

const root = join(import.meta.dirname, "../..");

describe("npm run bench -- verify start --quick", () => {
  const folder = mkdtempSync(join(tmpdir(), "counterfoil-bench-"));
  let tables: readonly Table[] = [];
  let verdicts: readonly Verdict[] = [];
  let stdout = "";

  beforeAll(async () => {
    const json = join(folder, "results.json");
    const args = ["bench/main.ts", "verify", "start", "--quick", "--json", json, "--out", join(folder, "tables.md")];
    ({ stdout } = await promisify(execFile)(process.execPath, args, { cwd: root }));
    const results = JSON.parse(readFileSync(json, "utf8")) as readonly Result[];
    tables = results.flatMap((result) => result.tables);
    verdicts = results.flatMap((result) => result.verdicts);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test("measures each contender", () => {
    const rows = Object.fromEntries(tables.map((table) => [table.id, table.rows.length]));
    expect(rows).toEqual({
      "verify-1000": 7,
      "verify-20000": 5,
      "verify-100000": 6,
      "verify-first-sight": 14,
      cache: 2,
      start: 8,
    });
    const cells = tables.flatMap((table) => table.rows.flatMap((row) => Object.values(row.cells)));
    expect(cells.every((cell) => isFigure(cell) && cell.processes.every(Number.isFinite))).toBe(true);
  });

  test("has a figure for each of their targets", () => {
    expect(verdicts).toHaveLength(13);
    expect(verdicts.filter(({ verdict }) => verdict === "not run")).toEqual([]);
  });

  test("writes a section for each bench, which it also prints", () => {
    const file = readFileSync(join(folder, "tables.md"), "utf8");
    const sections = [...file.matchAll(/<!-- (\w+) -->\n\n(.*?)\n\n<!-- \/\1 -->/gs)];
    expect(sections.map(([, name]) => name)).toEqual(["verify", "start"]);
    for (const [, , section = "none"] of sections) expect(stdout).toContain(section);
  });
});

describe("the command line of the bench", () => {
  const make = (options: Parameters<typeof defineBench>[0]["options"], isDefault = true) =>
    defineBench({ measures: "", options, isDefault, run: async () => [] });
  const benches = {
    one: make({ rounds: count(5, 1) }),
    two: make({ mode: oneOf(["full", "relaxed"], "full") }),
    three: make({}, false),
  };
  const read = (...args: string[]) => readCommand(args, benches);

  test("runs those that are named in their own order, or all that are no extras", () => {
    expect(read().names).toEqual(["one", "two"]);
    expect(read("three", "one").names).toEqual(["one", "three"]);
  });

  test("gives each bench its own options, those of a quick run where none is named", () => {
    expect(read().textsOf("one")).toEqual({ rounds: "5" });
    expect(read("--quick").textsOf("one")).toEqual({ rounds: "1" });
    expect(read("--quick", "--rounds", "3").textsOf("one")).toEqual({ rounds: "3" });
  });

  test.each([
    [["four"], "there is no bench four"],
    [["--round", "5"], "Unknown option '--round'"],
    [["--rounds", "0"], "--rounds 0: expected a whole number"],
    [["--rounds", "five"], "--rounds five: expected a whole number"],
    [["--mode", "fast"], "--mode fast: expected full|relaxed"],
    [["two", "--rounds", "5"], "--rounds is no option of two"],
  ])("refuses %j before anything runs", (args, message) => {
    expect(() => read(...args)).toThrow(UsageError);
    expect(() => read(...args)).toThrow(message);
  });
});

describe("the report of the bench", () => {
  test("replaces the sections of what was run, and leaves the rest", () => {
    const before = "# All\n\n<!-- a -->\n\nold a\n\n<!-- /a -->\n\n<!-- b -->\n\nold b\n\n<!-- /b -->\n\nend\n";
    const sections = new Map([
      ["a", "new a"],
      ["c", "new c"],
    ]);
    const after = before.replace("old a", "new a").trimEnd();
    expect(replaceSections(before, sections)).toBe(`${after}\n\n<!-- c -->\n\nnew c\n\n<!-- /c -->\n`);
  });

  const table: Table = {
    id: "speed",
    title: "Speed",
    columns: [{ id: "us", title: "µs", digits: 1, spread: true }],
    rows: [{ id: "ours", name: "ours", cells: { us: figure(1, 3, 2) } }],
  };
  const target = (bound: Pick<Target, "most" | "least">, row = "ours"): Target => ({
    id: "it",
    text: "it",
    measure: (read) => read("speed", row, "us"),
    ...bound,
  });
  const verdictOf = (one: Target) => judge([one], [table])[0]?.verdict;

  test("tells the median over processes, the least and the most", () => {
    expect(writeTable(table)).toContain("| ours | 2.0 (1.0 to 3.0) |");
  });

  test("meets no target by a floor that seems to cost nothing", () => {
    const row = (id: string, cpu: number) => ({ id, name: id, cells: { cpu: figure(cpu) } });
    const http = { ...table, id: "http-express", rows: [row("none", 10), row("floor", 9), row("repeated", 11)] };
    const verdicts = judge(TARGETS["http"] ?? [], [http]);
    expect(verdicts.find(({ id }) => id === "http-express-floor")?.verdict).toBe("missed");
  });

  test("judges a median by its bound", () => {
    expect(verdictOf(target({ most: 2 }))).toBe("met");
    expect(verdictOf(target({ most: 1.9 }))).toBe("missed");
    expect(verdictOf(target({ least: 2 }))).toBe("met");
    expect(verdictOf(target({ least: 2.1 }))).toBe("missed");
    expect(verdictOf(target({ most: 2 }, "theirs"))).toBe("not run");
  });
});
