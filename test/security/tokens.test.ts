/** Access tokens that somebody made up, beyond those of src/lib/token. */
import type { SigningAlgorithm } from "../../src/lib/policy.ts";
import { createHmac, createPublicKey } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encode, headerOf, MINT, NOW, payloadOf, setUp } from "../fixtures/access-tokens.ts";
import { bound } from "../fixtures/bounds.ts";
import { holdsFor } from "./sampling.ts";

type Fixture = Awaited<ReturnType<typeof setUp>>;

/**
 * HMACs with the public key in each of its spellings, under our header and under one that says
 * HS256.
 */
function confusions({ ring }: Fixture, genuine: string): string[] {
  const { publicJwk } = ring.active();
  if (publicJwk === undefined) return [];
  const key = createPublicKey({ key: { ...publicJwk }, format: "jwk" });
  const der = key.export({ type: "spki", format: "der" });
  const pem = key.export({ type: "spki", format: "pem" }).toString();
  const [header = "", payload = ""] = genuine.split(".");
  const inputs = [`${header}.${payload}`, `${encode({ ...headerOf(genuine), alg: "HS256" })}.${payload}`];
  return [der, pem, pem.trim(), pem.replaceAll("\n", "\r\n"), pem.split("\n").slice(1, -2).join("")].flatMap((secret) =>
    inputs.map((input) => `${input}.${createHmac("sha256", secret).update(input).digest("base64url")}`),
  );
}

/** What is wrong with the token, and how it is made of a genuine one. */
const FORGERIES: Readonly<Record<string, (fixture: Fixture, genuine: string) => readonly string[]>> = {
  "the public key as a secret, as PEM and DER": confusions,
  "alg none in mixed letters": (_, genuine) => [
    `${encode({ ...headerOf(genuine), alg: "nOnE" })}.${genuine.split(".")[1]}.`,
  ],
  "a header in another order, well signed": ({ sign }, genuine) => {
    const { alg, kid, typ } = headerOf(genuine);
    return [
      { typ, kid, alg },
      { kid, alg, typ },
    ].map((header) => sign(header, payloadOf(genuine)));
  },
  "a kid that is a path, a name of every object, or another text, well signed": ({ sign }, genuine) => {
    const kids = ["../../../dev/null", "/etc/passwd", "__proto__", "constructor", "toString", "' OR 1=1 --", "\0", ""];
    return [...kids, ` ${headerOf(genuine).kid}`].map((kid) => sign({ ...headerOf(genuine), kid }, payloadOf(genuine)));
  },
  "a signature of zeros, of ones, of half zeros": (_, genuine) => {
    const [header = "", payload = "", signature = ""] = genuine.split(".");
    const { length } = Buffer.from(signature, "base64url");
    const half = Buffer.concat([Buffer.alloc(length / 2), Buffer.alloc(length / 2, 255)]);
    return [Buffer.alloc(length), Buffer.alloc(length, 255), half, Buffer.alloc(length, 1)].map(
      (bytes) => `${header}.${payload}.${bytes.toString("base64url")}`,
    );
  },
  "the signature of another token that is known": ({ tokens }, genuine) => {
    const [header = "", , signature = ""] = genuine.split(".");
    const admin = encode({ ...payloadOf(genuine), sub: "admin" });
    const other = tokens.mint({ ...MINT, userId: "mallory" }, NOW).value;
    return [`${header}.${admin}.${signature}`, `${other.slice(0, other.lastIndexOf("."))}.${signature}`];
  },
  "blanks and line breaks around": (_, genuine) =>
    ["\n", "\r\n", " ", "\t", "\0", "\u00a0"].flatMap((blank) => [`${genuine}${blank}`, `${blank}${genuine}`]),
};

describe.each<SigningAlgorithm>(["HS256", "EdDSA", "ES256"])("%s: an access token is refused with", (signing) => {
  test.each(Object.keys(FORGERIES))("%s", async (what) => {
    const fixture = await setUp(signing);
    const genuine = fixture.tokens.mint(MINT, NOW).value;
    expect(fixture.tokens.verify(genuine).kind).toBe("authentic");
    const forged = FORGERIES[what]?.(fixture, genuine) ?? [];
    expect(forged.length > 0 || signing === "HS256").toBe(true);
    for (const token of forged) expect(fixture.tokens.verify(token).kind, token).not.toBe("authentic");
  });

  test("parts of several genuine tokens in any combination but their own", async () => {
    const fixture = await setUp(signing);
    const stranger = await setUp(signing);
    const genuine = [
      fixture.tokens.mint(MINT, NOW).value,
      fixture.tokens.mint({ ...MINT, userId: "mallory" }, NOW).value,
      stranger.tokens.mint(MINT, NOW).value,
    ];
    const own = new Set(genuine.slice(0, 2));
    for (const token of own) expect(fixture.tokens.verify(token).kind).toBe("authentic");
    const segments = genuine.flatMap((token) => token.split("."));
    const made = fc
      .array(fc.oneof(fc.constantFrom(...segments, ""), fc.jsonValue().map(encode)), { minLength: 2, maxLength: 4 })
      .map((parts) => parts.join("."))
      .filter((token) => !own.has(token));
    await holdsFor(`combined ${signing} tokens`, bound(2000, 100_000), made, (token) => {
      expect(fixture.tokens.verify(token).kind).not.toBe("authentic");
    });
  });
});
