/** Notes what each test file costs, for the table at the end of a CI run. A setup file: it is loaded before each of them. */
import { appendFileSync, readFileSync } from "node:fs";
import { afterAll, expect } from "vitest";

/** Where the notes go, as lines of JSON. Not set: nowhere. */
const notes = process.env["COUNTERFOIL_TEST_CPU"];

/** Of this process and of its children that have ended, in clock ticks. */
function ticks(): number {
  const [, ...fields] = readFileSync("/proc/self/stat", "utf8").split(") ");
  const [utime, stime, childUtime, childStime] = fields.join(") ").split(" ").slice(11, 15).map(Number);
  return (utime ?? 0) + (stime ?? 0) + (childUtime ?? 0) + (childStime ?? 0);
}

/** What Linux says on every machine that Node runs on. */
const TICKS_PER_SECOND = 100;

if (notes !== undefined) {
  const shared = globalThis as { counterfoilTicks?: number };
  // The first file of a process pays for its start, too.
  const begun = shared.counterfoilTicks ?? 0;
  afterAll(() => {
    shared.counterfoilTicks = ticks();
    const cpu = (shared.counterfoilTicks - begun) / TICKS_PER_SECOND;
    appendFileSync(notes, `${JSON.stringify({ name: expect.getState().testPath, cpu })}\n`);
  });
}
