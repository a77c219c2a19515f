/**
 * The session protocol in random long schedules with continuous time, through the real library on a
 * real SQLite database; the counterpart of the exhaustive search in test/model. `SCHEDULE_SEED`
 * chooses other schedules, `SCHEDULE_RUNS` multiplies their number.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { bound, isProof } from "../fixtures/bounds.ts";
import { counting, forgetful, lastWriteWins, resurrecting } from "./wrapped-stores.ts";
import { openLibrary, type Library } from "./library.ts";
import { simulate, type Run, type Schedule, type Sending, type SimulationOptions } from "./network.ts";
import {
  endedSchedules,
  honestSchedules,
  perfectSchedules,
  revokedSchedules,
  stolenSchedules,
  type Network,
} from "./schedules.ts";
import {
  judgeAlarm,
  judgeContained,
  judgeEnded,
  judgeHonest,
  judgeReported,
  judgeSingleUse,
  MOST_ROUNDS,
  tell,
} from "./verdicts.ts";

const SEED = Number(process.env["SCHEDULE_SEED"] ?? 20_260_101);
const RUNS = bound(0.1, 1) * Number(process.env["SCHEDULE_RUNS"] ?? 1);
const W = 10_000;
const TIMEOUT = 600_000;

interface Property {
  readonly library: Library;
  readonly schedules: fc.Arbitrary<Schedule>;
  readonly judge: (run: Run, library: Library) => string | null | Promise<string | null>;
  readonly options?: SimulationOptions;
}

const folder = mkdtempSync(join(tmpdir(), "counterfoil-schedules-"));
const opened: Library[] = [];
let files = 0;

afterAll(async () => {
  for (const library of opened) await library.close();
  rmSync(folder, { recursive: true });
});

function open(...options: Parameters<typeof openLibrary>): Library {
  const library = openLibrary(...options);
  opened.push(library);
  return library;
}

const file = (): string => join(folder, `${++files}.db`);

/** Runs a property and says in one line what it cost. */
async function check(
  name: string,
  parameters: fc.Parameters<[Schedule]>,
  property: Property,
): Promise<fc.RunDetails<[Schedule]>> {
  const { library, schedules, judge, options } = property;
  const began = performance.now();
  let done = 0;
  const details = await fc.check(
    fc.asyncProperty(schedules, async (schedule) => {
      done += 1;
      library.beginRun();
      const run = await simulate(library, schedule, options);
      const fault = await judge(run, library);
      if (fault !== null) throw new Error(`${fault}\n${tell(run)}`);
    }),
    { seed: SEED, ...parameters },
  );
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  const found = details.failed ? `; false at run ${details.numRuns}, any more are shrinking` : "";
  console.log(`${name}: ${done} runs, ${library.refreshes()} refreshes, ${seconds} s (seed ${SEED}${found})`);
  return details;
}

async function holds(name: string, runs: number, property: Property): Promise<void> {
  const details = await check(name, { numRuns: Math.ceil(runs * RUNS) }, property);
  if (details.failed) throw new Error(fc.defaultReportMessage(details), { cause: details.errorInstance });
}

/**
 * The property is found to be false, for this reason; `npm run proof` looks for a short schedule,
 * too.
 */
async function isFalse(name: string, reason: RegExp, property: Property): Promise<void> {
  const judge: Property["judge"] = async (run, library) => {
    const fault = await property.judge(run, library);
    return fault !== null && reason.test(fault) ? fault : null;
  };
  const details = await check(name, { numRuns: 20_000, endOnFailure: !isProof }, { ...property, judge });
  expect(details.failed).toBe(true);
  if (!isProof) return;
  const [{ victim, thief = [] }] = details.counterexample ?? [{ victim: [] }];
  expect(victim.length + thief.length).toBeLessThanOrEqual(12);
}

/** Seconds after the time before, and which of its tokens the thief presents. */
const steady = (seconds: number, older = 0): Sending => ({
  gap: seconds * 1000,
  older,
  deliveries: [{ after: 0, answerAfter: 0 }],
});

/**
 * With W = 10 s: the thief holds off every confirmation but its own, and the victim comes within W
 * of it.
 */
const WORST: Schedule = {
  victim: [steady(0)],
  theft: { sendings: 1, gap: 1 },
  thief: [],
  ending: {
    rounds: MOST_ROUNDS,
    firstAfter: { victim: 0, thief: 10_000 },
    victim: [steady(35)],
    thief: [steady(0), steady(35), steady(35, 1), steady(50), steady(35)],
  },
};

const contained = (run: Run, { window }: Library): string | null => judgeContained(run, window);

const final = async ({ log, handle }: Run, library: Library): Promise<string | null> =>
  judgeEnded(log) ?? ((await library.exists(handle)) ? "the row came back" : null);

describe("P1, an honest client: no false alarm, no lock-out", () => {
  test("with the default window", { timeout: TIMEOUT }, async () => {
    const property = { library: open(), schedules: honestSchedules({ window: W }), judge: judgeHonest };
    await holds("honest client, W = 10 s", 1000, property);
  });

  test.for([1, 100, 1000, 300_000])("with a window of %i ms", { timeout: TIMEOUT }, async (window) => {
    const property = { library: open({ window }), schedules: honestSchedules({ window }), judge: judgeHonest };
    await holds(`honest client, W = ${window} ms`, 150, property);
  });

  test("on two servers whose clocks differ, when the window covers the difference", { timeout: TIMEOUT }, async () => {
    const library = open({ window: W + 60_000, clocks: [0, 60_000], path: file() });
    const property = { library, schedules: honestSchedules({ window: W }), judge: judgeHonest };
    await holds("honest client, two servers 60 s apart, W = 70 s", 150, property);
  });

  test(
    "on servers whose clocks differ by more than the window, on the clock of the store",
    { timeout: TIMEOUT },
    async () => {
      const library = open({ clocks: [0, 60_000, -60_000], path: file(), storeClock: true });
      const property = { library, schedules: honestSchedules({ window: W }), judge: judgeHonest };
      await holds("honest client, three servers 60 s apart, the store's clock, W = 10 s", 300, property);
    },
  );
});

describe("P2, a thief and the victim: containment", () => {
  test("on servers whose clocks differ, on the clock of the store", { timeout: TIMEOUT }, async () => {
    const library = open({ clocks: [0, 60_000, -60_000], path: file(), storeClock: true });
    const property = { library, schedules: stolenSchedules({ window: W }), judge: contained };
    await holds("thief, three servers 60 s apart, the store's clock, W = 10 s", 300, property);
  });

  test("who is outrun gets no token again, and the alarm rings", { timeout: TIMEOUT }, async () => {
    const property = { library: open(), schedules: stolenSchedules({ window: W }), judge: contained };
    await holds("thief, W = 10 s", 1000, property);
  });

  test.for([100, 60_000])("the same with a window of %i ms", { timeout: TIMEOUT }, async (window) => {
    const property = { library: open({ window }), schedules: stolenSchedules({ window }), judge: contained };
    await holds(`thief, W = ${window} ms`, 150, property);
  });

  test(`the alarm rings within ${MOST_ROUNDS} rounds`, { timeout: TIMEOUT }, async () => {
    let most = 0;
    const judge = (run: Run): string | null => {
      most = Math.max(most, run.rounds + 1);
      return judgeAlarm(run) ?? judgeContained(run, W);
    };
    const property = { library: open(), schedules: endedSchedules({ window: W }, MOST_ROUNDS), judge };
    await holds("thief and victim go on without loss", 1200, property);
    console.log(`the latest alarm rang in round ${most} of at most ${MOST_ROUNDS}`);
  });

  test("the worst that the model check found takes all of them", async () => {
    const library = open();
    library.beginRun();
    const run = await simulate(library, WORST);
    expect([judgeAlarm(run), run.rounds + 1], tell(run)).toEqual([null, MOST_ROUNDS]);
  });
});

describe("P3, revocation is final", () => {
  test("nothing that starts later yields a token, and no row comes back", { timeout: TIMEOUT }, async () => {
    const property = { library: open(), schedules: revokedSchedules({ window: W }), judge: final };
    await holds("revocation", 500, property);
  });
});

describe("all of them with refreshes in parallel, on four instances over one file", () => {
  const network = { window: W, coarse: true };
  const options = { together: true };
  let lost = 0;
  const openFile = (): Library => open({ path: file(), clocks: [0, 0, 0, 0], spoil: counting(() => (lost += 1)) });

  test("P1", { timeout: TIMEOUT }, async () => {
    const property = { library: openFile(), schedules: honestSchedules(network), judge: judgeHonest, options };
    await holds("in parallel, honest client", 250, property);
  });

  test("P2", { timeout: TIMEOUT }, async () => {
    const property = { library: openFile(), schedules: stolenSchedules(network), judge: contained, options };
    await holds("in parallel, thief", 250, property);
  });

  test("P3", { timeout: TIMEOUT }, async () => {
    const property = { library: openFile(), schedules: revokedSchedules(network), judge: final, options };
    await holds("in parallel, revocation", 250, property);
  });

  test("races were lost and decided again", () => {
    console.log(`in parallel: ${lost} races were lost`);
    expect(lost).toBeGreaterThan(bound(25, 100));
  });
});

describe("reuse that is only reported", () => {
  test("P1", { timeout: TIMEOUT }, async () => {
    const library = open({ onReuse: "report" });
    await holds("report, honest client", 150, {
      library,
      schedules: honestSchedules({ window: W }),
      judge: judgeHonest,
    });
  });

  test.for([W, 0])("throws nobody out, with a window of %i ms", { timeout: TIMEOUT }, async (window) => {
    const schedules = stolenSchedules({ window: W });
    await holds(`report, thief, W = ${window} ms`, 200, {
      library: open({ window, onReuse: "report" }),
      schedules,
      judge: judgeReported,
    });
  });

  test("P3, also in parallel", { timeout: TIMEOUT }, async () => {
    const one = { library: open({ onReuse: "report" }), schedules: revokedSchedules({ window: W }), judge: final };
    await holds("report, revocation", 150, one);
    const library = open({ onReuse: "report", clocks: [0, 0, 0, 0], path: file() });
    const schedules = revokedSchedules({ window: W, coarse: true });
    await holds("report, in parallel", 100, { library, schedules, judge: final, options: { together: true } });
  });
});

describe("W = 0, strict single use", () => {
  const network: Network = { window: W };
  const coarse: Network = { window: W, coarse: true };
  const rivals = { window: 0, clocks: [0, 0, 0, 0] };

  test("P1, when nothing is lost, nothing is repeated and nothing overlaps", { timeout: TIMEOUT }, async () => {
    const judge = (run: Run): string | null => judgeHonest(run) ?? judgeSingleUse(run);
    const property = { library: open({ window: 0 }), schedules: perfectSchedules(network), judge };
    await holds("perfect network, W = 0", 150, property);
  });

  test("P2, and no token is used twice, with a thief or without", { timeout: TIMEOUT }, async () => {
    const schedules = fc.oneof(honestSchedules(network), stolenSchedules(network));
    await holds("W = 0", 300, { library: open({ window: 0 }), schedules, judge: judgeSingleUse });
  });

  test("the same in parallel, on four instances over one file", { timeout: TIMEOUT }, async () => {
    const schedules = fc.oneof(honestSchedules(coarse), stolenSchedules(coarse));
    const property = { library: open({ ...rivals, path: file() }), schedules, judge: judgeSingleUse };
    await holds("in parallel, W = 0", 150, { ...property, options: { together: true } });
  });

  test("P3, also in parallel", { timeout: TIMEOUT }, async () => {
    const property = { library: open({ window: 0 }), schedules: revokedSchedules(network), judge: final };
    await holds("revocation, W = 0", 100, property);
    const library = open({ ...rivals, path: file() });
    const parallel = { library, schedules: revokedSchedules(coarse), judge: final, options: { together: true } };
    await holds("in parallel, revocation, W = 0", 50, parallel);
  });
});

describe("the properties can fail", { timeout: TIMEOUT }, () => {
  const ACCUSED_OR_LOCKED_OUT = /honest client got "reuse"|all is quiet, and the jar gets "retry"/;
  // Short ones shrink faster.
  const network = { window: W, longest: 25 };
  const honest = { schedules: honestSchedules(network), judge: judgeHonest };
  const stolen = { schedules: stolenSchedules(network), judge: contained };
  const inParallel = { options: { together: true } };
  // One instance lets refreshes of one session take turns, so the races are between instances.
  const rivals = () => ({ path: file(), clocks: [0, 0, 0, 0] });

  test.for([20, 1.1])("P1, when messages live up to %d W", async (windows) => {
    const schedules = honestSchedules({ ...network, life: windows * W });
    await isFalse(`messages live ${windows} W`, ACCUSED_OR_LOCKED_OUT, { ...honest, schedules, library: open() });
  });

  test("P1, with strict single use", async () => {
    await isFalse("strict single use", ACCUSED_OR_LOCKED_OUT, { ...honest, library: open({ window: 0 }) });
  });

  test("single use, with a window", async () => {
    const property = { ...honest, judge: judgeSingleUse, library: open() };
    await isFalse("single use with W = 10 s", /was used twice/, property);
  });

  test("single use in parallel, when the last write wins", async () => {
    const schedules = stolenSchedules({ ...network, coarse: true });
    const library = open({ ...rivals(), window: 0, spoil: lastWriteWins });
    const property = { ...inParallel, schedules, judge: judgeSingleUse, library };
    await isFalse("last write wins, W = 0", /was used twice|still got|ahead/, property);
  });

  test("P1, when the client also stores a refresh token that came back as it was presented", async () => {
    const property = { ...honest, library: open(), options: { storesEveryAnswer: true } };
    await isFalse("the client stores every answer", ACCUSED_OR_LOCKED_OUT, property);
  });

  test("P1, when the store forgets who took over", async () => {
    const library = open({ spoil: forgetful });
    await isFalse("forgetful store, honest client", /honest client got "ahead"/, { ...honest, library });
  });

  // docs/decisions/003-time.md: on the clocks of processes the window must cover the life of a
  // message and their difference together.
  test("P1, on two servers whose clocks differ by more than the window", async () => {
    const library = open({ clocks: [0, 60_000], path: file() });
    await isFalse("two servers 60 s apart, W = 10 s", ACCUSED_OR_LOCKED_OUT, { ...honest, library });
  });

  test("P2, when reuse is only reported", async () => {
    const library = open({ onReuse: "report" });
    await isFalse("reuse is only reported", /got "reported" instead of the alarm|still got "renew"/, {
      ...stolen,
      library,
    });
  });

  test("P2, when the store forgets who took over", async () => {
    await isFalse("forgetful store, thief", /still got|ahead/, { ...stolen, library: open({ spoil: forgetful }) });
  });

  test("P2 in parallel, when the last write wins", async () => {
    const schedules = stolenSchedules({ ...network, coarse: true });
    const property = { ...stolen, ...inParallel, schedules, library: open({ ...rivals(), spoil: lastWriteWins }) };
    await isFalse("last write wins", /still got|ahead/, property);
  });

  test("P3 in parallel, when a write brings back a row", async () => {
    const schedules = revokedSchedules({ ...network, coarse: true });
    const property = { ...inParallel, schedules, judge: final, library: open({ ...rivals(), spoil: resurrecting }) };
    await isFalse("a row comes back", /the row came back|the session had ended/, property);
  });
});
