/**
 * How long a thief with one copy of a refresh token is served beside the victim, whatever the thief
 * does.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { rotationPolicy } from "../../src/lib/session/rotation.ts";
import { bound } from "../fixtures/bounds.ts";
import { MINUTE, SECOND } from "../fixtures/constants.ts";
import { holdsFor } from "./sampling.ts";
import { type End, steal, type Theft } from "./stolen-session.ts";

const LIFE = 15 * MINUTE;
const MOST_LIVES = 3;
const MOST_REFRESHES = 3;

/** When the thief comes, from two numbers of the sample below 1. */
const WAITS: Readonly<Record<string, (chance: number, pace: number) => Theft["wait"]>> = {
  "every half second to a life": (_, pace) => () => Math.round(SECOND / 2 + pace * pace * LIFE),
  "just before the victim": (_, pace) => (now, victimAt) => nextBefore(now, victimAt, Math.round(pace * 40 * SECOND)),
  "just after the victim": (_, pace) => (now, victimAt) => victimAt - now + Math.round(pace * 40 * SECOND) + 1,
  "as often as the victim, and a little apart": (_, pace) => () => LIFE + Math.round((pace - 0.5) * MINUTE),
  "at any time": (chance) => () => Math.round(chance * LIFE),
};
const nextBefore = (now: number, victimAt: number, early: number): number =>
  (victimAt - early > now ? victimAt : victimAt + LIFE) - early - now;

/** Which token the thief presents, of so many and by a number below 1. */
const CHOICES: Readonly<Record<string, (held: number, chance: number) => number>> = {
  "the stolen one": () => 0,
  "the youngest": (held) => held - 1,
  "the stolen one or the youngest": (held, chance) => (chance < 0.5 ? 0 : held - 1),
  "one of the two youngest": (held, chance) => Math.max(0, held - (chance < 0.5 ? 1 : 2)),
  "any of them": (held, chance) => Math.floor(chance * held),
};

const below1 = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const plans = fc.record({
  window: fc.constantFrom(SECOND, 10 * SECOND, 30 * SECOND),
  before: fc.nat(4),
  copiedAfter: below1.map((part) => Math.round(part * LIFE)),
  when: fc.constantFrom(...Object.keys(WAITS)),
  what: fc.constantFrom(...Object.keys(CHOICES)),
  pace: below1,
  // The thief's dice, thrown in turn and from the start again.
  dice: fc.array(below1, { minLength: 1, maxLength: 40 }),
});

function run({
  window,
  before,
  copiedAfter,
  when,
  what,
  pace,
  dice,
}: typeof plans extends fc.Arbitrary<infer Plan> ? Plan : never): End {
  let thrown = 0;
  const roll = (): number => dice[(thrown += 1) % dice.length] ?? 0;
  return steal({
    life: LIFE,
    policy: rotationPolicy(window),
    before,
    copiedAfter,
    wait: (now, victimAt) => WAITS[when]?.(roll(), pace)(now, victimAt) ?? LIFE,
    choose: (held) => CHOICES[what]?.(held, roll()) ?? 0,
  });
}

test(`at most ${MOST_LIVES} access-token lives and ${MOST_REFRESHES} refreshes of the victim`, async () => {
  const ends = new Map<End["by"], number>();
  let most = 0;
  await holdsFor("a thief with one copy", bound(2000, 60_000), plans, (plan) => {
    const end = run(plan);
    ends.set(end.by, (ends.get(end.by) ?? 0) + 1);
    most = Math.max(most, end.lives);
    expect(end.by).not.toBe("ahead");
    expect(end.lives).toBeLessThanOrEqual(MOST_LIVES);
    expect(end.refreshes).toBeLessThanOrEqual(MOST_REFRESHES);
  });
  console.log(`longest: ${most.toFixed(3)} lives; ended by ${JSON.stringify(Object.fromEntries(ends))}`);
  expect(ends.get("reuse")).toBeGreaterThan(bound(1000, 20_000));
});
