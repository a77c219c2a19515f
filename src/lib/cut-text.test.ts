import * as fc from "fast-check";
import { expect, test } from "vitest";
import { anyText } from "../../test/fixtures/text.ts";
import { cutText } from "./cut-text.ts";

test.each([
  ["abc", 3, "abc"],
  ["abcd", 3, "abc"],
  ["", 3, ""],
  ["ab😀", 3, "ab😀"],
  ["ab😀c", 3, "ab😀"],
  ["😀😀😀😀", 3, "😀😀😀"],
  ["a\ud83d", 3, "a\ufffd"],
  ["\ude00abc", 2, "\ufffda"],
])("%j cut at %i is %j", (text, length, cut) => expect(cutText(text, length)).toBe(cut));

test("any text gives a well-formed one that is short, and short ones stay as they are", () => {
  fc.assert(
    fc.property(anyText({ maxLength: 40 }), fc.nat(20), (text, length) => {
      const cut = cutText(text, length);
      expect(() => encodeURIComponent(cut)).not.toThrow();
      expect(Array.from(cut).length).toBe(Math.min(length, Array.from(text).length));
      expect(text.replace(/\p{Surrogate}/gu, "\ufffd").startsWith(cut)).toBe(true);
    }),
  );
});
