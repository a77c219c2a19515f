import { expect, test } from "vitest";
import { SHARDS, slotOf, tagOf } from "./redis-shards.ts";

test("slots are those of Redis Cluster", () => {
  // From the specification of Redis Cluster: CRC-16 of "123456789" is 0x31C3.
  expect(slotOf("123456789")).toBe(0x31c3 % 16_384);
});

test("each shard has a tag of its own, in the 64 slots that are its share", () => {
  expect(new Set(SHARDS.map(tagOf)).size).toBe(256);
  for (const shard of SHARDS) expect(Math.floor(slotOf(tagOf(shard)) / 64)).toBe(shard);
});

test.each([3, 6, 7, 16, 30, 32, 100])("%i masters have as many shards each, give or take one", (masters) => {
  const counts = Array<number>(masters).fill(0);
  // As redis-cli deals them.
  for (const shard of SHARDS) {
    const master = Math.min(masters - 1, Math.floor(slotOf(tagOf(shard)) / (16_384 / masters)));
    counts[master] = (counts[master] ?? 0) + 1;
  }
  expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(2);
  expect(Math.max(...counts)).toBeLessThanOrEqual(Math.ceil(256 / masters) + 1);
});

test("tags are names of keys that are in databases, and so never change", () => {
  expect([0, 1, 2, 127, 254, 255].map(tagOf)).toMatchInlineSnapshot(`
    [
      "460",
      "14",
      "278",
      "46",
      "44",
      "430",
    ]
  `);
});
