import { createHmac } from "node:crypto";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { createAntiCsrfTokens } from "./anti-csrf-token.ts";
import { createMac } from "../crypto/mac.ts";
import { realmOf } from "./realm.ts";
import { parseRefreshToken, type RefreshKey } from "./refresh-token.ts";
import { createSecrets, deriveKey } from "../crypto/secret.ts";
import { createTickets } from "./ticket.ts";

const SHOP = realmOf({ issuer: "https://shop.example", audience: "shop" });
const key: RefreshKey = { kid: "AQIDBAUGBwg", refreshMac: createMac(Buffer.alloc(32, 7)) };
const SIGNED =
  "cfr1.AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRoAAAADHyAhIiMkJSYnKCkqKywtLi8wMTIzNDU2Nzg5Ojs8PT4_QEFCQ0RFRkdISUpLTE1OT";
const WITHOUT = `${SIGNED}1Zuv048Evu3cZEtlPIcxHd7CgHei9Jih24CjFPIm95q`;
const WITH = `${SIGNED}-ReZBkK3Hn3bqTatjcKi7pf-VmoXHG8uUndcL7fkVQd`;

test("without issuer and audience there is no realm, and with them it is this one", () => {
  expect(realmOf({ issuer: undefined, audience: undefined })).toBe("");
  expect(SHOP).toBe("MmuoPpI1I2WullqM256gTma-thpCxVOJtNqNY7ArwrU");
});

test.each([
  { name: "without a realm", token: WITHOUT, realm: "", other: WITH },
  { name: "with a realm", token: WITH, realm: SHOP, other: WITHOUT },
])("a refresh token that was made $name is authentic, byte for byte, and only there", ({ token, realm, other }) => {
  const parse = (value: string): string => parseRefreshToken(value, () => key, realm).kind;
  expect([parse(token), parse(other)]).toEqual(["authentic", "invalid"]);
});

test("tickets and anti-CSRF tokens without a realm are MACs of their texts alone", () => {
  const secret = "a secret of these tests, long enough for that";
  const secrets = createSecrets([secret]);
  const handle = "A".repeat(24);
  const hmac = (purpose: string, text: string): string =>
    createHmac("sha256", deriveKey(secret, purpose)).update(text).digest("base64url");
  const ticket = { once: "B".repeat(24), handle, expires: 1_790_000_000_000 };
  const claim = `cft1.${ticket.once}.${handle}.1790000000000`;
  expect(createTickets(() => secrets).format(ticket)).toBe(`${claim}.${hmac("ticket", claim)}`);
  expect(createAntiCsrfTokens(() => secrets).of(handle)).toBe(hmac("anti-csrf", handle));
  expect(createTickets(() => secrets, SHOP).format(ticket)).toBe(`${claim}.${hmac("ticket", `${claim}.${SHOP}`)}`);
  expect(createAntiCsrfTokens(() => secrets, SHOP).of(handle)).toBe(hmac("anti-csrf", `${handle}.${SHOP}`));
});

test("two pairs of issuer and audience have one realm only if they are equal", () => {
  // Short texts of few characters, so that joined ones are often alike.
  const letter = fc.constantFrom("a", "b", "\0", "\u0001", "\u0002", "é", "\ud800", "\ufffd");
  const name = fc.option(fc.string({ unit: letter, minLength: 1, maxLength: 3 }), { nil: undefined });
  const parties = fc.record({ issuer: name, audience: name });
  fc.assert(
    fc.property(parties, parties, (one, other) => {
      const equal = one.issuer === other.issuer && one.audience === other.audience;
      return (realmOf(one) === realmOf(other)) === equal;
    }),
    { numRuns: 2000 },
  );
});
