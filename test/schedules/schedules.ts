/** Random schedules. Times come on many scales at once, from moments within a millisecond to days, and lengths up to a hundred. */
import fc from "fast-check";
import type { Delivery, Moment, Schedule, Sending } from "./network.ts";

export interface Network {
  /** W in whole ms. */
  readonly window: number;
  /** How long a message really lives at most, in whole ms. Default W. */
  readonly life?: number;
  /** Times are multiples of a quarter of W, so that much falls on one moment. */
  readonly coarse?: boolean;
}

const LONGEST = 100;
const ACCESS_LIFE_SECONDS = 15 * 60;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** `scale` times k/1024: sums of such times are exact, and they shrink towards nothing. */
const upTo = (scale: number, steps = 1024): fc.Arbitrary<number> =>
  fc.integer({ min: 0, max: steps }).map((k) => (k * scale) / 1024);

function gaps({ window, coarse }: Network): fc.Arbitrary<number> {
  if (coarse)
    return fc.oneof(option(6, fc.constant(0)), option(4, quarters(window, 4)), option(1, quarters(window, 24)));
  return fc.oneof(
    { withCrossShrink: true },
    option(2, fc.constant(0)),
    option(2, upTo(1, 4096)),
    option(4, upTo(window)),
    option(
      2,
      fc.constantFrom(1, 2, 3, 4).map((windows) => windows * window),
    ),
    option(3, upTo(window, 6 * 1024)),
    option(
      2,
      fc.integer({ min: 0, max: 2 * ACCESS_LIFE_SECONDS }).map((seconds) => seconds * 1000),
    ),
    option(
      1,
      fc.integer({ min: 0, max: 48 }).map((hours) => hours * HOUR),
    ),
  );
}

function latencies({ window, life = window, coarse }: Network): fc.Arbitrary<number> {
  if (coarse) return fc.oneof(option(2, fc.constant(0)), option(3, quarters(life, 4)));
  return fc.oneof(
    { withCrossShrink: true },
    option(2, fc.constant(0)),
    option(2, upTo(Math.min(1, life))),
    option(2, upTo(life / 16)),
    option(4, upTo(life)),
    option(1, fc.constant(life)),
  );
}

const quarters = (window: number, most: number): fc.Arbitrary<number> =>
  fc.integer({ min: 0, max: most }).map((k) => (k * window) / 4);

const option = <T>(weight: number, arbitrary: fc.Arbitrary<T>): fc.WeightedArbitrary<T> => ({ weight, arbitrary });

function sendingsOf(network: Network): fc.Arbitrary<Sending> {
  const after = latencies(network);
  const delivery: fc.Arbitrary<Delivery> = fc.record({
    after,
    answerAfter: fc.option(after, { nil: null, freq: 5 }),
  });
  const deliveries = fc.oneof(
    option(3, fc.array(delivery, { minLength: 1, maxLength: 1 })),
    option(1, fc.array(delivery, { maxLength: 3 })),
  );
  return fc.record({ gap: gaps(network), older: fc.constant(0), deliveries });
}

const choosing = (sending: fc.Arbitrary<Sending>): fc.Arbitrary<Sending> =>
  fc.tuple(sending, fc.oneof(option(4, fc.constant(0)), option(1, fc.nat(5)))).map(([of, older]) => ({ ...of, older }));

const manyOf = (sending: fc.Arbitrary<Sending>): fc.Arbitrary<Sending[]> =>
  fc.array(sending, { maxLength: LONGEST, size: "max" });

const moments = (network: Network): fc.Arbitrary<Moment> =>
  fc.record({ sendings: fc.nat(LONGEST), gap: gaps(network) });

/** Ends with a few refreshes, at once or after long. */
export const honestSchedules = (network: Network): fc.Arbitrary<Schedule> =>
  fc.record({
    victim: manyOf(sendingsOf(network)),
    waits: fc.array(fc.oneof(option(3, gaps(network)), option(1, fc.constant(90 * DAY))), {
      minLength: 1,
      maxLength: 4,
    }),
  });

/** A thief copies the jar and goes its own way. */
export const stolenSchedules = (network: Network): fc.Arbitrary<Schedule> =>
  fc.record({
    victim: manyOf(sendingsOf(network)),
    theft: fc.record({ sendings: fc.nat(LONGEST / 4), gap: gaps(network) }),
    thief: manyOf(choosing(sendingsOf(network))),
  });

/**
 * After a theft both go on in the end without loss, each more than 4 W after its time before, so that the server sees them more than
 * 3 W apart. Of that only the latter is kept, as in the model check.
 */
export function endedSchedules(network: Network, rounds: number): fc.Arbitrary<Schedule> {
  const { window } = network;
  const extra = fc.oneof(quarters(window, 24), upTo(1), upTo(window, 8 * 1024));
  const steady = fc.record({ extra, answerAfter: latencies(network) }).map((of): Sending => {
    // The least time beyond 3 W.
    const gap = 3 * window + 1 / 1024 + of.extra;
    return { gap, older: 0, deliveries: [{ after: 0, answerAfter: of.answerAfter }] };
  });
  const some = (sending: fc.Arbitrary<Sending>): fc.Arbitrary<Sending[]> =>
    fc.array(sending, { minLength: 1, maxLength: 8 });
  return fc.record({
    victim: fc.array(sendingsOf(network), { maxLength: 12 }),
    theft: fc.record({ sendings: fc.nat(12), gap: gaps(network) }),
    thief: fc.array(choosing(sendingsOf(network)), { maxLength: 4 }),
    ending: fc.record({
      rounds: fc.constant(rounds),
      firstAfter: fc.record({ victim: extra, thief: extra }),
      victim: some(steady),
      thief: some(choosing(steady)),
    }),
  });
}

/** The session is revoked at some moment; there may be a thief, and the app changes data and claims. */
export const revokedSchedules = (network: Network): fc.Arbitrary<Schedule> =>
  fc.record(
    {
      victim: manyOf(sendingsOf(network)),
      theft: moments(network),
      thief: manyOf(choosing(sendingsOf(network))),
      revocation: moments(network),
      updates: fc.array(moments(network), { maxLength: 20 }),
    },
    { requiredKeys: ["victim", "revocation"] },
  );
