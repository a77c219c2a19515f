import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CLOCK_SKEW } from "../clock.ts";
import { userKeyOf } from "../user-key.ts";
import type { LogEntry } from "./log-store.ts";
import { type JudgedToken, type LogVerdict, RevokedSessions } from "./revoked-sessions.ts";

const KEEP = 3_600_000;
/** The time of the entries, far from 0. */
const AT = 1_000_000_000;
const by = "writer-1";

const ended = (handle: string, until = AT + KEEP): LogEntry => ({ kind: "ended", handle, until, by });
const claims = (handle: string, claimsVersion: number, until = AT + KEEP): LogEntry => ({
  kind: "claims",
  handle,
  claimsVersion,
  until,
  by,
});
const user = (userId: string | number, except: string | null = null, at = AT, id = `${by}-1`): LogEntry => ({
  kind: "user",
  userKey: userKeyOf(userId),
  except,
  at,
  id,
  until: at + KEEP,
  by,
});
const all = (at = AT): LogEntry => ({ kind: "all", at, id: `${by}-1`, until: at + KEEP, by });

const token = (facts: Partial<JudgedToken> & { readonly issuedAt?: number } = {}): JudgedToken => ({
  handle: "one",
  userId: "alice",
  claimsVersion: 1,
  expires: (facts.issuedAt ?? AT - CLOCK_SKEW - 1) + 900_000,
  lifetime: 900_000,
  sparedEpochs: undefined,
  ...facts,
});

function after(...entries: readonly LogEntry[]): RevokedSessions {
  const revoked = new RevokedSessions();
  for (const entry of entries) revoked.add(entry);
  return revoked;
}

describe("a session by its handle", () => {
  test("has ended, and another has not", () => {
    expect(after(ended("one")).judge(token())).toBe("ended");
    expect(after(ended("other")).judge(token())).toBe("live");
  });

  test("ends with that of its actor", () => {
    const acting = token({ actor: { userId: "admin", handle: "actor" } });
    expect(after(ended("actor")).judge(acting)).toBe("ended");
    expect(after(user("admin")).judge(acting)).toBe("ended");
    expect(after(user("admin", "actor")).judge(acting)).toBe("live");
  });

  test("an entry that is read again is not new, and counts until the later time", () => {
    const revoked = after(ended("one", AT + 1000));
    expect(revoked.add(ended("one", AT + KEEP))).toBe(false);
    revoked.forget(AT + 2000);
    expect(revoked.judge(token())).toBe("ended");
  });
});

describe("newer claims", () => {
  test("are asked for by an older token only", () => {
    const revoked = after(claims("one", 3));
    expect(revoked.judge(token({ claimsVersion: 2 }))).toBe("ask");
    expect(revoked.judge(token({ claimsVersion: 3 }))).toBe("live");
  });

  test("an older version that comes late changes nothing", () => {
    const revoked = after(claims("one", 3));
    expect(revoked.add(claims("one", 2))).toBe(false);
    expect(revoked.judge(token({ claimsVersion: 2 }))).toBe("ask");
  });

  test("do not bring back a session that has ended", () => {
    const revoked = after(ended("one"), claims("one", 3));
    expect(revoked.judge(token())).toBe("ended");
    expect(revoked.size).toBe(1);
  });
});

describe("an epoch", () => {
  test("ends an older token, and asks near it and after it", () => {
    const revoked = after(user("alice"));
    const judged = (distance: number): LogVerdict => revoked.judge(token({ issuedAt: AT + distance }));
    expect(judged(-CLOCK_SKEW - 1)).toBe("ended");
    expect(judged(-CLOCK_SKEW)).toBe("ask");
    expect(judged(CLOCK_SKEW)).toBe("ask");
    // The clock of the process that signed may be far ahead.
    expect(judged(10 * CLOCK_SKEW)).toBe("ask");
  });

  test("concerns its user only, and 1 is not '1'", () => {
    const revoked = after(user(1));
    expect(revoked.judge(token({ userId: 1 }))).toBe("ended");
    expect(revoked.judge(token({ userId: "1" }))).toBe("live");
  });

  test("spares one session", () => {
    const revoked = after(user("alice", "one"));
    expect(revoked.judge(token())).toBe("live");
    expect(revoked.judge(token({ handle: "two" }))).toBe("ended");
  });

  test("of everybody is asked about near it, and not after it, because keys are new by then", () => {
    const revoked = after(all());
    expect(revoked.judge(token())).toBe("ended");
    expect(revoked.judge(token({ issuedAt: AT }))).toBe("ask");
    expect(revoked.judge(token({ issuedAt: AT + CLOCK_SKEW + 1 }))).toBe("live");
  });

  test("two that spare different sessions end both", () => {
    const revoked = after(user("alice", "one", AT), user("alice", "two", AT + 5));
    expect(revoked.judge(token({ handle: "one" }))).toBe("ended");
    expect(revoked.judge(token({ handle: "two" }))).toBe("ended");
    // A third takes the place of the first, and the session of the first stays ended.
    revoked.add(user("alice", "three", AT + 6));
    for (const handle of ["one", "two", "three"]) expect(revoked.judge(token({ handle }))).toBe("ended");
    expect(revoked.size).toBe(1);
  });

  test("asks once for a row that was read while it was known", () => {
    const revoked = after(user("alice"));
    const near = token({ issuedAt: AT });
    near.sparedEpochs = revoked.epochs;
    expect(revoked.judge(near)).toBe("live");
    revoked.add(user("alice", null, AT + 1));
    expect(revoked.judge(near)).toBe("ask");
  });

  test("of the same ms as another is a new one, and one that is read again is not", () => {
    const revoked = after(user("alice"));
    const near = token({ issuedAt: AT });
    near.sparedEpochs = revoked.epochs;
    expect([revoked.add(user("alice")), revoked.judge(near)]).toEqual([false, "live"]);
    expect(revoked.add(user("alice", null, AT, "another"))).toBe(true);
    expect(revoked.judge(near)).toBe("ask");
    expect([revoked.add(user("alice")), revoked.add(user("alice", null, AT, "another"))]).toEqual([false, false]);
  });

  test("that becomes visible after the row was read is asked about, whatever its time", () => {
    const revoked = after(user("alice", null, AT), user("bob", null, AT + 100));
    const near = token({ issuedAt: AT });
    near.sparedEpochs = revoked.epochs;
    // Its transaction took long to commit.
    revoked.add(user("alice", "another", AT + 50));
    expect(revoked.judge(near)).toBe("ask");
  });
});

describe("forgetting", () => {
  test.each([
    ["a user", user("alice"), user("alice", null, AT + 1000)],
    ["a user, but for another session", user("alice"), user("alice", "other", AT + 1000)],
    ["everybody", all(), all(AT + 1000)],
  ])("of %s: a later end that is kept for less takes no earlier one along", (_, early, late) => {
    const revoked = after({ ...early, until: AT + 24 * KEEP }, late);
    revoked.forget(AT + 2 * KEEP);
    expect(revoked.judge(token())).toBe("ended");
    revoked.forget(AT + 24 * KEEP);
    expect(revoked.judge(token())).toBe("live");
  });

  test("drops what no longer counts, whatever lives longer before it", () => {
    const revoked = after(
      ended("long", AT + 100 * KEEP),
      ended("one"),
      claims("two", 2),
      user("long", null, AT + 100 * KEEP),
      user("bob"),
      all(),
    );
    revoked.forget(AT + KEEP);
    expect(revoked.size).toBe(2);
    expect(revoked.judge(token())).toBe("live");
  });

  test("happens once a minute", () => {
    const revoked = after(ended("one", AT + 10));
    revoked.forget(AT);
    revoked.forget(AT + 50_000);
    expect(revoked.size).toBe(1);
    revoked.forget(AT + 60_000);
    expect(revoked.size).toBe(0);
  });
});

const HANDLES = ["one", "two", "three"] as const;
const USERS = ["alice", 1, "1"] as const;
/** Around each epoch, and far from it. */
const someTime = fc.integer({ min: -3, max: 3 }).map((minutes) => AT + minutes * CLOCK_SKEW);
const someEntry: fc.Arbitrary<LogEntry> = fc.oneof(
  fc.constantFrom(...HANDLES).map((handle) => ended(handle)),
  fc
    .record({ handle: fc.constantFrom(...HANDLES), version: fc.integer({ min: 1, max: 3 }) })
    .map(({ handle, version }) => claims(handle, version)),
  fc
    .record({ userId: fc.constantFrom(...USERS), except: fc.constantFrom(null, ...HANDLES), at: someTime })
    .map(({ userId, except, at }) => user(userId, except, at)),
  someTime.map((at) => all(at)),
);
const someToken = fc
  .record({
    handle: fc.constantFrom(...HANDLES),
    userId: fc.constantFrom(...USERS),
    claimsVersion: fc.integer({ min: 1, max: 3 }),
    issuedAt: fc.tuple(someTime, fc.integer({ min: -1, max: 1 })).map(([time, more]) => time + more),
  })
  .map(token);

/** All entries, each looked at. */
function naive(entries: readonly LogEntry[], { handle, userId, claimsVersion, expires, lifetime }: JudgedToken) {
  const issuedAt = expires - lifetime;
  const verdicts = entries.map((entry): LogVerdict => {
    switch (entry.kind) {
      case "ended":
        return entry.handle === handle ? "ended" : "live";
      case "claims":
        return entry.handle === handle && entry.claimsVersion > claimsVersion ? "ask" : "live";
      case "user":
        if (entry.userKey !== userKeyOf(userId) || entry.except === handle) return "live";
        return issuedAt < entry.at - CLOCK_SKEW ? "ended" : "ask";
      case "all":
        if (issuedAt > entry.at + CLOCK_SKEW) return "live";
        return issuedAt < entry.at - CLOCK_SKEW ? "ended" : "ask";
    }
  });
  return verdicts.includes("ended") ? "ended" : verdicts.includes("ask") ? "ask" : "live";
}

test("in any order and repeated, it decides as one who keeps everything", () => {
  fc.assert(
    fc.property(fc.array(someEntry, { maxLength: 12 }), fc.array(someToken, { minLength: 5 }), (entries, tokens) => {
      const revoked = after(...entries, ...entries.toReversed());
      for (const one of tokens) expect(revoked.judge(one)).toBe(naive(entries, one));
    }),
    { numRuns: 2000 },
  );
});
