import { createHash, createHmac, randomBytes } from "node:crypto";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { anyText } from "../../../test/fixtures/text.ts";
import { createMac } from "../crypto/mac.ts";
import { mintRefreshToken, parseRefreshToken, type RefreshKey } from "./refresh-token.ts";

const macKey = randomBytes(32);
const key: RefreshKey = { kid: randomBytes(8).toString("base64url"), refreshMac: createMac(macKey) };
const handle = randomBytes(18).toString("base64url");
const find = (kid: string): RefreshKey | undefined => (kid === key.kid ? key : undefined);
const first = mintRefreshToken(key, handle, undefined);
const bytesOf = (value: string): Buffer => Buffer.from(value.slice(5), "base64url");
const spell = (bytes: Uint8Array): string => `cfr1.${Buffer.from(bytes).toString("base64url")}`;
const sha256 = (bytes: Uint8Array): Buffer => createHash("sha256").update(bytes).digest();

test("a token that was minted is authentic, and parsing gives what minting gave", () => {
  let token = first;
  for (const generation of [1, 2, 3, 4]) {
    expect(token).toMatchObject({ handle, generation });
    expect(token.value).toMatch(/^cfr1\.[A-Za-z0-9_-]{148}$/);
    expect(parseRefreshToken(token.value, find)).toEqual({ kind: "authentic", token });
    token = mintRefreshToken(key, handle, token);
  }
});

test("a child names its parent by a hash whose hash the row knows", () => {
  const child = mintRefreshToken(key, handle, first);
  expect(child.parentDoubleHash).toBe(first.doubleHash);
  expect(mintRefreshToken(key, handle, child).parentDoubleHash).toBe(child.doubleHash);
  expect(first.parentDoubleHash).not.toBe(first.doubleHash);
});

test("the children of one parent are all different", () => {
  const children = Array.from({ length: 100 }, () => mintRefreshToken(key, handle, first));
  expect(new Set(children.map(({ value }) => value)).size).toBe(100);
  expect(new Set(children.map(({ doubleHash }) => doubleHash)).size).toBe(100);
  expect(new Set(children.map(({ parentDoubleHash }) => parentDoubleHash))).toEqual(new Set([first.doubleHash]));
});

test("at least 128 bits of each token are random", () => {
  const values = Array.from({ length: 17 }, () => new Set<number>());
  for (let count = 0; count < 10_000; count += 1) {
    const nonce = bytesOf(mintRefreshToken(key, handle, undefined).value).subarray(30, 47);
    for (const [index, byte] of nonce.entries()) values[index]?.add(byte);
  }
  // A value that 10,000 random bytes never take: less than once in 1e13 runs.
  expect(values.map(({ size }) => size)).toEqual(Array<number>(17).fill(256));
});

test("the bytes are laid out as documented", () => {
  const child = mintRefreshToken(key, handle, first);
  const bytes = bytesOf(child.value);
  expect(bytes).toHaveLength(111);
  expect(bytes.toString("base64url", 0, 8)).toBe(key.kid);
  expect(bytes.toString("base64url", 8, 26)).toBe(handle);
  expect(bytes.readUInt32BE(26)).toBe(2);
  expect(bytes.subarray(47, 79)).toEqual(sha256(bytesOf(first.value)));
  expect(bytes.subarray(79)).toEqual(createHmac("sha256", macKey).update(bytes.subarray(0, 79)).digest());
  expect(child.doubleHash).toBe(sha256(sha256(bytes)).toString("base64url"));
  expect(bytesOf(first.value).subarray(47, 79)).toEqual(Buffer.alloc(32));
});

test("somebody who holds the store and the keys mints no child of the current token", () => {
  // All that the thief has: the row's double hash, the MAC key, and SHA-256.
  const stolen = Buffer.from(first.doubleHash, "base64url");
  for (const guess of [stolen, sha256(stolen), Buffer.alloc(32)]) {
    const forged = bytesOf(mintRefreshToken(key, handle, first).value);
    guess.copy(forged, 47);
    createHmac("sha256", macKey).update(forged.subarray(0, 79)).digest().copy(forged, 79);
    const parsed = parseRefreshToken(spell(forged), find);
    if (parsed.kind !== "authentic") expect.fail("the forgery must get as far as the row");
    expect(parsed.token.parentDoubleHash).not.toBe(first.doubleHash);
  }
});

test("a token with any one character changed, dropped or added is refused", () => {
  const { value } = mintRefreshToken(key, handle, first);
  expect(parseRefreshToken(value, find).kind).toBe("authentic");
  for (let at = 0; at < value.length; at += 1) {
    const aliased = String.fromCharCode(0x100 + value.charCodeAt(at));
    for (const change of [value[at] === "A" ? "B" : "A", aliased, "", "AA", "=", "+", "/", " ", "\0"]) {
      const { kind } = parseRefreshToken(value.slice(0, at) + change + value.slice(at + 1), find);
      if (kind === "authentic") expect.fail(`accepted ${JSON.stringify(change)} at ${at}`);
    }
  }
});

test("a token has one spelling", () => {
  const { value } = first;
  const standard = `cfr1.${bytesOf(value).toString("base64")}`;
  const others = [` ${value}`, `${value} `, `${value}\n`, `${value}=`, value.replace("cfr1.", "CFR1."), value.slice(5)];
  for (const text of standard === value ? others : [standard, ...others]) {
    expect(parseRefreshToken(text, find)).toEqual({ kind: "invalid" });
  }
});

test("a token under a key that is not there is told apart from one that is forged", () => {
  const other: RefreshKey = { kid: randomBytes(8).toString("base64url"), refreshMac: createMac(randomBytes(32)) };
  const { value } = mintRefreshToken(other, handle, undefined);
  expect(parseRefreshToken(value, find)).toEqual({ kind: "unknown-key" });
  const namesake: RefreshKey = { ...other, kid: key.kid };
  expect(parseRefreshToken(mintRefreshToken(namesake, handle, first).value, find)).toEqual({ kind: "invalid" });
});

test("garbage is refused without a fault", () => {
  const garbage = fc.oneof(
    anyText({ maxLength: 300 }),
    anyText({ minLength: 153, maxLength: 153 }),
    fc.string({ minLength: 148, maxLength: 148 }).map((body) => `cfr1.${body}`),
    fc.uint8Array({ minLength: 111, maxLength: 111 }).map(spell),
    fc
      .uint8Array({ minLength: 103, maxLength: 103 })
      .map((tail) => spell(Buffer.concat([bytesOf(first.value).subarray(0, 8), tail]))),
  );
  fc.assert(fc.property(garbage, (text) => parseRefreshToken(text, find).kind !== "authentic"));
});

test("text of another length is refused before a key is looked for", () => {
  const never = (): undefined => expect.fail("looked for a key");
  for (const text of ["", "cfr1.", first.value.slice(0, -1), `${first.value}A`, first.value.repeat(100_000)]) {
    expect(parseRefreshToken(text, never)).toEqual({ kind: "invalid" });
  }
});
