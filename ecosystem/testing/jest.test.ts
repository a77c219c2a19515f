/** The package in Jest, which loads modules by itself. */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { describeWithFolder } from "../../test/run/describe-with-folder.ts";

const folder = join(import.meta.dirname, "jest");
const FLAG = "--experimental-vm-modules";

interface Outcome {
  /** Status of each test, by its name. */
  readonly tests: Readonly<Record<string, string>>;
  /** What Jest says of suites that do not begin. */
  readonly said: string;
}

interface Report {
  readonly testResults: readonly {
    readonly message: string;
    readonly assertionResults: readonly { readonly title: string; readonly status: string }[];
  }[];
}

async function runJest(nodeOptions: string, ...given: readonly string[]): Promise<Outcome> {
  const own = mkdtempSync(join(tmpdir(), "counterfoil-jest-"));
  onTestFinished(() => rmSync(own, { recursive: true, force: true }));
  const report = join(own, "report.json");
  const bin = join(import.meta.dirname, "../node_modules/jest/bin/jest.js");
  const argv = [bin, "--runInBand", "--json", "--outputFile", report, "--cacheDirectory", own, ...given];
  const env = { ...process.env, NODE_OPTIONS: nodeOptions, NODE_NO_WARNINGS: "1" };
  await new Promise((resolve) => execFile(process.execPath, argv, { cwd: folder, env }, resolve));
  const { testResults } = JSON.parse(readFileSync(report, "utf8")) as Report;
  return {
    tests: Object.fromEntries(
      testResults.flatMap(({ assertionResults }) => assertionResults).map(({ title, status }) => [title, status]),
    ),
    said: testResults.map(({ message }) => message).join(""),
  };
}

describeWithFolder("ecosystem", "Jest", () => {
  test(`with ${FLAG}: imports, require, pages`, async () => {
    const { tests, said } = await runJest(FLAG);
    expect(said).toBe("");
    expect(tests).toEqual({
      "an app": "passed",
      "a session": "passed",
      "jsdom in Jest has neither fetch nor Request, and fakeSessionClient needs no Request": "passed",
      "the real client does": "passed",
      "the real client, with the globals of Node": "passed",
    });
  });

  test("without it, require fails with what to do, and works with a transform", async () => {
    const refused = await runJest("", "required");
    expect(refused.said).toContain("Must use import to load ES Module");
    const { tests, said } = await runJest("", "--config", "compiled.config.cjs");
    expect(said).toBe("");
    expect(tests).toEqual({ "a session": "passed" });
  });
});
