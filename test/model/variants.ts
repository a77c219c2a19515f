/**
 * What ships, what was considered instead of it, and deliberate mistakes. The check is worth as
 * much as what it catches.
 */
import { decideRotation, rotationPolicy } from "../../src/lib/session/rotation.ts";
import type { PresentedToken, RotationState } from "../../src/lib/session/rotation.ts";
import type { Scheme } from "./model.ts";

export const shipped: Scheme = { name: "settle, as shipped", decide: decideRotation, policy: rotationPolicy };

export type Check = "P1" | "P2" | "P2c" | "P3";

export interface Variant {
  readonly scheme: Scheme;
  /** Every check that it fails; the first is the telling one. */
  readonly caughtBy: readonly Check[];
}

export function withSettle(name: string, settle: (window: number) => number): Scheme {
  return { ...shipped, name, policy: (window) => ({ window, settle: settle(window) }) };
}

const settleNone = withSettle("", () => 0);

/** What ships, but without the soft refusal: superseded is "reuse" at once. */
export const noSoftRefusal: Scheme = {
  ...shipped,
  name: "settle, superseded is an alarm at once",
  decide(token, row, now, policy) {
    const decision = decideRotation(token, row, now, policy);
    return decision.outcome === "retry" ? { outcome: "reuse" } : decision;
  },
};

export const brokenVariants: readonly Variant[] = [
  {
    // A child takes over at once, and the current token is spent as soon as a child of it was made.
    scheme: {
      ...settleNone,
      name: "1 strict single use",
      decide: (token, row, now, policy) =>
        isCurrent(token, row) && row.childMintedAt !== null
          ? { outcome: "reuse" }
          : decideRotation(token, row, now, policy),
    },
    caughtBy: ["P1"],
  },
  { scheme: withSettle("2 no settling", () => 0), caughtBy: ["P1"] },
  { scheme: withSettle("3 settling of 1 W", (window) => window), caughtBy: ["P1"] },
  // Fails only where every message takes all of W: mint, W later the jar takes this child, while a
  // request with another child has just left; W later that request confirms the other child.
  { scheme: withSettle("4 settling of 2 W", (window) => 2 * window), caughtBy: ["P1"] },
  { scheme: { ...shipped, name: "5 the same child again", sameChildAgain: true }, caughtBy: ["P2c"] },
  {
    scheme: {
      ...shipped,
      name: "6 superseded is never an alarm",
      decide(token, row, now, policy) {
        const decision = decideRotation(token, row, now, policy);
        return decision.outcome === "reuse" && !isCurrent(token, row) ? { outcome: "retry" } : decision;
      },
    },
    caughtBy: ["P2"],
  },
  {
    scheme: {
      ...shipped,
      name: "7a the current token is good for ever, whatever was seen of its children",
      decide: (token, row, now, policy) =>
        decideRotation(token, isCurrent(token, row) ? { ...row, childSeenAt: null } : row, now, policy),
    },
    caughtBy: ["P2c"],
  },
  {
    scheme: {
      ...shipped,
      name: "7b the parent is good for ever, also after the confirmation",
      decide: (token, row, now, policy) =>
        token.generation === row.generation - 1
          ? { outcome: "renew", next: row }
          : decideRotation(token, row, now, policy),
    },
    caughtBy: ["P2", "P2c"],
  },
  {
    // The old token works for W from its first rotation on, then it is an alarm.
    scheme: {
      ...settleNone,
      name: "8 grace window",
      decide(token, row, now, policy) {
        if (!isCurrent(token, row)) return decideRotation(token, row, now, policy);
        if (row.childMintedAt !== null && now - row.childMintedAt > policy.window) return { outcome: "reuse" };
        return { outcome: "mint", next: { ...row, childMintedAt: row.childMintedAt ?? now } };
      },
    },
    caughtBy: ["P1"],
  },
  {
    // The current token makes any number of children; the first child that is used takes over, and
    // its rivals are alarms.
    scheme: { ...noSoftRefusal, name: "9 parent and child, the older scheme", policy: settleNone.policy },
    caughtBy: ["P1"],
  },
  { scheme: { ...shipped, name: "10 a revoked row stays usable", revokedRowStays: true }, caughtBy: ["P3"] },
  {
    scheme: { ...shipped, name: "11 a client stores the token that a renewal carries", renewIsStored: true },
    caughtBy: ["P1"],
  },
  {
    // Refuses softly whatever is one generation back: then the parent's siblings, outrun long ago,
    // are no alarm either.
    scheme: {
      ...shipped,
      name: "12 a row that does not know the parent",
      decide: (token, row, now, policy) =>
        decideRotation(
          token,
          token.generation === row.generation - 1 ? { ...row, parentHash: token.doubleHash } : row,
          now,
          policy,
        ),
    },
    caughtBy: ["P2"],
  },
];

export function isCurrent(token: PresentedToken, row: RotationState): boolean {
  return token.generation === row.generation && token.doubleHash === row.currentHash;
}
