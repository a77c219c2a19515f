/**
 * Notes what each test file costs, for the table at the end of a CI run. A setup file: it is loaded
 * before each.
 */
import { afterAll, expect } from "vitest";
import { cpuSeconds } from "./cpu-seconds.ts";
import { noteCpuTime } from "./cpu-notes.ts";

const shared = globalThis as { counterfoilCpuNoted?: number };

afterAll(() => {
  const used = cpuSeconds();
  // The first file of a process pays for its start, too.
  noteCpuTime(expect.getState().testPath ?? "", used - (shared.counterfoilCpuNoted ?? 0));
  shared.counterfoilCpuNoted = used;
});
