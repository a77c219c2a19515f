import * as fc from "fast-check";
import { expect, test } from "vitest";
import { anyText } from "../../../test/fixtures/text.ts";
import { fromUserKey, toUserKey } from "./user-id.ts";

const userId = fc.oneof(
  anyText({ minLength: 1, maxLength: 256 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.maxSafeInteger(),
  fc.constantFrom(
    0,
    -0,
    5e-324,
    1.7976931348623157e308,
    2 ** 53,
    "0",
    "-0",
    "null",
    '"',
    "\\",
    "\0",
    "\ud800",
    "\udc00\ud800",
  ),
);

test("every string and finite number comes back exactly as it was given", () => {
  fc.assert(
    fc.property(userId, (id) => Object.is(fromUserKey(toUserKey(id)), id)),
    { numRuns: 1000 },
  );
});

test("two users have one key only if they are one user", () => {
  fc.assert(fc.property(userId, userId, (a, b) => (toUserKey(a) === toUserKey(b)) === Object.is(a, b)));
});

test("users that databases like to confuse have different keys", () => {
  const users = [
    "alice",
    "ALICE",
    "Alicé",
    "Alice\u0301",
    "alice ",
    " alice",
    "alice\0",
    "42",
    42,
    "42.0",
    "-0",
    -0,
    0,
    "0",
    "\ud800",
    "\ufffd",
  ];
  expect(new Set(users.map(toUserKey)).size).toBe(users.length);
});

test("a key is plain text without NUL or lone surrogates, so every store keeps it", () => {
  fc.assert(
    fc.property(
      userId,
      (id) => Buffer.from(toUserKey(id)).toString() === toUserKey(id) && !toUserKey(id).includes("\0"),
    ),
  );
});

test.each([
  ["", "is an empty string"],
  ["x".repeat(257), "has 257 characters, and at most 256 are taken"],
  [Number.NaN, "is NaN"],
  [Number.POSITIVE_INFINITY, "is Infinity"],
  [Number.NEGATIVE_INFINITY, "is -Infinity"],
  [null, "is null"],
  [undefined, "is of type undefined"],
  [1n, "is of type bigint"],
  [true, "is of type boolean"],
  [{ id: 1 }, "is of type object"],
  [["alice"], "is of type object"],
  [Object("alice"), "is of type object"],
  [Symbol("alice"), "is of type symbol"],
])("%s is refused", (id, fact) => {
  const code = expect.objectContaining({ errType: 1000, code: "USER_ID_INVALID" });
  expect(() => toUserKey(id)).toThrow(code);
  expect(() => toUserKey(id)).toThrow(`userId ${fact}; give a non-empty string or a finite number`);
});
