import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ExactLimit, SessionLimit } from "../policy.ts";
import { decideLimit } from "./session-limit.ts";

const max = fc.integer({ min: 1, max: 50 });
const count = fc.integer({ min: 0, max: 500 });
const atOnce = fc.integer({ min: 1, max: 50 });
const onLimit = fc.constantFrom<ExactLimit["onLimit"]>("refuse", "end-oldest");

/**
 * A sign-in of a user with `rivals` other sessions: how many there are after it, and in how many
 * steps.
 */
function signIn(limit: SessionLimit, rivals: number, most?: number) {
  let left = rivals;
  for (let steps = 1; ; steps += 1) {
    const { oldest, next } = decideLimit(limit, Math.max(0, left - (limit.max - 1)), most);
    left -= oldest;
    if (next === "refuse") return { isAdded: false, left, steps };
    if (next === "add") return { isAdded: true, left: left + 1, steps };
    if (oldest === 0) throw new Error("a step ends nothing and counts again");
  }
}

describe("an exact limit", () => {
  test("leaves no user with more than max sessions, and ends none that may stay", () => {
    const property = fc.property(max, count, atOnce, (most, rivals, step) => {
      const { isAdded, left } = signIn({ max: most, onLimit: "end-oldest" }, rivals, step);
      expect({ isAdded, left }).toEqual({ isAdded: true, left: Math.min(most, rivals + 1) });
    });
    fc.assert(property);
  });

  test("takes as few steps as the store's size of a step allows", () => {
    const property = fc.property(max, count, atOnce, (most, rivals, step) => {
      const surplus = Math.max(0, rivals - (most - 1));
      expect(signIn({ max: most, onLimit: "end-oldest" }, rivals, step).steps).toBe(
        Math.max(1, Math.ceil(surplus / step)),
      );
    });
    fc.assert(property);
  });

  test('with "refuse" ends nothing, and refuses exactly where another session would be too many', () => {
    const property = fc.property(max, count, (most, rivals) => {
      const isAdded = rivals < most;
      expect(signIn({ max: most, onLimit: "refuse" }, rivals)).toEqual({
        isAdded,
        left: isAdded ? rivals + 1 : rivals,
        steps: 1,
      });
    });
    fc.assert(property);
  });

  test("decides the same where the count stops at one more than can end at once", () => {
    const property = fc.property(max, onLimit, count, atOnce, (most, how, surplus, step) => {
      const limit = { max: most, onLimit: how };
      expect(decideLimit(limit, Math.min(surplus, step + 1), step)).toEqual(decideLimit(limit, surplus, step));
    });
    fc.assert(property);
  });
});

test("without a limit a sign-in ends nothing", () => {
  expect(decideLimit(undefined, 0)).toEqual({ oldest: 0, next: "add" });
});

test("a soft limit adds in one step, ends at most its own number, and none that may stay", () => {
  const property = fc.property(max, count, atOnce, atOnce, (most, rivals, own, step) => {
    const { isAdded, left, steps } = signIn({ max: most, onLimit: "trim", atOnce: own }, rivals, step);
    expect({ isAdded, steps }).toEqual({ isAdded: true, steps: 1 });
    expect(left).toBe(Math.max(Math.min(most, rivals + 1), rivals + 1 - own));
  });
  fc.assert(property);
});
