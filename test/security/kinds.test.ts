/**
 * Genuine tokens where another kind belongs, refresh tokens that were changed, and tokens of
 * another database.
 */
import fc from "fast-check";
import { createSessions, type Sessions } from "counterfoil";
import { memory } from "counterfoil/memory";
import { createSocketTicket, redeemSocketTicket } from "counterfoil/websocket";
import { beforeEach, describe, expect, test } from "vitest";
import { bound } from "../fixtures/bounds.ts";
import { SECRET, START } from "../fixtures/constants.ts";
import { outcomeOf } from "../store/fixtures.ts";
import { holdsFor } from "./sampling.ts";

const open = (): Sessions => createSessions({ store: memory(), secret: SECRET, clock: () => START });

const KINDS = ["access", "refresh", "antiCsrf", "ticket", "marker", "handle"] as const;
type Kind = (typeof KINDS)[number];

/** All that an installation gives to a client. */
async function issue(sessions: Sessions): Promise<Readonly<Record<Kind, string>>> {
  const created = await sessions.createNewSession("alice");
  const { handle } = created.session;
  return {
    access: created.accessToken.value,
    refresh: created.refreshToken.value,
    antiCsrf: created.antiCsrfToken ?? "",
    ticket: (await createSocketTicket(handle, { sessions })).value,
    marker: created.idRefreshToken.value,
    handle,
  };
}

type Use = (sessions: Sessions, given: string, own: Readonly<Record<Kind, string>>) => Promise<unknown>;

/** Where a client may put a text, and the one kind that belongs there. */
const SHARDS: readonly { readonly place: string; readonly right: Kind; readonly use: Use }[] = [
  { place: "an access token", right: "access", use: (sessions, given) => sessions.getSession(given) },
  { place: "a refresh token", right: "refresh", use: (sessions, given) => sessions.refreshSession(given) },
  {
    place: "an anti-CSRF token",
    right: "antiCsrf",
    use: (sessions, given, { access }) => sessions.getSession(access, given),
  },
  { place: "a ticket", right: "ticket", use: (sessions, given) => redeemSocketTicket(given, { sessions }) },
];

let sessions: Sessions;
let own: Readonly<Record<Kind, string>>;
const said: string[] = [];

beforeEach(async () => {
  said.length = 0;
  sessions = open();
  own = await issue(sessions);
  for (const event of ["reuse-detected", "session-revoked", "store-behind"] as const)
    sessions.on(event, () => void said.push(event));
});

const accepted = async (use: Use, given: unknown): Promise<boolean> =>
  (await outcomeOf(use(sessions, given as string, own))) === "ok";

describe.each(SHARDS)("as $place", ({ right, use }) => {
  test.each(KINDS)("%s", async (kind) => {
    expect(await accepted(use, own[kind])).toBe(kind === right);
    expect(said).toEqual([]);
  });

  test("that of the same secret and another database", async () => {
    const elsewhere = await issue(open());
    expect(await accepted(use, elsewhere[right])).toBe(false);
    expect(await accepted(use, own[right])).toBe(true);
    expect(said).toEqual([]);
  });

  test.each<[string, (own: string) => unknown]>([
    ["__proto__", () => "__proto__"],
    ["constructor", () => "constructor"],
    ["an object", () => ({})],
    ["an object that turns into it", (token) => ({ toString: () => token })],
    ["a list of it", (token) => [token]],
    ["a number", () => 1],
    ["true", () => true],
  ])("%s", async (_, make) => {
    expect(await accepted(use, make(own[right]))).toBe(false);
    expect(said).toEqual([]);
  });
});

/** The first token of a session and its child; both are good for now. */
async function lineage(): Promise<[string, string]> {
  const first = own.refresh;
  const second = (await sessions.refreshSession(first)).newRefreshToken.value;
  return [first, second];
}

const bytesOf = (token: string): Buffer => Buffer.from(token.slice("cfr1.".length), "base64url");
const flipped = (token: string, bits: readonly number[]): string => {
  const bytes = bytesOf(token);
  for (const bit of bits) bytes.writeUInt8(bytes.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
  return `cfr1.${bytes.toString("base64url")}`;
};

const BITS = 888;

test("a refresh token with any one bit changed is refused, and harms nobody", async () => {
  const tokens = [...(await lineage()), (await issue(sessions)).refresh];
  for (const token of tokens) {
    expect(bytesOf(token).length * 8).toBe(BITS);
    for (let bit = 0; bit < BITS; bit += 1) {
      const outcome = await outcomeOf(sessions.refreshSession(flipped(token, [bit])));
      if (outcome !== "UNAUTHORISED/REFRESH_TOKEN_INVALID") expect.fail(`bit ${bit}: ${outcome}`);
    }
  }
  for (const token of tokens) expect(await outcomeOf(sessions.refreshSession(token))).toBe("ok");
  expect(said).toEqual([]);
});

test("so is one with any of its bits changed, or with a part of another one", async () => {
  const tokens = [own.refresh, (await issue(sessions)).refresh];
  const [one = "", other = ""] = tokens;
  const bits = fc.uniqueArray(fc.nat(BITS - 1), { minLength: 2, maxLength: 24 }).map((some) => flipped(one, some));
  const parts = fc
    .tuple(fc.nat(BITS / 8), fc.nat(BITS / 8))
    .map(([from, to]) => {
      const mixed = bytesOf(one);
      mixed.set(bytesOf(other).subarray(Math.min(from, to), Math.max(from, to)), Math.min(from, to));
      return `cfr1.${mixed.toString("base64url")}`;
    })
    .filter((token) => !tokens.includes(token));
  await holdsFor("changed refresh tokens", bound(2000, 100_000), fc.oneof(bits, parts), async (token) => {
    expect(await outcomeOf(sessions.refreshSession(token))).toBe("UNAUTHORISED/REFRESH_TOKEN_INVALID");
  });
  for (const token of tokens) expect(await outcomeOf(sessions.refreshSession(token))).toBe("ok");
  expect(said).toEqual([]);
});
