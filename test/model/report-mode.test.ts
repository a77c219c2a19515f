/**
 * `rotation.onReuse: "report"`: the same decisions, but reuse is renewed instead of ending the
 * session.
 */
import { describe, expect, it } from "vitest";
import { expectToFail, expectToHold } from "./expect-property.ts";
import { explore } from "./explore.ts";
import type { Scheme } from "./model.ts";
import { shipped } from "./variants.ts";

const TIMEOUT = 600_000;
const reporting: Scheme = { ...shipped, name: "settle, reuse is reported", onReuse: "report" };
const ALONE = { window: 1, sends: 5, thiefSends: 0, repeats: 2, inFlight: 3, revocations: 0 } as const;
const WITH_THIEF = { ...ALONE, sends: 3, thiefSends: 2, repeats: 0 } as const;
const STRICT = { window: 0, life: 2 } as const;

describe("reuse that is only reported", { timeout: TIMEOUT }, () => {
  it("P1 and P3: no false report and no lock-out, and nothing after a revocation", () => {
    expectToHold(reporting, { ...ALONE, revocations: 1 }, ["P1", "P3"], 5_000);
  });

  it("P3 with a thief: what is superseded yields nothing once the session is revoked", () => {
    expectToHold(reporting, { ...WITH_THIEF, revocations: 1 }, ["P3"], 10_000);
  });

  it("throws nobody out, neither victim nor thief, also where messages live too long or a window is missing", () => {
    expectToHold(reporting, WITH_THIEF, ["nobody thrown out"], 10_000);
    expectToHold(reporting, { ...ALONE, life: 3 }, ["nobody thrown out"], 10_000);
    expectToHold(reporting, { ...WITH_THIEF, ...STRICT }, ["nobody thrown out"], 1_000);
    expectToHold(reporting, { ...ALONE, ...STRICT }, ["nobody thrown out"], 1_000);
  });

  it("reports the tokens that would have ended the session", () => {
    const found = explore(reporting, { ...ALONE, ...STRICT }, ["P1"]);
    expect(found.counterexample?.at(-1)).toMatch(/^P1: "reported"/);
  });
});

describe("what reporting must not be is caught", { timeout: TIMEOUT }, () => {
  it("a mode that ends the session after all", () => {
    expectToFail(
      { ...reporting, onReuse: "revoke" },
      WITH_THIEF,
      ["nobody thrown out"],
      /an alarm has ended|gets "reuse"/,
    );
  });

  it("a mode that refuses the presenter, who may be the victim", () => {
    expectToFail({ ...reporting, onReuse: "refuse" }, WITH_THIEF, ["nobody thrown out"], /gets "refused"/);
  });

  it("a mode in which a revoked row stays usable", () => {
    const bounds = { ...WITH_THIEF, revocations: 1 };
    expectToFail({ ...reporting, revokedRowStays: true }, bounds, ["P3"], /the session had ended/);
  });
});
