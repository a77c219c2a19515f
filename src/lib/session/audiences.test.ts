/**
 * Instances of different issuers and audiences on one store and one secret: what the one has made
 * is not the other's.
 */
import { describe, expect, test } from "vitest";
import { SECRET, START } from "../../../test/fixtures/constants.ts";
import { createSessions, type CounterfoilConfig, type SessionError, type Sessions } from "../../index.ts";
import { memory } from "../../memory.ts";
import { createTicket, redeemTicket } from "./ticket-session.ts";
import { contextOf } from "./assemble-sessions.ts";

type Parties = Pick<NonNullable<NonNullable<CounterfoilConfig["tokens"]>["accessToken"]>, "issuer" | "audience">;

const PARTIES: readonly Parties[] = [
  {},
  { issuer: "a" },
  { audience: "a" },
  { issuer: "a", audience: "b" },
  { issuer: "b", audience: "a" },
  { issuer: "ab" },
  { audience: "ab" },
];
const PAIRS = PARTIES.flatMap((one) => PARTIES.map((other) => ({ one, other, same: one === other })));
const name = ({ issuer = "none", audience = "none" }: Parties): string => `${issuer}/${audience}`;

/** Two instances on one store, and how often it was asked for a session. */
async function open(one: Parties, other: Parties): Promise<{ a: Sessions; b: Sessions; reads: () => number }> {
  const inner = memory();
  let reads = 0;
  const store: typeof inner = {
    ...inner,
    findSession: (handle) => {
      reads += 1;
      return inner.findSession(handle);
    },
  };
  const instance = (accessToken: Parties): Sessions =>
    createSessions({ store, secret: SECRET, clock: () => START, tokens: { accessToken } });
  const [a, b] = [instance(one), instance(other)];
  await a.ready();
  await b.ready();
  return { a, b, reads: () => reads };
}

const outcomeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "ok",
    (error: unknown) => (error as SessionError).code,
  );

describe.each(PAIRS.map((pair) => ({ ...pair, from: name(pair.one), to: name(pair.other) })))(
  "issuer and audience $from at $to",
  ({ one, other, same }) => {
    test(`tokens are ${same ? "accepted" : "refused before the store is asked"}`, async () => {
      const { a, b, reads } = await open(one, other);
      const { accessToken, refreshToken } = await a.createNewSession("alice");
      expect(await outcomeOf(b.getSession(accessToken.value))).toBe(same ? "ok" : "ACCESS_TOKEN_INVALID");
      expect(await outcomeOf(b.refreshSession(refreshToken.value))).toBe(same ? "ok" : "REFRESH_TOKEN_INVALID");
      expect(reads()).toBe(same ? 1 : 0);
      // Children as well as first tokens, and the refused attempt has harmed nobody.
      const { newRefreshToken } = await a.refreshSession(refreshToken.value);
      expect(await outcomeOf(b.refreshSession(newRefreshToken.value))).toBe(same ? "ok" : "REFRESH_TOKEN_INVALID");
      expect(await outcomeOf(a.refreshSession(newRefreshToken.value))).toBe("ok");
    });

    test(`tickets are ${same ? "accepted" : "refused, and stay unused"}`, async () => {
      const { a, b, reads } = await open(one, other);
      const { session } = await a.createNewSession("alice");
      const ticket = await createTicket(contextOf(a), session.handle, 30_000);
      const before = reads();
      expect(await outcomeOf(redeemTicket(contextOf(b), ticket.value))).toBe(same ? "ok" : "TICKET_INVALID");
      expect(reads() - before).toBe(same ? 1 : 0);
      expect(await outcomeOf(redeemTicket(contextOf(a), ticket.value))).toBe(same ? "TICKET_INVALID" : "ok");
    });

    test(`anti-CSRF tokens are ${same ? "accepted" : "refused"}`, async () => {
      const { a, b } = await open(one, other);
      const { session, antiCsrfToken = "" } = await a.createNewSession("alice");
      expect(contextOf(b).antiCsrf.matches(antiCsrfToken, session.handle)).toBe(same);
    });
  },
);
