import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { anyText } from "../../../test/fixtures/text.ts";
import { newHandle, shardOfHandle, shardOfUser } from "./handle.ts";
import { toUserKey, type UserId } from "./user-id.ts";

const userId: fc.Arbitrary<UserId> = fc.oneof(
  anyText({ minLength: 1, maxLength: 256 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.maxSafeInteger(),
  fc.constantFrom(0, -0, 42, "42", "alice", "\0", "\ud800", "\udc00\ud800", "x".repeat(256)),
);

const spell = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64url");

test("a handle is 24 characters that stand for 18 bytes and for nothing else", () => {
  for (let count = 0; count < 1000; count += 1) {
    const handle = newHandle(toUserKey("alice"));
    expect(handle).toMatch(/^[A-Za-z0-9_-]{24}$/);
    const bytes = Buffer.from(handle, "base64url");
    expect([bytes.length, spell(bytes)]).toEqual([18, handle]);
  }
});

test("a handle begins with the shard of its user, whatever the id is", () => {
  fc.assert(
    fc.property(userId, (id) => {
      const userKey = toUserKey(id);
      return shardOfHandle(newHandle(userKey)) === shardOfUser(userKey);
    }),
    { numRuns: 1000 },
  );
});

test("a user has one shard for ever: stores are full of handles that begin with it", () => {
  for (const [id, shard] of [["alice", 185] as const, ["42", 44] as const, [42, 99] as const]) {
    const [first] = createHash("sha256")
      .update(`counterfoil place ${toUserKey(id)}`)
      .digest();
    expect([shardOfUser(toUserKey(id)), first]).toEqual([shard, shard]);
  }
});

test("no two handles are equal, and nothing but the shard is the same in those of one user", () => {
  const userKey = toUserKey("alice");
  const handles = Array.from({ length: 10_000 }, () => newHandle(userKey));
  expect(new Set(handles).size).toBe(handles.length);
  const values = Array.from({ length: 18 }, () => new Set<number>());
  for (const handle of handles)
    for (const [index, byte] of Buffer.from(handle, "base64url").entries()) values[index]?.add(byte);
  // A value that 10,000 random bytes never take: less than once in 1e13 runs.
  expect(values.map(({ size }) => size)).toEqual([1, ...Array<number>(17).fill(256)]);
});

test.each<[string, (index: number) => UserId]>([
  ["numbers", (index) => index],
  ["names", (index) => `user ${index}`],
  ["addresses", (index) => `${index}@example.test`],
])("users with %s spread evenly over all shards", (_, idOf) => {
  const perShard = 100;
  const counts = Array<number>(256).fill(0);
  for (let index = 0; index < 256 * perShard; index += 1) {
    const shard = shardOfUser(toUserKey(idOf(index)));
    counts[shard] = (counts[shard] ?? 0) + 1;
  }
  expect(counts).toHaveLength(256);
  const chiSquare = counts.reduce((sum, count) => sum + (count - perShard) ** 2 / perShard, 0);
  // With 255 degrees of freedom an even spread gives 255 ± 23.
  expect(chiSquare).toBeGreaterThan(165);
  expect(chiSquare).toBeLessThan(345);
});

test("the shard of a handle is its first byte, from 0 to 255", () => {
  for (let shard = 0; shard < 256; shard += 1)
    expect(shardOfHandle(spell(Buffer.concat([Buffer.of(shard), Buffer.alloc(17)])))).toBe(shard);
});

const handle = newHandle(toUserKey("alice"));

test.each<[string, string]>([
  ["nothing", ""],
  ["one character less", handle.slice(1)],
  ["one character more", `${handle}A`],
  ["the length that 16 bytes have", handle.slice(0, 22)],
  ["256 characters", "a".repeat(256)],
  ["a million characters", "a".repeat(1_000_000)],
  ["padding", `${handle}==`],
  ["padding within the length", `${handle.slice(0, 22)}==`],
  ["a blank before it", ` ${handle}`],
  ["a blank for its first character", ` ${handle.slice(1)}`],
  ["a line end", `${handle}\n`],
  ["a line end within the length", `${handle.slice(1)}\n`],
  ["a line of its own", `x\n${handle}\nx`],
  ["the other alphabet of base64", `+/${handle.slice(2)}`],
  ["a NUL", `\0${handle.slice(1)}`],
  ["a letter that is no ASCII", `é${handle.slice(1)}`],
  [
    "letters that a byte would make ASCII",
    handle.replaceAll(/./g, (c) => String.fromCharCode(0x100 + c.charCodeAt(0))),
  ],
  ["a lone surrogate", `\ud800${handle.slice(1)}`],
  ["a hash tag of Redis", `{${handle.slice(2)}}`],
])("%s is no handle and has no shard", (_, text) => {
  expect(shardOfHandle(text)).toBeUndefined();
});

test("any text has a shard exactly when it is 18 bytes in their one spelling", () => {
  const text = fc.oneof(
    anyText({ maxLength: 300 }),
    anyText({ minLength: 24, maxLength: 24 }),
    fc.uint8Array({ minLength: 16, maxLength: 20 }).map(spell),
  );
  fc.assert(
    fc.property(text, (candidate) => {
      const bytes = Buffer.from(candidate, "base64url");
      const canonical = bytes.length === 18 && spell(bytes) === candidate;
      return shardOfHandle(candidate) === (canonical ? bytes[0] : undefined);
    }),
    { numRuns: 2000 },
  );
});
