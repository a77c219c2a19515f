import { describe, expect, it } from "vitest";
import { bound } from "../fixtures/bounds.ts";
import { expectToFail, expectToHold, report } from "./expect-property.ts";
import { explore } from "./explore.ts";
import type { Found } from "./explore.ts";
import { brokenVariants, noSoftRefusal, shipped, withSettle } from "./variants.ts";
import type { Check } from "./variants.ts";
import { afterFork, fewestRounds, findWalkStarts, walk } from "./walk.ts";

const TIMEOUT = 600_000;
const ALONE = { sends: 6, thiefSends: 0, repeats: 2, inFlight: 3, revocations: 0 } as const;
const WITH_THIEF = { sends: 3, thiefSends: 3, repeats: 1, inFlight: 3, revocations: 0 } as const;
const WALK = { window: 2, sends: 2, thiefSends: 2, repeats: 0, inFlight: 3, revocations: 0 } as const;
const REVOKED = { ...ALONE, window: 1, sends: 3, revocations: 1 } as const;

describe("settle, as shipped", { timeout: TIMEOUT }, () => {
  it("P1 and P3: no false alarm and no lock-out, and nothing after a revocation", () => {
    expectToHold(shipped, { ...ALONE, window: 1, revocations: 1 }, ["P1", "P3"], 20_000);
    expectToHold(shipped, { ...ALONE, window: 2 }, ["P1"], 120_000);
    expectToHold(shipped, { ...ALONE, window: 1, sends: bound(6, 8), repeats: 3, inFlight: 4 }, ["P1"], 60_000);
    expectToHold(shipped, { ...ALONE, window: 3, sends: bound(4, 5) }, ["P1"], bound(70_000, 200_000));
  });

  it("P2 and P3: an outrun party gets nothing, and raises the alarm with the first token that it presents more than W later", () => {
    const most = bound({ sends: 3, thiefSends: 2 }, { sends: 4, thiefSends: 3 });
    expectToHold(shipped, { ...WITH_THIEF, window: 1, ...most }, ["P2", "P3"], bound(70_000, 500_000));
    const thiefSends = bound(2, 3);
    expectToHold(shipped, { ...WITH_THIEF, window: 2, repeats: 0, thiefSends }, ["P2", "P3"], bound(50_000, 250_000));
    expectToHold(shipped, { ...WITH_THIEF, window: 1, sends: 2, thiefSends: 2, revocations: 1 }, ["P2", "P3"], 20_000);
  });

  it("P1, P2 and P3 with new sign-ins in the session, which carry the refresh token and raise no alarm", () => {
    const signIns = { sends: 3, signIns: 2 };
    expectToHold(shipped, { ...ALONE, ...signIns, window: 1, revocations: 1 }, ["P1", "P3"], 10_000);
    expectToHold(shipped, { ...ALONE, ...signIns, window: 2, sends: bound(3, 4) }, ["P1"], 20_000);
    const withThief = { ...WITH_THIEF, sends: 2, thiefSends: 2, signIns: 1, window: 1 };
    expectToHold(shipped, withThief, ["P2", "P3"], 20_000);
    const takesOver = { ...shipped, name: "a new sign-in takes over at once", signInTakesOver: true };
    expectToFail(takesOver, { ...ALONE, ...signIns, window: 1 }, ["P1"], /P1: /);
  });

  it("keeps the soft refusal in reserve only: P1 holds without it", () => {
    expectToHold(noSoftRefusal, { ...ALONE, window: 2, sends: bound(5, 6) }, ["P1"], bound(50_000, 120_000));
  });

  it("P2: nobody walks beside the other for more than a few rounds", () => {
    for (const window of bound([2], [2, 3])) {
      const began = performance.now();
      const starts = findWalkStarts(shipped, { ...WALK, window });
      const forked = afterFork(starts);
      expect(forked.starts.length).toBeGreaterThan(300);
      const fewest = {
        fromTheft: fewestRounds(starts, 12),
        fromTheftServed: fewestRounds(starts, 12, { counted: "served" }),
        fromFork: fewestRounds(forked, 12),
        fromForkServed: fewestRounds(forked, 12, { counted: "served" }),
        fromForkApart: fewestRounds(forked, 12, { apart: window + 1 }),
      };
      const effort = `${String(starts.starts.length)} starts, ${((performance.now() - began) / 1000).toFixed(1)} s`;
      console.log(`settle, as shipped: P2c W=${String(window)}, ${effort}, rounds ${JSON.stringify(fewest)}`);
      // Being refused with "retry" counts as a refresh, except where it says "served".
      expect(fewest).toEqual({ fromTheft: 6, fromTheftServed: 5, fromFork: 4, fromForkServed: 3, fromForkApart: 2 });
    }
  });

  it("needs a settling time of more than 2 W: 2 W fails, one tick more holds", () => {
    const bounds = { ...ALONE, window: 2, sends: 5 };
    expectToFail(
      withSettle("settling of 2 W", (w) => 2 * w),
      bounds,
      ["P1"],
    );
    expectToHold(
      withSettle("settling of 2 W and a tick", (w) => 2 * w + 1),
      bounds,
      ["P1"],
      50_000,
    );
  });
});

describe("what the rule takes for granted", { timeout: TIMEOUT }, () => {
  it("a message lives no longer than W, counted from the server's decision and with its repetitions", () => {
    expectToFail(shipped, { ...ALONE, window: 2, life: 3 }, ["P1"]);
  });

  it("servers read one clock, or the window and the settling time are widened by what their clocks differ", () => {
    const skewed = { ...ALONE, window: 2, sends: bound(4, 5), skew: 1 };
    expectToFail(shipped, skewed, ["P1"]);
    const widened = (window: number) => ({ window: window + skewed.skew, settle: 3 * window + skewed.skew });
    expectToHold(
      { ...shipped, name: "settle, widened by the skew", policy: widened },
      skewed,
      ["P1"],
      bound(50_000, 100_000),
    );
  });
});

describe("broken variants are caught", { timeout: TIMEOUT }, () => {
  const CHECKS = ["P1", "P2", "P2c", "P3"] as const;
  const control = { scheme: shipped, caughtBy: [], looked: CHECKS };
  // The gate needs that a variant is caught; the proof also searches where it is not.
  const broken = brokenVariants.map((variant) => ({ ...variant, looked: bound(variant.caughtBy, CHECKS) }));
  const rows = [control, ...broken].map((variant) => ({ ...variant, name: variant.scheme.name }));

  it.each(rows)("$name", ({ scheme, caughtBy, looked }) => {
    const alone = { ...ALONE, window: 1, sends: 5 };
    const withThief = { ...WITH_THIEF, window: 1, thiefSends: 2, repeats: 0 };
    const checks: Record<Check, () => Found> = {
      P1: () => report(scheme, alone, "P1", explore(scheme, alone, ["P1"])),
      P2: () => report(scheme, withThief, "P2", explore(scheme, withThief, ["P2"])),
      P2c: () => report(scheme, WALK, "P2c", walk(findWalkStarts(scheme, WALK), { rounds: 6, counted: "served" })),
      P3: () => report(scheme, REVOKED, "P3", explore(scheme, REVOKED, ["P3"])),
    };
    const caught: Check[] = [];
    for (const check of looked) {
      const { counterexample } = checks[check]();
      if (counterexample === null) continue;
      caught.push(check);
      console.log(`  ${counterexample.join("\n  ")}`);
    }
    expect(caught).toEqual(caughtBy);
  });
});
