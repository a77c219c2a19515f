/**
 * Closes a CI run: says what each folder's tests cost, counts the tests of a vitest JSON report,
 * and fails for a skipped one.
 */
import { existsSync, readFileSync } from "node:fs";
import { relative } from "node:path";
import { type CpuNote, cpuNotesOf } from "../test/run/cpu-notes.ts";

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numFailedTestSuites: number;
  readonly startTime: number;
  readonly testResults: readonly TestFile[];
}

interface TestFile {
  readonly name: string;
  /** In ms since the epoch. */
  readonly startTime: number;
  readonly endTime: number;
  readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
}

interface Cost {
  files: number;
  tests: number;
  cpu: number;
  /** Of all files, one after another; many run at once. */
  wall: number;
}

const [path] = process.argv.slice(2);
if (path === undefined) throw new Error("give the path of vitest's JSON report");
const report = JSON.parse(readFileSync(path, "utf8")) as Report;
printCosts(costsByFolder(report.testResults, readNotes(cpuNotesOf(path))));

const skipped = report.testResults.flatMap(({ name, assertionResults }) =>
  assertionResults.flatMap(({ fullName, status }) =>
    status === "passed" || status === "failed" ? [] : [`${name}: ${fullName}`],
  ),
);
for (const test of skipped) console.log(`skipped, which CI does not allow: ${test}`);
const failed = report.numFailedTests + skipped.length;
// A file that could not even be loaded has no test to count.
if (report.numFailedTestSuites > 0 && failed === 0)
  console.log(`${report.numFailedTestSuites} test files failed to load`);
console.log(`${report.numPassedTests} passed, ${Math.max(failed, report.numFailedTestSuites > 0 ? 1 : 0)} failed`);
if (failed > 0 || report.numFailedTestSuites > 0 || report.numPassedTests === 0) process.exitCode = 1;

function readNotes(file: string): readonly CpuNote[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").trim().split("\n");
  return lines.map((line) => JSON.parse(line) as CpuNote);
}

/** For instance `test/browser`, `src/lib/session`, `examples`. */
function folderOf(file: string): string {
  const folders = relative(process.cwd(), file).split("/").slice(0, -1);
  return folders.slice(0, folders[0] === "src" ? 3 : folders[0] === "examples" ? 1 : 2).join("/");
}

function costsByFolder(files: readonly TestFile[], notes: readonly CpuNote[]): ReadonlyMap<string, Cost> {
  const costs = new Map<string, Cost>();
  const costOf = (name: string): Cost => {
    const cost = costs.get(name) ?? { files: 0, tests: 0, cpu: 0, wall: 0 };
    costs.set(name, cost);
    return cost;
  };
  for (const { name, startTime, endTime, assertionResults } of files) {
    const cost = costOf(folderOf(name));
    cost.files += 1;
    cost.tests += assertionResults.length;
    cost.wall += (endTime - startTime) / 1000;
  }
  for (const { name, cpu } of notes) costOf(name.endsWith(".ts") ? folderOf(name) : name).cpu += cpu;
  return costs;
}

function printCosts(costs: ReadonlyMap<string, Cost>): void {
  const rows = [...costs].toSorted(([one], [other]) => one.localeCompare(other));
  const sum = (pick: (cost: Cost) => number): number => rows.reduce((all, [, cost]) => all + pick(cost), 0);
  const total: Cost = {
    files: sum(({ files }) => files),
    tests: sum(({ tests }) => tests),
    cpu: sum(({ cpu }) => cpu),
    wall: sum(({ wall }) => wall),
  };
  const lines = [...rows, ["all", total] as const].map(([name, { files, tests, cpu, wall }]) => [
    name,
    String(files),
    String(tests),
    cpu.toFixed(0),
    wall.toFixed(0),
  ]);
  const table = [["folder", "files", "tests", "CPU s", "wall s"], ...lines];
  for (const [name = "", ...figures] of table)
    console.log(name.padEnd(28) + figures.map((figure) => figure.padStart(8)).join(""));
}
