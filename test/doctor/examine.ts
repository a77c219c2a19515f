/** What the doctor finds. */
import { runInNewContext } from "node:vm";
import type { CounterfoilConfig } from "counterfoil";
import { expect } from "vitest";
import { doctor } from "../../build/lib/cli/doctor.js";

export interface Found {
  readonly check: string;
  readonly verdict: "ok" | "wrong" | "unknown";
  readonly text: string;
  readonly write: string | null;
}

export interface Report {
  readonly exitCode: number;
  readonly text: string;
  readonly findings: readonly Found[];
  readonly wrong: readonly Found[];
  /** The names of the checks that are not ok. */
  readonly open: readonly string[];
}

/** Runs the command in this process. */
export async function examine(...args: readonly string[]): Promise<Report> {
  const { text, json, exitCode = 0 } = await doctor.run(args);
  const { findings } = json as { readonly findings: readonly Found[] };
  return {
    exitCode,
    text,
    findings,
    wrong: findings.filter(({ verdict }) => verdict === "wrong"),
    open: findings.filter(({ verdict }) => verdict !== "ok").map(({ check }) => check),
  };
}

/** The only finding. */
export function theOnly({ wrong, exitCode }: Report, check: string): Found {
  expect(wrong.map((finding) => finding.check)).toEqual([check]);
  expect(exitCode).toBe(1);
  const [found] = wrong;
  if (found === undefined) throw new Error("nothing is wrong");
  return found;
}

export function expectHealthy({ open, exitCode, findings }: Report): void {
  expect(open).toEqual([]);
  expect(exitCode).toBe(0);
  expect(findings.length).toBeGreaterThan(10);
}

/** The options that a line says to write. */
export function optionsOf(write: string | null): CounterfoilConfig {
  return structuredClone(runInNewContext(`({ ${write ?? ""} })`)) as CounterfoilConfig;
}
