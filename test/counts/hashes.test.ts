import crypto from "node:crypto";
import { syncBuiltinESMExports } from "node:module";
import { createSessions, type Sessions } from "counterfoil";
import { memory } from "counterfoil/memory";
import { afterEach, expect, test } from "vitest";

const { hash } = crypto;
let hashes = 0;

/** Counts the hashes that the library asks Node for; it asks for nothing else where HS256 signs. */
function countHashes(): void {
  hashes = 0;
  crypto.hash = ((...given: Parameters<typeof hash>) => {
    hashes += 1;
    return hash(...given);
  }) as typeof hash;
  syncBuiltinESMExports();
}

afterEach(() => {
  crypto.hash = hash;
  syncBuiltinESMExports();
});

const SECRET = "a secret of more than thirty-two characters";

/** A process that has not seen the token of another. */
async function openPair(): Promise<{ readonly maker: Sessions; readonly verifier: Sessions }> {
  const store = memory();
  const [maker, verifier] = [createSessions({ store, secret: SECRET }), createSessions({ store, secret: SECRET })];
  await maker.ready();
  await verifier.ready();
  return { maker, verifier };
}

async function hashesOf(work: () => Promise<unknown>): Promise<number> {
  countHashes();
  await work().catch(() => undefined);
  return hashes;
}

test("a token costs two hashes at first sight, its anti-CSRF token two more, and both none after it", async () => {
  const { maker, verifier } = await openPair();
  const { accessToken, antiCsrfToken } = await maker.createNewSession("alice");
  expect(await hashesOf(() => verifier.getSession(accessToken.value, null))).toBe(2);
  expect(await hashesOf(() => verifier.getSession(accessToken.value, antiCsrfToken))).toBe(2);
  expect(await hashesOf(() => verifier.getSession(accessToken.value, antiCsrfToken))).toBe(0);
});

test("a forged token is verified once", async () => {
  const { maker, verifier } = await openPair();
  const { value } = (await maker.createNewSession("alice")).accessToken;
  const forged = `${value.slice(0, -2)}${value.at(-2) === "A" ? "B" : "A"}${value.at(-1)}`;
  expect(await hashesOf(() => verifier.getSession(forged, null))).toBe(2);
});

test("a second look at the signature is seen", async () => {
  const { maker, verifier } = await openPair();
  const [one, other] = [await maker.createNewSession("alice"), await maker.createNewSession("bob")];
  const twice = async (): Promise<void> => {
    await verifier.getSession(one.accessToken.value, null);
    await verifier.getSession(other.accessToken.value, null);
  };
  expect(await hashesOf(twice)).toBe(4);
});
