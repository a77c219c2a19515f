import { appendFileSync } from "node:fs";

export interface CpuNote {
  /** Path of a test file, or what else took the time. */
  readonly name: string;
  /** In seconds. */
  readonly cpu: number;
}

/** Where the notes of a run are, as lines of JSON: beside vitest's report. */
export const cpuNotesOf = (report: string): string => `${report}.cpu`;

export function noteCpuTime(name: string, cpu: number): void {
  const report = process.env["COUNTERFOIL_TEST_RESULTS"];
  if (report === undefined) return;
  appendFileSync(cpuNotesOf(report), `${JSON.stringify({ name, cpu } satisfies CpuNote)}\n`);
}
