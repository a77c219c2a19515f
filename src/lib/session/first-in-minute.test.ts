import { expect, test } from "vitest";
import { createFirstInMinute } from "./first-in-minute.ts";

test("one a minute for each event and session", () => {
  let now = 0;
  const isFirst = createFirstInMinute(() => now);
  const ask = (): boolean[] => [isFirst("a", "x"), isFirst("a", "y"), isFirst("b", "x")];
  expect(ask()).toEqual([true, true, true]);
  now = 59_999;
  expect(ask()).toEqual([false, false, false]);
  now = 60_000;
  expect(ask()).toEqual([true, true, true]);
});

test("what is refused does not put the next one off", () => {
  let now = 0;
  const isFirst = createFirstInMinute(() => now);
  const told: number[] = [];
  for (; now <= 180_000; now += 1000) if (isFirst("a", "x")) told.push(now);
  expect(told).toEqual([0, 60_000, 120_000, 180_000]);
});

test("beyond 10,000 sessions in a minute the oldest are forgotten, so memory is bounded", () => {
  const isFirst = createFirstInMinute(() => 0);
  for (let index = 0; index < 10_000; index += 1) isFirst("a", `${index}`);
  expect(isFirst("a", "0")).toBe(false);
  expect(isFirst("a", "one more")).toBe(true);
  expect(isFirst("a", "0")).toBe(true);
  expect(isFirst("a", "9999")).toBe(false);
});
