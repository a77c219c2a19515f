import { expect, test } from "vitest";
import { describeKnown } from "./unknown-option.ts";

const KNOWN = ["secret", "store", "maxAuthAge", "onReuse", "page"];
const ALL = "known here: secret, store, maxAuthAge, onReuse, page";

test.each([
  ["another case", "SECRET", "secret"],
  ["a letter replaced", "sekret", "secret"],
  ["a letter left out", "maxAuthAg", "maxAuthAge"],
  ["a letter too many", "storre", "store"],
  ["two letters swapped", "onRuese", "onReuse"],
  ["two slips and another case", "maxauthagge", "maxAuthAge"],
  ["a slip in a short name", "pag", "page"],
])("%s: %s", (_, name, meant) => expect(describeKnown(name, KNOWN)).toBe(`did you mean ${meant}?`));

test.each([
  ["three slips", "sekrt5"],
  ["two slips in a short name", "pg3"],
  ["nothing like it", "ttl"],
  ["the empty name", ""],
  ["a name of two letters", "pa"],
  ["a name that is too long to be compared", "secret".repeat(100_000)],
])("%s is taken for none of them", (_, name) => expect(describeKnown(name, KNOWN)).toBe(ALL));

test("of several the nearest is named", () => {
  expect(describeKnown("storex", ["stories", "stored", "store"])).toBe("did you mean stored?");
  expect(describeKnown("stores", ["stories", "store"])).toBe("did you mean stories?");
  expect(describeKnown("stoes", ["stories", "store", "stoes1"])).toBe("did you mean stoes1?");
});
