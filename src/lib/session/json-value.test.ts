import { isDeepStrictEqual } from "node:util";
import { runInNewContext } from "node:vm";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { toJson } from "./json-value.ts";

const isRefused = (fact: string): unknown =>
  expect.objectContaining({ errType: 1000, code: "VALUE_NOT_JSON", message: expect.stringContaining(fact) as string });

// JSON text has no -0, though JSON.parse makes one of "-0".
const jsonValue = fc
  .jsonValue({ maxDepth: 8, stringUnit: "binary" })
  .map((value): unknown => JSON.parse(JSON.stringify(value)));

test("every JSON value comes back as it was", () => {
  fc.assert(fc.property(jsonValue, (value) => isDeepStrictEqual(JSON.parse(toJson(value, "v")), value)));
});

test("of all values each is refused or comes back as it was", () => {
  const options = { withBigInt: true, withDate: true, withMap: true, withSet: true, withTypedArray: true };
  const anything = fc.anything({ ...options, withBoxedValues: true, withSparseArray: true, withObjectString: true });
  fc.assert(
    fc.property(anything, (value) => {
      let text: string;
      try {
        text = toJson(value, "v");
      } catch (error) {
        expect(error).toEqual(isRefused("v"));
        return;
      }
      expect(isDeepStrictEqual(JSON.parse(text), value)).toBe(true);
    }),
    { numRuns: 2000 },
  );
});

test("a member called __proto__ or constructor is a member like any other", () => {
  const text = '{"__proto__":{"admin":true},"constructor":{"name":1},"toString":null,"toJSON":"x"}';
  expect(toJson(JSON.parse(text), "v")).toBe(text);
  expect(Object.hasOwn(JSON.parse(toJson(JSON.parse(text), "v")) as object, "__proto__")).toBe(true);
});

test("objects without a prototype and of another realm are plain objects", () => {
  expect(toJson(Object.assign(Object.create(null), { a: 1 }), "v")).toBe('{"a":1}');
  expect(toJson(runInNewContext("({ a: [1, { b: null }] })"), "v")).toBe('{"a":[1,{"b":null}]}');
});

class Role {
  name = "admin";
}
const cyclic: Record<string, unknown> = {};
cyclic["self"] = cyclic;
const hidden = Object.defineProperty({}, "x", { value: 1, enumerable: false });

test.each([
  [undefined, "v is undefined"],
  [{ a: { b: undefined } }, "v.a.b is undefined"],
  [[1, undefined], "v[1] is undefined"],
  [Number.NaN, "v is NaN"],
  [{ a: [0, Number.NEGATIVE_INFINITY] }, "v.a[1] is -Infinity"],
  [{ a: -0 }, "v.a is -0"],
  [{ a: 1n }, "v.a is a bigint"],
  [() => 1, "v is a function"],
  [{ a: { b: () => 1 } }, "v.a.b is a function"],
  [[Symbol("s")], "v[0] is a symbol"],
  [{ [Symbol("s")]: 1 }, "v has a symbol as a key"],
  [{ a: { [Symbol.toStringTag]: "x" } }, "v.a has a symbol as a key"],
  [new Date(0), "v is a Date"],
  [{ since: new Date(0) }, "v.since is a Date"],
  [{ a: [new Map()] }, "v.a[0] is a Map"],
  [new Set(), "v is a Set"],
  [/x/, "v is a RegExp"],
  [new Error("x"), "v is a Error"],
  [new Uint8Array(2), "v is a Uint8Array"],
  [Buffer.from("x"), "v is a Buffer"],
  [Object("boxed"), "v is a String"],
  [{ role: new Role() }, "v.role is a Role"],
  [Object.create({ inherited: 1 }), "v is a class instance"],
  [{ toJSON: () => 1 }, "v.toJSON is a function"],
  [{ a: { b: 1, toJSON: () => ({}) } }, "v.a.toJSON is a function"],
  [
    {
      get a() {
        return 1;
      },
    },
    "v.a is a getter or not enumerable",
  ],
  [{ set a(_: unknown) {} }, "v.a is a getter or not enumerable"],
  [{ a: hidden }, "v.a.x is a getter or not enumerable"],
  // oxlint-disable-next-line no-sparse-arrays -- it is what is refused
  [{ a: [1, , 3] }, "v.a is an array with holes or with named members"],
  [Array(3), "v is an array with holes or with named members"],
  [Object.assign([1], { extra: 2 }), "v is an array with holes or with named members"],
  [cyclic, `v${".self".repeat(65)} is nested more than 64 deep, or contains itself`],
  [JSON.parse('{"__proto__":{"a":-0}}'), "v.__proto__.a is -0"],
  [runInNewContext("new Date(0)"), "v is a Date"],
])("%o is refused with the path to it", (value, fact) => {
  expect(() => toJson(value, "v")).toThrow(isRefused(`${fact}, which JSON would change or lose; give it as`));
});

test("64 levels are taken and 65 are not", () => {
  const nested = (levels: number): unknown => JSON.parse("[".repeat(levels) + "1" + "]".repeat(levels));
  expect(toJson(nested(64), "v")).toHaveLength(129);
  expect(() => toJson(nested(65), "v")).toThrow(isRefused(`v${"[0]".repeat(65)} is nested more than 64 deep`));
});

test("a million characters of JSON are taken and one more is not", () => {
  expect(toJson("x".repeat(999_998), "v")).toHaveLength(1_000_000);
  const message = "v has more than 1000000 characters as JSON, and at most 1000000 characters are kept";
  expect(() => toJson("x".repeat(999_999), "v")).toThrow(expect.objectContaining({ code: "VALUE_TOO_LARGE", message }));
});

test("parts that stand in so many places that their text has no end are refused soon, and long paths are cut", () => {
  let shared: unknown = [];
  for (let level = 0; level < 40; level += 1) shared = [shared, shared];
  expect(() => toJson(shared, "v")).toThrow(expect.objectContaining({ code: "VALUE_TOO_LARGE" }));
  const circular: Record<string, unknown> = {};
  circular["k".repeat(100_000)] = circular;
  expect(() => toJson(circular, "v")).toThrow(/^v\.k{100,}… is nested more than 64 deep/);
  expect(() => toJson({ ["k".repeat(1e6)]: Number.NaN }, "v")).toThrow(/^.{1,700}$/);
});

class Tags extends Array<string> {
  toJSON(): string {
    return this.join();
  }
}

test.each([
  ["an array with a toJSON method", Tags.of("a", "b")],
  ["an instance of a class of arrays", new (class List extends Array<string> {})()],
  ["an array with a getter", Object.defineProperty([1], 0, { get: Math.random, enumerable: true })],
  ["an array with a symbol as a key", Object.assign([1], { [Symbol("s")]: 1 })],
  ["an object that inherits members", Object.create(Object.assign(Object.create(null), { a: 1 }))],
  [
    "an object whose toJSON is a getter that throws",
    {
      get toJSON() {
        throw new RangeError("the app's own");
      },
    },
  ],
])("%s is refused", (_, value) => {
  expect(() => toJson(value, "v")).toThrow(isRefused("v"));
});
