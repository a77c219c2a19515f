/**
 * Random schedules. Times come on many scales at once, from moments within a millisecond to days,
 * and lengths up to a hundred.
 */
import fc from "fast-check";
import type { Delivery, Moment, Schedule, Sending } from "./network.ts";

export interface Network {
  /** W in whole ms. */
  readonly window: number;
  /** How long a message really lives at most, in whole ms. Default W. */
  readonly life?: number;
  /** Times are multiples of a quarter of W, so that much falls on one moment. */
  readonly coarse?: boolean;
  /** Greatest number of sendings of a party. Default 100. */
  readonly longest?: number;
}

/** What the times of one run are like: of every scale, or mostly around the bounds of the rule. */
type Pace = "any" | "steady";

const ACCESS_LIFE = 15 * 60;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** `scale` times k/1024: sums of such times are exact, and they shrink towards nothing. */
const upTo = (scale: number, steps = 1024): fc.Arbitrary<number> => multiples(scale / 1024, steps);

const multiples = (unit: number, most: number): fc.Arbitrary<number> =>
  fc.integer({ min: 0, max: most }).map((count) => count * unit);

const NOTHING = fc.constant(0);

const option = <T>(weight: number, arbitrary: fc.Arbitrary<T>): fc.WeightedArbitrary<T> => ({ weight, arbitrary });

function gaps({ window, coarse = false }: Network, pace: Pace): fc.Arbitrary<number> {
  const few = option(2, NOTHING);
  const oneOf = (...options: fc.WeightedArbitrary<number>[]): fc.Arbitrary<number> =>
    fc.oneof({ withCrossShrink: true }, few, ...options);
  if (coarse && pace === "steady") return oneOf(option(4, multiples(window, 5)));
  if (coarse)
    return oneOf(option(2, NOTHING), option(3, multiples(window / 4, 4)), option(2, multiples(window / 4, 24)));
  const moment = option(2, upTo(1, 4096));
  const bound = option(2, multiples(window, 4));
  if (pace === "steady") return oneOf(moment, bound, option(6, upTo(window, 6 * 1024)));
  const scales = [
    option(4, upTo(window)),
    option(3, upTo(window, 6 * 1024)),
    option(2, multiples(1000, 2 * ACCESS_LIFE)),
  ];
  return oneOf(moment, bound, ...scales, option(1, multiples(HOUR, 48)));
}

function latencies({ window, life = window, coarse = false }: Network): fc.Arbitrary<number> {
  if (coarse) return fc.oneof(option(2, NOTHING), option(3, multiples(life / 4, 4)));
  return fc.oneof(
    { withCrossShrink: true },
    option(2, NOTHING),
    option(2, upTo(Math.min(1, life))),
    option(2, upTo(life, 64)),
    option(4, upTo(life)),
    option(1, fc.constant(life)),
  );
}

function sendingsOf(network: Network, pace: Pace): fc.Arbitrary<Sending> {
  const after = latencies(network);
  const delivery: fc.Arbitrary<Delivery> = fc.record({ after, answerAfter: fc.option(after, { nil: null, freq: 5 }) });
  const once = fc.array(delivery, { minLength: 1, maxLength: 1 });
  const deliveries = fc.oneof(option(3, once), option(1, fc.array(delivery, { maxLength: 3 })));
  return fc.record({ gap: gaps(network, pace), older: NOTHING, deliveries });
}

/** Of the tokens that the thief holds mostly the youngest, or the very first. */
const choosing = (sending: fc.Arbitrary<Sending>): fc.Arbitrary<Sending> => {
  const choice = fc.oneof(option(6, NOTHING), option(1, fc.nat(5)), option(2, fc.constant(Number.MAX_SAFE_INTEGER)));
  return fc.tuple(sending, choice).map(([of, older]) => ({ ...of, older }));
};

const manyOf = ({ longest = 100 }: Network, sending: fc.Arbitrary<Sending>): fc.Arbitrary<Sending[]> =>
  fc.array(sending, { maxLength: longest, size: "max" });

const moments = (network: Network, pace: Pace, last = network.longest ?? 100): fc.Arbitrary<Moment> =>
  fc.record({ sendings: fc.nat(last), gap: gaps(network, pace) });

const ofAnyPace = (make: (pace: Pace) => fc.Arbitrary<Schedule>): fc.Arbitrary<Schedule> =>
  fc.oneof(make("any"), make("steady"));

/** Ends with a few refreshes, at once or after long. */
export const honestSchedules = (network: Network): fc.Arbitrary<Schedule> =>
  ofAnyPace((pace) => {
    // In parallel no run is so long that keys rotate in it: unseen-key.test.ts tells why.
    const long = network.coarse ? 6 * network.window : 90 * DAY;
    const waits = fc.oneof(option(3, gaps(network, pace)), option(1, fc.constant(long)));
    return fc.record({
      victim: manyOf(network, sendingsOf(network, pace)),
      waits: fc.array(waits, { minLength: 1, maxLength: 4 }),
      updates: fc.array(moments(network, pace), { maxLength: network.coarse ? 20 : 0 }),
    });
  });

/** Nothing is lost, nothing is repeated, and the client has its answer before it sends again. */
export const perfectSchedules = (network: Network): fc.Arbitrary<Schedule> =>
  ofAnyPace((pace) => {
    const latency = latencies(network);
    const exchange = fc.record({ extra: gaps(network, pace), after: latency, answerAfter: latency });
    return fc.record({
      victim: fc.array(exchange, { maxLength: network.longest ?? 100, size: "max" }).map((exchanges) => {
        let busy = 0;
        return exchanges.map(({ extra, after, answerAfter }): Sending => {
          const gap = busy + 1 / 1024 + extra;
          busy = after + answerAfter;
          return { gap, older: 0, deliveries: [{ after, answerAfter }] };
        });
      }),
      waits: fc.array(gaps(network, pace), { minLength: 1, maxLength: 4 }),
      updates: fc.array(moments(network, pace), { maxLength: 20 }),
    });
  });

/** A thief copies the jar and goes its own way. */
export const stolenSchedules = (network: Network): fc.Arbitrary<Schedule> =>
  ofAnyPace((pace) => {
    const sending = sendingsOf(network, pace);
    return fc.record({
      victim: manyOf(network, sending),
      theft: moments(network, pace, (network.longest ?? 100) / 5),
      thief: manyOf(network, choosing(sending)),
    });
  });

/**
 * After a theft both go on in the end without loss. The victim refreshes more than 4 W after its
 * time before, so that the server sees its requests more than 3 W apart; of that only the latter is
 * kept, as in the model check. The thief does the same, or comes as often as it likes.
 */
export function endedSchedules(network: Network, rounds: number): fc.Arbitrary<Schedule> {
  const { window } = network;
  const extra = fc.oneof(multiples(window / 4, 24), upTo(1), upTo(window, 8 * 1024));
  const onwards = (least: number): fc.Arbitrary<Sending> =>
    fc.record({ extra, answerAfter: latencies(network) }).map((of) => {
      return { gap: least + of.extra, older: 0, deliveries: [{ after: 0, answerAfter: of.answerAfter }] };
    });
  const apart = onwards(3 * window + 1 / 1024);
  const some = { minLength: 1, maxLength: 8 };
  const ending = fc.record({
    rounds: fc.constant(rounds),
    firstAfter: fc.record({ victim: extra, thief: extra }),
    victim: fc.array(apart, some),
    thief: fc.oneof(fc.array(choosing(apart), some), fc.array(choosing(onwards(window / 4)), some)),
  });
  return ofAnyPace((pace) => {
    const sending = sendingsOf(network, pace);
    return fc.record({
      victim: fc.array(sending, { maxLength: 12 }),
      theft: moments(network, pace, 12),
      thief: fc.array(choosing(sending), { maxLength: 4 }),
      ending,
    });
  });
}

/**
 * The session is revoked at some moment; there may be a thief, and the app changes data and claims.
 */
export const revokedSchedules = (network: Network): fc.Arbitrary<Schedule> =>
  ofAnyPace((pace) => {
    const sending = sendingsOf(network, pace);
    const parts = {
      victim: manyOf(network, sending),
      revocation: moments(network, pace),
      updates: fc.array(moments(network, pace), { maxLength: 20 }),
      theft: moments(network, pace),
      thief: manyOf(network, choosing(sending)),
      waits: fc.constant([0, 6 * network.window]),
    };
    return fc.record(parts, { requiredKeys: ["victim", "revocation", "waits"] });
  });
