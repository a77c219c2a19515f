/** Closes a CI run: counts the tests of a vitest JSON report, and fails for a skipped one. */
import { readFileSync } from "node:fs";

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numFailedTestSuites: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

const [file] = process.argv.slice(2);
if (file === undefined) throw new Error("give the path of vitest's JSON report");
const report = JSON.parse(readFileSync(file, "utf8")) as Report;

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
