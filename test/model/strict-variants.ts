/** Deliberate mistakes in the rule for W = 0, strict single use. */
import { decideRotation } from "../../src/lib/session/rotation.ts";
import type { RotationDecision } from "../../src/lib/session/rotation.ts";
import type { Scheme } from "./model.ts";
import { isCurrent, shipped } from "./variants.ts";

export type StrictCheck = "single use" | "P1" | "P2" | "P3";

export interface StrictVariant {
  readonly scheme: Scheme;
  /** Every check that it fails. */
  readonly caughtBy: readonly StrictCheck[];
}

/**
 * The rule of all other windows with a window of no whole tick, which has the same effect as none.
 */
const settling = { window: 0.5, settle: 0 };

const variant = (
  name: string,
  caughtBy: readonly StrictCheck[],
  decide: Scheme["decide"],
  more: Partial<Scheme> = {},
): StrictVariant => ({ scheme: { ...shipped, name, decide, ...more }, caughtBy });

const withoutNote = (decision: RotationDecision): RotationDecision =>
  decision.outcome === "confirm" ? { ...decision, next: { ...decision.next, childMintedAt: null } } : decision;

export const strictVariants: readonly StrictVariant[] = [
  variant("1 a parent is good until a child of it is seen", ["single use"], (token, row, now) =>
    decideRotation(token, row, now, settling),
  ),
  variant("2 a parent is good for the rest of its tick", ["single use"], (token, row, now, policy) =>
    isCurrent(token, row) && row.childMintedAt === now
      ? { outcome: "mint", next: row }
      : decideRotation(token, row, now, policy),
  ),
  variant("3 a parent gets an access token only", ["single use"], (token, row, now, policy) =>
    isCurrent(token, row) && row.childMintedAt !== null
      ? { outcome: "renew", next: row }
      : decideRotation(token, row, now, policy),
  ),
  variant("4 a child is not confirmed in the tick of its birth", ["single use"], (token, row, now, policy) => {
    const decision = decideRotation(token, row, now, policy);
    return decision.outcome === "confirm" && row.childMintedAt === now ? { outcome: "renew", next: row } : decision;
  }),
  variant("5 a confirmation does not note the child that it hands out", ["single use"], (token, row, now, policy) =>
    withoutNote(decideRotation(token, row, now, policy)),
  ),
  variant("6 a superseded token is refused softly, for ever", ["P2"], (token, row, now, policy) => {
    const decision = decideRotation(token, row, now, policy);
    return decision.outcome === "reuse" && !isCurrent(token, row) ? { outcome: "retry" } : decision;
  }),
  variant("7 a spent token is refused softly for the rest of its tick", ["P2"], (token, row, now, policy) => {
    const decision = decideRotation(token, row, now, policy);
    return decision.outcome === "reuse" && row.childMintedAt === now ? { outcome: "retry" } : decision;
  }),
  variant("8 a child is refused", ["P1"], (token, row, now, policy) => {
    const decision = decideRotation(token, row, now, policy);
    return decision.outcome === "confirm" ? { outcome: "reuse" } : decision;
  }),
  variant("9 a revoked row stays usable", ["P3"], decideRotation, { revokedRowStays: true }),
];
