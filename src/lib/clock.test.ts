import { expect, test } from "vitest";
import { createSteadyClock } from "./clock.ts";

test("time goes on, in whole milliseconds, and never back", () => {
  let time = 0;
  const now = createSteadyClock(() => time);
  const read: number[] = [];
  for (time of [10.9, 11, 5, -3, 11, 12.1]) read.push(now());
  expect(read).toEqual([10, 11, 11, 11, 11, 12]);
});

test.each([Number.NaN, Number.POSITIVE_INFINITY, undefined as unknown as number])(
  "a clock that says %s is refused",
  (time) => {
    expect(createSteadyClock(() => time)).toThrow(expect.objectContaining({ code: "ARGUMENT_INVALID" }));
  },
);
