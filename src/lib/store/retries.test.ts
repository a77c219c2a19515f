import { expect, test } from "vitest";
import { createRetry } from "./retries.ts";

test("waits as long as the number of attempts says, and goes on before the deadline", async () => {
  const asked: number[] = [];
  const retry = createRetry(Number.POSITIVE_INFINITY, (attempts) => {
    asked.push(attempts);
    return 0;
  });
  expect([await retry(), await retry(), await retry()]).toEqual([true, true, true]);
  expect(asked).toEqual([1, 2, 3]);
});

test("does not wait for an attempt that would begin after the deadline", async () => {
  const begun = performance.now();
  const retry = createRetry(begun + 60_000, () => 3_600_000);
  expect(await retry()).toBe(false);
  expect(performance.now() - begun).toBeLessThan(60_000);
});

test("is over after the deadline, whatever the pause", async () => {
  expect(await createRetry(performance.now() - 1, () => 0)()).toBe(false);
});
