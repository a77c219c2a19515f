import type { SigningAlgorithm } from "../policy.ts";
import { createHmac, randomBytes } from "node:crypto";
import * as fc from "fast-check";
import {
  createLocalJWKSet,
  generateKeyPair,
  jwtVerify,
  type JWTHeaderParameters,
  type JWTVerifyGetKey,
  SignJWT,
} from "jose";
import { describe, expect, test } from "vitest";
import { anyText } from "../../../test/fixtures/text.ts";
import { encode, headerOf, MINT, NOW, payloadOf, setUp } from "../../../test/fixtures/access-tokens.ts";
import { MINUTE, SECRET } from "../../../test/fixtures/constants.ts";
import { createSessions } from "../../index.ts";
import { memory } from "../../memory.ts";
import { wrapContext } from "../key/ring-key.ts";
import { createSecrets, deriveKey } from "../crypto/secret.ts";

const ALGORITHMS: readonly SigningAlgorithm[] = ["HS256", "EdDSA", "ES256"];

describe.each(ALGORITHMS)("%s", (signing) => {
  test("jose verifies our tokens, whose header and claims are exactly the documented ones", async () => {
    const store = memory();
    const accessToken = { signing, issuer: "us", audience: "them" };
    const sessions = createSessions({ store, secret: SECRET, clock: () => NOW, tokens: { accessToken } });
    const created = await sessions.createNewSession(42, { role: "admin" });
    const [record] = await store.listKeys();
    if (record === undefined) expect.fail("there is no key");
    const seed = createSecrets([SECRET]).unwrap(record.wrappedSeed, wrapContext(record.kid, signing))?.seed ?? "";
    const fromJwks = createLocalJWKSet({ keys: [...(await sessions.getJwks()).keys] });
    const findKey: JWTVerifyGetKey = async (header, token) =>
      signing === "HS256" ? deriveKey(seed, "access token HS256") : fromJwks(header, token);
    const checks = { algorithms: [signing], typ: "at+jwt", issuer: "us", audience: "them", currentDate: new Date(NOW) };
    const { payload, protectedHeader } = await jwtVerify(created.accessToken.value, findKey, checks);
    expect(protectedHeader).toEqual({ alg: signing, kid: record.kid, typ: "at+jwt" });
    const [iat, exp] = [NOW / 1000, NOW / 1000 + 900];
    const standard = { iss: "us", aud: "them", sub: "42", sub_type: "number", sid: created.session.handle, iat, exp };
    expect(payload).toEqual({ ...standard, auth_time: iat, cv: 1, pld: { role: "admin" } });
  });

  test("every token that somebody else made up is refused", async () => {
    const { ring, tokens, sign } = await setUp(signing);
    let genuine = tokens.mint(MINT, NOW).value;
    while (!/[-_]/.test(genuine) || !/[-_]/.test(genuine.split(".")[2] ?? "")) {
      genuine = tokens.mint({ ...MINT, handle: randomBytes(18).toString("base64url") }, NOW).value;
    }
    expect(tokens.verify(genuine).kind).toBe("authentic");
    const [header = "", payload = "", signature = ""] = genuine.split(".");
    const right = headerOf(genuine);
    const claims = payloadOf(genuine);
    const asymmetric = await generateKeyPair(signing === "HS256" ? "ES256" : signing, { extractable: true });
    const otherKey = signing === "HS256" ? randomBytes(32) : asymmetric.privateKey;
    const byJose = (fields: JWTHeaderParameters): Promise<string> =>
      new SignJWT(claims).setProtectedHeader(fields).sign(otherKey);
    const publicJwk = ring.active().publicJwk ?? { x: "x" };
    const publicX = publicJwk.x ?? "";
    const unsigned = (alg: string): string => `${encode({ ...right, alg })}.${payload}`;

    const forgeries: Record<string, string> = {
      "another key under the same header": await byJose(right),
      "another key, which the header names": await byJose({ ...right, kid: "AAAAAAAAAAA" }),
      "another key, without kid": await byJose({ alg: right.alg, typ: "at+jwt" }),
      "another key, embedded": await byJose({ ...right, jwk: { kty: "EC", crv: "P-256", x: "x", y: "y" } }),
      "alg none without signature": `${unsigned("none")}.`,
      "alg none with the signature": `${unsigned("none")}.${signature}`,
      "alg none in capitals": `${unsigned("NONE")}.`,
      "no signature": `${header}.${payload}.`,
      "a segment more": `${genuine}.${signature}`,
      "an empty segment more": `${genuine}.`,
      "a segment less": `${header}.${payload}`,
      "padded signature": `${genuine}${"=".repeat(3 - (signature.length % 3))}`,
      "alphabet of plain base64": genuine.replaceAll("-", "+").replaceAll("_", "/"),
      "the same in the signature": `${header}.${payload}.${signature.replaceAll("-", "+").replaceAll("_", "/")}`,
      "white space": ` ${genuine}`,
      "JSON serialization": JSON.stringify({ protected: header, payload, signature }),
      "right key, typ JWT": sign({ ...right, typ: "JWT" }, claims),
      "right key, no typ": sign({ alg: right.alg, kid: right.kid }, claims),
      "right key, crit": sign({ ...right, crit: ["exp"] }, claims),
      "right key, embedded jwk": sign({ ...right, jwk: publicJwk }, claims),
      "right key, jku": sign({ ...right, jku: "https://evil.example" }, claims),
      "right key, another alg in the header": sign({ ...right, alg: signing === "ES256" ? "ES384" : "ES256" }, claims),
      "right key, no kid": sign({ alg: right.alg, typ: right.typ }, claims),
      "right key, nothing in it": sign(right, {}),
      "right key, an array": sign(right, [claims]),
      "right key, text": sign(right, "claims"),
      "right key, null": sign(right, null),
    };
    for (const secret of [JSON.stringify(publicJwk), publicX, Buffer.from(publicX, "base64url"), right.kid ?? "", ""]) {
      for (const input of [unsigned("HS256"), `${header}.${payload}`]) {
        const mac = createHmac("sha256", secret).update(input).digest("base64url");
        forgeries[`HS256 with a public secret, forgery ${Object.keys(forgeries).length}`] = `${input}.${mac}`;
      }
    }
    for (const claim of ["sub", "sid", "exp", "auth_time", "cv", "pld"]) {
      forgeries[`right key, without ${claim}`] = sign(right, { ...claims, [claim]: undefined });
      if (claim !== "pld") forgeries[`right key, wrong ${claim}`] = sign(right, { ...claims, [claim]: [1.5] });
    }
    for (const act of [null, "7", [], {}, { sub: "7" }, { sid: "7" }, { sub: 7, sid: "7" }, { sub: "7", sid: null }])
      forgeries[`right key, act ${JSON.stringify(act)}`] = sign(right, { ...claims, act });
    const accepted = Object.keys(forgeries).filter((why) => tokens.verify(forgeries[why] ?? "").kind === "authentic");
    expect(accepted).toEqual([]);
    expect(Object.keys(forgeries).length).toBeGreaterThan(45);
  });
});

test("garbage is refused without a fault", async () => {
  const { tokens, sign } = await setUp();
  const json = fc.jsonValue().map((value) => sign({ alg: "HS256", typ: "at+jwt" }, value));
  fc.assert(fc.property(fc.oneof(anyText(), json), (text) => tokens.verify(text).kind !== "authentic"));
  expect(tokens.verify("A.".repeat(1e6)).kind).toBe("invalid");
});

test("only a token of our type whose key is not there asks for a reload", async () => {
  const { tokens, sign } = await setUp();
  const unknown = { alg: "HS256", kid: "AAAAAAAAAAA", typ: "at+jwt" };
  expect(tokens.verify(sign(unknown, {})).kind).toBe("unknown-key");
  const others = [{ ...unknown, typ: "JWT" }, { ...unknown, kid: "AAAA" }, { ...unknown, crit: [] }, { alg: "HS256" }];
  for (const header of others) {
    expect(tokens.verify(sign(header, {})).kind).toBe("invalid");
  }
});

test.each([
  { made: {}, checked: {}, kind: "authentic" },
  { made: { issuer: "us", audience: "them" }, checked: { issuer: "us", audience: "them" }, kind: "authentic" },
  { made: { issuer: "us" }, checked: { issuer: "others" }, kind: "invalid" },
  { made: { audience: "them" }, checked: { audience: "others" }, kind: "invalid" },
  { made: {}, checked: { issuer: "us" }, kind: "invalid" },
  { made: {}, checked: { audience: "them" }, kind: "invalid" },
  { made: { issuer: "us" }, checked: {}, kind: "invalid" },
  { made: { audience: "them" }, checked: {}, kind: "invalid" },
])("a token of $made is $kind where $checked is configured", async ({ made, checked, kind }) => {
  const { another } = await setUp();
  expect(another(checked).verify(another(made).mint(MINT, NOW).value).kind).toBe(kind);
});

test("an audience list, which we never make, is refused", async () => {
  const { another, sign } = await setUp();
  const genuine = another({ audience: "them" }).mint(MINT, NOW).value;
  const listed = sign(headerOf(genuine), { ...payloadOf(genuine), aud: ["them"] });
  expect(another({ audience: "them" }).verify(listed).kind).toBe("invalid");
});

const NAMES: readonly string[] = ["alice", "ALICE", "Alicé ", "42", "-0", "a\0b\ud800", "😀"];
const NUMBERS: readonly number[] = [42, 0, -0, -1.5, 1e21, 5e-324, 2 ** 53];
test.each([...NAMES, ...NUMBERS])("the user id %j comes back as it was given", async (userId) => {
  const { tokens } = await setUp();
  const verdict = tokens.verify(tokens.mint({ ...MINT, userId }, NOW).value);
  expect(verdict.kind === "authentic" && Object.is(verdict.token.userId, userId)).toBe(true);
});

test("a token lives as long as its validity or its session, to the millisecond", async () => {
  const { another } = await setUp();
  const ms = fc.integer({ min: 1000, max: 10 * 24 * 60 * MINUTE });
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4e12 }), ms, ms, (now, validity, left) => {
      const tokens = another({ validity });
      const { value, expires } = tokens.mint({ ...MINT, endsAt: now + left }, now);
      expect(expires).toBe(now + Math.min(validity, left));
      expect(payloadOf(value)).toMatchObject({ exp: expires / 1000, iat: now / 1000 });
      expect(tokens.verify(value)).toMatchObject({ kind: "authentic", token: { expires } });
    }),
  );
});

test("times that no mint writes are refused", async () => {
  const { another, sign, tokens } = await setUp();
  const genuine = tokens.mint(MINT, NOW).value;
  const verdictOf = (exp: unknown): string =>
    another({}).verify(sign(headerOf(genuine), { ...payloadOf(genuine), exp })).kind;
  expect([NOW / 1000, NOW / 1000 + 0.001].map(verdictOf)).toEqual(["authentic", "authentic"]);
  const wrong = [NOW / 1000 + 0.0001, 1e300, String(NOW / 1000), null, undefined, [NOW / 1000]];
  expect(wrong.map(verdictOf)).toEqual(wrong.map(() => "invalid"));
});

test("jose accepts times with decimals, and refuses what has expired by them", async () => {
  const now = NOW + 250;
  const sessions = createSessions({
    store: memory(),
    secret: SECRET,
    clock: () => now,
    tokens: { accessToken: { signing: "EdDSA", validity: "1s" } },
  });
  const { accessToken } = await sessions.createNewSession("alice");
  const keys = createLocalJWKSet({ keys: [...(await sessions.getJwks()).keys] });
  const verifyAt = (time: number) => jwtVerify(accessToken.value, keys, { currentDate: new Date(time) });
  expect((await verifyAt(now)).payload).toMatchObject({ iat: now / 1000, exp: (now + 1000) / 1000 });
  await expect(verifyAt(now + 2000)).rejects.toMatchObject({ code: "ERR_JWT_EXPIRED" });
});

test("a token that is too large is refused with its size and its largest claim, and without the claim's value", async () => {
  const { tokens, another } = await setUp();
  const sized = (length: number): typeof MINT => ({
    ...MINT,
    claimsJson: `{"big":"${"s".repeat(length)}","small":"t"}`,
  });
  const lengthOf = (chars: number): number => another({ maxLength: 1e6 }).mint(sized(chars), NOW).value.length;
  let length = 2600;
  while (lengthOf(length + 1) <= 4084) length += 1;
  expect(tokens.mint(sized(length), NOW).value.length).toBeGreaterThan(4080);
  expect(another({ maxLength: lengthOf(length) }).mint(sized(length), NOW)).toBeDefined();
  expect(() => another({ maxLength: lengthOf(length) - 1 }).mint(sized(length), NOW)).toThrow();
  const code = expect.objectContaining({ errType: 1000, code: "TOKEN_TOO_LARGE" });
  expect(() => tokens.mint(sized(length + 1), NOW)).toThrow(code);
  expect(() => tokens.mint(sized(length + 1), NOW)).toThrow(
    new RegExp(
      `^the access token would have ${lengthOf(length + 1)} characters, .* which leaves 4084; ` +
        `the largest claim is jwtPayload.big with ${length + 3} characters: keep it in sessionData instead$`,
    ),
  );
});

test("the size that is named is the real one, also far beyond the limit", async () => {
  const { tokens, another } = await setUp();
  const large = { ...MINT, claimsJson: JSON.stringify("s".repeat(5000)) };
  const { length } = another({ maxLength: 1e6 }).mint(large, NOW).value;
  expect(() => tokens.mint(large, NOW)).toThrow(`would have ${length} characters`);
});
