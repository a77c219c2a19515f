import type { SigningAlgorithm } from "../policy.ts";
import { randomBytes } from "node:crypto";
import * as fc from "fast-check";
import { compactVerify, importJWK, SignJWT } from "jose";
import { describe, expect, test } from "vitest";
import { anyText } from "../../../test/fixtures/text.ts";
import { createJwsKey, type JwsKey, MAX_JWS_LENGTH, parseJwsHeader, verifyJws } from "./jwt.ts";

const ALGORITHMS: readonly SigningAlgorithm[] = ["HS256", "EdDSA", "ES256"];
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

function open(compact: string, key: JwsKey): string | undefined {
  return verifyJws(compact, (header) => (parseJwsHeader(header)?.alg === key.algorithm ? key : undefined))?.toString();
}

function signed(key: JwsKey, payload: unknown = { hello: "world" }): string {
  const signingInput = `${encode({ alg: key.algorithm })}.${encode(payload)}`;
  return `${signingInput}.${key.sign(signingInput)}`;
}

const A1_PAYLOAD = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

test.each([
  {
    source: "RFC 7515 A.1",
    algorithm: "HS256",
    seed: "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
    signingInput: `eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.${A1_PAYLOAD}`,
    signature: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
  },
  {
    source: "RFC 8037 A.4",
    algorithm: "EdDSA",
    seed: "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
    signingInput: "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
    signature: "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
  },
  {
    source: "RFC 7515 A.3",
    algorithm: "ES256",
    seed: "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI",
    signingInput: `eyJhbGciOiJFUzI1NiJ9.${A1_PAYLOAD}`,
    signature: "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
  },
] as const)("the $algorithm example of $source verifies", ({ algorithm, seed, signingInput, signature }) => {
  const key = createJwsKey(algorithm, Buffer.from(seed, "base64url"));
  expect(open(`${signingInput}.${signature}`, key)).toBe(
    Buffer.from(signingInput.split(".")[1] ?? "", "base64url").toString(),
  );
  // ES256 draws a nonce for each signature.
  if (algorithm !== "ES256") expect(key.sign(signingInput)).toBe(signature);
});

describe.each(ALGORITHMS)("%s", (algorithm) => {
  const seed = Buffer.alloc(32, 7);
  const key = createJwsKey(algorithm, seed);
  const token = signed(key);

  test("jose verifies what the key signs, and the key verifies what jose signs", async () => {
    const publicHalf = key.publicJwk === undefined ? seed : await importJWK({ ...key.publicJwk }, algorithm);
    const { payload, protectedHeader } = await compactVerify(token, publicHalf, { algorithms: [algorithm] });
    expect([protectedHeader, Buffer.from(payload).toString()]).toEqual([{ alg: algorithm }, '{"hello":"world"}']);

    const d = seed.toString("base64url");
    const privateHalf = key.publicJwk === undefined ? seed : await importJWK({ ...key.publicJwk, d }, algorithm);
    const theirs = await new SignJWT({ hello: "jose" }).setProtectedHeader({ alg: algorithm }).sign(privateHalf);
    expect(open(theirs, key)).toBe('{"hello":"jose"}');
  });

  test("the public half holds nothing private", () => {
    const members = Object.keys(key.publicJwk ?? {}).sort();
    expect(members).toEqual({ HS256: [], EdDSA: ["crv", "kty", "x"], ES256: ["crv", "kty", "x", "y"] }[algorithm]);
  });

  test("a genuine token with any one character changed, dropped or doubled is refused", () => {
    expect(open(token, key)).toBeDefined();
    for (let at = 0; at < token.length; at += 1) {
      const before = token.slice(0, at);
      const after = token.slice(at + 1);
      const character = token.charAt(at);
      const next = ALPHABET.charAt((ALPHABET.indexOf(character) + 1) % 64);
      // U+0100 + code has the same low byte, and the MAC reads low bytes.
      const aliased = String.fromCharCode(0x100 + character.charCodeAt(0));
      for (const change of [next, aliased, "+", "/", "=", " ", "\n", "\0", "", character + character]) {
        if (open(before + change + after, key) !== undefined)
          expect.fail(`accepted ${JSON.stringify(change)} at ${at}`);
      }
    }
  });

  test("only the canonical last character of a signature is accepted", () => {
    const spellings = ALPHABET.split("").filter((last) => open(token.slice(0, -1) + last, key) !== undefined);
    expect(spellings).toEqual([token.at(-1)]);
  });

  test("a signature of any other length is refused without a fault", () => {
    const [header, payload, signature = ""] = token.split(".");
    const bytes = Buffer.from(signature, "base64url");
    for (let length = 0; length <= 2 * bytes.length; length += 1) {
      if (length === bytes.length) continue;
      const other = Buffer.concat([bytes, bytes]).subarray(0, length).toString("base64url");
      expect(open(`${header}.${payload}.${other}`, key)).toBeUndefined();
    }
  });

  test("another key of the same algorithm refuses the token", () => {
    expect(open(token, createJwsKey(algorithm, Buffer.alloc(32, 8)))).toBeUndefined();
  });

  test("garbage is refused without a fault", () => {
    const garbage = fc.oneof(
      anyText({ maxLength: 300 }),
      fc.array(fc.base64String(), { maxLength: 5 }).map((segments) => segments.join(".")),
      fc.jsonValue().map((header) => `${encode(header)}.${encode(header)}.${encode(header)}`),
    );
    fc.assert(fc.property(garbage, (text) => open(text, key) === undefined));
  });
});

test("a token that is too long or has too few or too many segments is refused before a key is looked for", () => {
  const key = createJwsKey("HS256", randomBytes(32));
  const token = signed(key);
  const [header = "", payload, signature] = token.split(".");
  const long = signed(key, "x".repeat(MAX_JWS_LENGTH));
  const shapes = ["", ".", "..", "...", header, `${header}.${payload}`, `.${payload}.${signature}`];
  for (const text of [...shapes, `${header}..${signature}`, `${token}.`, `${token}.x`, `.${token}`, long]) {
    expect(verifyJws(text, () => expect.fail(`looked for a key: ${text.slice(0, 50)}`))).toBeUndefined();
  }
});

test("a token of exactly the greatest length is verified", () => {
  const key = createJwsKey("HS256", randomBytes(32));
  const signingInput = `${encode({ alg: "HS256" })}.`.padEnd(MAX_JWS_LENGTH - 44, "A");
  expect(open(`${signingInput}.${key.sign(signingInput)}`, key)).toBeDefined();
});

test("the key is looked for by the exact text of the header", () => {
  const key = createJwsKey("HS256", randomBytes(32));
  const token = signed(key);
  const seen: string[] = [];
  expect(verifyJws(token, (header) => void seen.push(header))).toBeUndefined();
  expect(seen).toEqual([token.split(".")[0]]);
});

test("a payload that is not canonical base64url is refused though the signature over it is good", () => {
  const key = createJwsKey("HS256", randomBytes(32));
  for (const payload of ["e30=", "e31", "e3 0", "+/+/", "e", "Ąę"]) {
    const signingInput = `${encode({ alg: "HS256" })}.${payload}`;
    expect(open(`${signingInput}.${key.sign(signingInput)}`, key)).toBeUndefined();
  }
});

describe("a header", () => {
  test.each([
    { header: { alg: "HS256" }, facts: { alg: "HS256", kid: undefined, typ: undefined } },
    { header: { typ: "at+jwt", kid: "k", alg: "none" }, facts: { alg: "none", kid: "k", typ: "at+jwt" } },
    { header: { alg: "ES256", jwk: { kty: "EC" }, x5u: "https://evil" }, facts: { alg: "ES256" } },
  ])("$header is parsed", ({ header, facts }) => {
    expect(parseJwsHeader(encode(header))).toEqual(facts);
  });

  test.each([
    { why: "crit", segment: encode({ alg: "HS256", crit: ["exp"] }) },
    { why: "an empty crit", segment: encode({ alg: "HS256", crit: null }) },
    { why: "b64", segment: encode({ alg: "HS256", b64: false }) },
    { why: "no alg", segment: encode({ kid: "k" }) },
    { why: "alg is not text", segment: encode({ alg: 1 }) },
    { why: "kid is not text", segment: encode({ alg: "HS256", kid: 1 }) },
    { why: "typ is not text", segment: encode({ alg: "HS256", typ: null }) },
    { why: "an array", segment: encode(["HS256"]) },
    { why: "null", segment: encode(null) },
    { why: "text", segment: encode("HS256") },
    { why: "no JSON", segment: Buffer.from("{alg:1}").toString("base64url") },
    { why: "empty", segment: "" },
    { why: "padding", segment: Buffer.from('{"alg":"HS256"} ').toString("base64") },
    { why: "over-long", segment: encode({ alg: "HS256", kid: "k".repeat(400) }) },
  ])("is refused: $why", ({ segment }) => {
    expect(parseJwsHeader(segment)).toBeUndefined();
  });

  test("of any JSON is parsed or refused without a fault", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const header = parseJwsHeader(encode(value));
        return header === undefined || typeof header.alg === "string";
      }),
    );
  });
});
