import { createHmac, randomBytes } from "node:crypto";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { anyText } from "../../../test/fixtures/text.ts";
import { createSecrets, deriveKey } from "./secret.ts";

const ONE = "the first secret of these tests, long enough";
const TWO = "the second secret of these tests, long enough";
const SEED = randomBytes(32);

test("a wrapped seed comes back", () => {
  const secrets = createSecrets([ONE]);
  expect(secrets.unwrap(secrets.wrap(SEED, "key a"), "key a")).toEqual({ seed: SEED, byFirst: true });
});

test("another instance with the same secret unwraps it", () => {
  expect(createSecrets([ONE]).unwrap(createSecrets([ONE]).wrap(SEED, "key a"), "key a")?.seed).toEqual(SEED);
});

test("a wrapped seed is bound to its context", () => {
  const secrets = createSecrets([ONE]);
  const wrapped = secrets.wrap(SEED, "key a HS256");
  for (const other of ["key b HS256", "key a ES256", "key a HS25", "key a HS256 ", ""]) {
    expect(secrets.unwrap(wrapped, other)).toBeUndefined();
  }
});

test.each([
  { wrappedBy: [ONE], openedBy: [ONE, TWO], byFirst: true },
  { wrappedBy: [ONE], openedBy: [TWO, ONE], byFirst: false },
  { wrappedBy: [ONE, TWO], openedBy: [ONE], byFirst: true },
  { wrappedBy: [ONE, TWO], openedBy: [TWO], byFirst: undefined },
  { wrappedBy: [ONE], openedBy: [TWO], byFirst: undefined },
] as const)("wrapped under $wrappedBy and opened under $openedBy: by the first is $byFirst", (row) => {
  const wrapped = createSecrets(row.wrappedBy).wrap(SEED, "c");
  expect(createSecrets(row.openedBy).unwrap(wrapped, "c")?.byFirst).toBe(row.byFirst);
});

test("two wrappings of one seed differ and tell neither seed nor secret", () => {
  const secrets = createSecrets([ONE]);
  const [a, b] = [secrets.wrap(SEED, "c"), secrets.wrap(SEED, "c")];
  expect(a).not.toBe(b);
  for (const bytes of [a, b].map((text) => Buffer.from(text.split(".").at(-1) ?? "", "base64url"))) {
    expect(bytes.includes(SEED)).toBe(false);
    expect(bytes).toHaveLength(12 + 32 + 16);
  }
  expect(a).not.toContain(ONE);
});

test("a wrapped seed with any one character changed or dropped is refused", () => {
  const secrets = createSecrets([ONE, TWO]);
  const wrapped = secrets.wrap(SEED, "c");
  expect(secrets.unwrap(wrapped, "c")).toBeDefined();
  for (let at = 0; at < wrapped.length; at += 1) {
    for (const change of [wrapped[at] === "A" ? "B" : "A", "", "=", "+", "..", " "]) {
      const other = wrapped.slice(0, at) + change + wrapped.slice(at + 1);
      if (secrets.unwrap(other, "c") !== undefined) expect.fail(`accepted ${JSON.stringify(change)} at ${at}`);
    }
  }
});

test("garbage is refused without a fault", () => {
  const secrets = createSecrets([ONE]);
  const [format = "", id = ""] = secrets.wrap(SEED, "c").split(".");
  const text = fc.oneof(anyText(), fc.base64String(), fc.constantFrom("", "A", "AAAA"));
  expect(secrets.unwrap(`${secrets.wrap(SEED, "c")}.more`, "c")).toBeUndefined();
  const garbage = fc.oneof(
    text,
    text.map((tail) => `${format}.${id}.${tail}`),
    fc.uint8Array({ maxLength: 100 }).map((bytes) => `${format}.${id}.${Buffer.from(bytes).toString("base64url")}`),
  );
  fc.assert(fc.property(garbage, (wrapped) => secrets.unwrap(wrapped, "c") === undefined));
});

test("a seed shorter or longer than usual comes back too", () => {
  const secrets = createSecrets([ONE]);
  for (const length of [1, 16, 31, 33, 64]) {
    const seed = randomBytes(length);
    expect(secrets.unwrap(secrets.wrap(seed, "c"), "c")?.seed).toEqual(seed);
  }
});

test("keys are derived with HKDF-SHA256 of RFC 5869", () => {
  const hmac = (key: string | Uint8Array, message: string | Uint8Array): Buffer =>
    createHmac("sha256", key).update(message).digest();
  const extracted = hmac("counterfoil", ONE);
  const expanded = hmac(extracted, Buffer.concat([Buffer.from("refresh token"), Buffer.from([1])]));
  expect(deriveKey(ONE, "refresh token")).toEqual(expanded);
  expect(deriveKey(Buffer.from(ONE), "refresh token", 6)).toEqual(expanded.subarray(0, 6));
});

test("different purposes and secrets give different keys", () => {
  const keys = [ONE, TWO].flatMap((secret) =>
    ["secret id", "key wrapping", "anti-csrf"].map((purpose) => deriveKey(secret, purpose).toString("hex")),
  );
  expect(new Set(keys).size).toBe(keys.length);
});

test("there is one anti-CSRF key per secret, in the order of the list", () => {
  const [a, b] = createSecrets([ONE, TWO]).antiCsrf;
  expect(a.text("handle")).toBe(createSecrets([ONE]).antiCsrf[0].text("handle"));
  expect(b?.text("handle")).toBe(createSecrets([TWO]).antiCsrf[0].text("handle"));
  expect(a.text("handle")).not.toBe(b?.text("handle"));
});
