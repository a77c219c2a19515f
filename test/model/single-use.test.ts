/** The policy W = 0, strict single use, is a rule of its own and is checked as one. */
import { describe, expect, it } from "vitest";
import { bound } from "../fixtures/bounds.ts";
import { expectToFail, expectToHold, report } from "./expect-property.ts";
import { explore } from "./explore.ts";
import type { Property } from "./explore.ts";
import type { Bounds } from "./model.ts";
import type { StrictCheck } from "./strict-variants.ts";
import { strictVariants } from "./strict-variants.ts";
import { shipped } from "./variants.ts";
import { fewestRounds, findWalkStarts } from "./walk.ts";

const TIMEOUT = 600_000;
/** Messages live for two ticks; nothing in the rule is as long as that. */
const STRICT = { window: 0, life: 2, inFlight: 3, revocations: 0 } as const;
const ALONE = { ...STRICT, sends: 6, thiefSends: 0, repeats: 2 } as const;
const WITH_THIEF = { ...STRICT, sends: 3, thiefSends: bound(2, 3), repeats: bound(0, 1) };
/** Neither loss nor repetition nor overlap. */
const PERFECT = { ...ALONE, sends: 12, repeats: 0, oneAtATime: true, lossless: true } as const;

describe("W = 0, strict single use, as shipped", { timeout: TIMEOUT }, () => {
  it("no token is used twice with success, whatever the network, the tabs, the clocks and a thief do", () => {
    expectToHold(shipped, { ...ALONE, revocations: 1 }, ["single use", "P3"], 1_000);
    expectToHold(shipped, { ...ALONE, skew: 1 }, ["single use"], 1_000);
    expectToHold(shipped, WITH_THIEF, ["single use", "P3"], bound(5_000, 10_000));
  });

  it("P2 and P3: an outrun party gets nothing, and raises the alarm at once", () => {
    expectToHold(shipped, { ...WITH_THIEF, sends: 4 }, ["P2", "P3"], bound(5_000, 10_000));
    expectToHold(shipped, { ...WITH_THIEF, revocations: 1 }, ["P2", "P3"], bound(5_000, 10_000));
    expectToHold(shipped, { ...WITH_THIEF, skew: 1 }, ["P2", "P3"], bound(5_000, 10_000));
  });

  it("P2: nobody walks beside the other for a single round", () => {
    const starts = findWalkStarts(shipped, { ...STRICT, sends: 2, thiefSends: 2, repeats: 0 });
    expect(fewestRounds(starts, 12)).toBe(1);
  });

  it("P1 holds for a client whose messages all arrive, once, one after another", () => {
    expectToHold(shipped, PERFECT, ["P1"], 100);
    expectToHold(shipped, { ...PERFECT, skew: 1, revocations: 1 }, ["P1", "P3"], 100);
  });

  it("P1 fails with loss alone", () => {
    expectToFail(shipped, { ...PERFECT, lossless: false }, ["P1"], /^P1: .*"reuse"/);
  });

  it("P1 fails with repetition alone", () => {
    expectToFail(shipped, { ...PERFECT, repeats: 1 }, ["P1"], /^P1: .*"reuse"/);
  });

  it("P1 fails with overlap alone", () => {
    expectToFail(shipped, { ...PERFECT, oneAtATime: false }, ["P1"], /^P1: .*"reuse"/);
  });
});

describe("broken variants of strict single use are caught", { timeout: TIMEOUT }, () => {
  const CHECKS = ["single use", "P1", "P2", "P3"] as const;
  const control = { scheme: shipped, caughtBy: [], looked: CHECKS };
  // The gate needs that a variant is caught; the proof also searches where it is not.
  const broken = strictVariants.map((variant) => ({ ...variant, looked: bound(variant.caughtBy, CHECKS) }));
  const rows = [control, ...broken].map((variant) => ({ ...variant, name: variant.scheme.name }));
  const small = { ...WITH_THIEF, thiefSends: 2, repeats: 0 };
  const checks: Record<StrictCheck, readonly [Bounds, Property]> = {
    "single use": [small, "single use"],
    P1: [PERFECT, "P1"],
    P2: [small, "P2"],
    P3: [{ ...ALONE, revocations: 1 }, "P3"],
  };

  it.each(rows)("$name", ({ scheme, caughtBy, looked }) => {
    const caught: string[] = [];
    for (const check of looked) {
      const [bounds, property] = checks[check];
      const { counterexample } = report(scheme, bounds, check, explore(scheme, bounds, [property]));
      if (counterexample === null) continue;
      caught.push(check);
      console.log(`  ${counterexample.join("\n  ")}`);
    }
    expect(caught).toEqual(caughtBy);
  });
});
