import { createHmac, randomBytes } from "node:crypto";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { anyText } from "../../../test/fixtures/text.ts";
import { createAntiCsrfTokens } from "./anti-csrf-token.ts";
import { createSecrets, deriveKey } from "../crypto/secret.ts";

const ONE = "the first secret of these tests, long enough";
const TWO = "the second secret of these tests, long enough";
const under = (...list: readonly [string, ...string[]]): ReturnType<typeof createAntiCsrfTokens> => {
  const secrets = createSecrets(list);
  return createAntiCsrfTokens(() => secrets);
};
const newHandle = (): string => randomBytes(18).toString("base64url");

test("a token is the keyed hash of its session's handle and stays the same", () => {
  const handle = newHandle();
  const token = under(ONE).of(handle);
  expect(token).toBe(createHmac("sha256", deriveKey(ONE, "anti-csrf")).update(handle).digest("base64url"));
  expect(under(ONE).of(handle)).toBe(token);
});

test("a token belongs to one session only", () => {
  const tokens = under(ONE);
  const [a, b] = [newHandle(), newHandle()];
  expect(tokens.matches(tokens.of(a), a)).toBe(true);
  expect(tokens.matches(tokens.of(a), b)).toBe(false);
});

test("every secret of the list checks, the first makes", () => {
  const handle = newHandle();
  const old = under(ONE).of(handle);
  const rotated = under(TWO, ONE);
  expect(rotated.matches(old, handle)).toBe(true);
  expect(rotated.of(handle)).toBe(under(TWO).of(handle));
  expect(under(TWO).matches(old, handle)).toBe(false);
});

test("a token with any one character changed, dropped or added is refused", () => {
  const tokens = under(ONE, TWO);
  const handle = newHandle();
  const token = tokens.of(handle);
  for (let at = 0; at < token.length; at += 1) {
    const aliased = String.fromCharCode(0x100 + token.charCodeAt(at));
    for (const change of [token[at] === "A" ? "B" : "A", aliased, "", "AA", "="]) {
      expect(tokens.matches(token.slice(0, at) + change + token.slice(at + 1), handle)).toBe(false);
    }
  }
});

test("garbage is refused without a fault, however long", () => {
  const tokens = under(ONE);
  const handle = newHandle();
  const ofRightLength = anyText({ minLength: 43, maxLength: 43 });
  fc.assert(fc.property(fc.oneof(anyText(), ofRightLength), (text) => !tokens.matches(text, handle)));
  expect(tokens.matches("A".repeat(10_000_000), handle)).toBe(false);
});
