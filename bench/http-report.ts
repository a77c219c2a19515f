import { FRAMEWORK_NAMES, type Framework, GUARD_NAMES, type Guard } from "./http-contenders.ts";
import type { MeasuredContender, Slice } from "./http-rounds.ts";
import { median, quantile } from "./statistics.ts";

/** Below that, the server was waiting, so that its requests a second say little about it. */
const BUSY = 0.9;

export function printFramework(framework: Framework, measured: readonly MeasuredContender[]): void {
  const line = (name: string, cells: readonly string[]): void =>
    console.log(`  ${name.padEnd(32)}${cells.map((cell) => cell.padStart(29)).join("")}`);
  const none = slicesOf(measured, "none");

  console.log(`\n${FRAMEWORK_NAMES[framework]}\n`);
  line("sessions", ["CPU µs a request", "CPU over none", "requests a second", "of none", "core busy"]);
  for (const { contender, slices } of measured) {
    const isNone = contender.guard === "none";
    line(GUARD_NAMES[contender.guard], [
      spread(
        slices.map(({ cpu }) => cpu),
        (value) => value.toFixed(1),
      ),
      isNone ? "" : spellOverhead(slices, none),
      spread(
        slices.map(({ requestsPerSecond }) => requestsPerSecond),
        (value) => value.toFixed(0),
      ),
      isNone ? "" : `${(100 * rateRatio(slices, none)).toFixed(1)} %`,
      `${(100 * busyOf(slices)).toFixed(0)} %${busyOf(slices) < BUSY ? " (waited)" : ""}`,
    ]);
  }
}

export function printTargets(all: ReadonlyMap<Framework, readonly MeasuredContender[]>): void {
  console.log("\nTargets, for tokens seen before\n");
  const judge = (what: string, value: string, isMet: boolean): void =>
    console.log(`  ${what.padEnd(76)} ${value.padStart(9)}  ${isMet ? "met" : "MISSED"}`);

  for (const [framework, most] of [
    ["express", 0.06],
    ["fastify", 0.1],
  ] as const) {
    const measured = all.get(framework);
    if (measured === undefined) continue;
    const over = cpuRatio(slicesOf(measured, "repeated"), slicesOf(measured, "none")) - 1;
    judge(`${FRAMEWORK_NAMES[framework]}: CPU over none, at most +${100 * most} %`, percent(over), over <= most);
  }
  const node = all.get("node");
  if (node === undefined) return;
  for (const [against, least] of [
    ["none", 0.9],
    ["original", 3],
    ["fast-jwt", 1.1],
  ] as const) {
    const ratio = rateRatio(slicesOf(node, "repeated"), slicesOf(node, against));
    judge(
      `node:http: requests a second, at least ${least} x ${GUARD_NAMES[against]}`,
      `${ratio.toFixed(2)} x`,
      ratio >= least,
    );
  }
}

const slicesOf = (measured: readonly MeasuredContender[], guard: Guard): readonly Slice[] =>
  measured.find(({ contender }) => contender.guard === guard)?.slices ?? [];

const cpuRatio = (slices: readonly Slice[], none: readonly Slice[]): number =>
  median(slices.map(({ cpu }) => cpu)) / median(none.map(({ cpu }) => cpu));

const rateRatio = (slices: readonly Slice[], none: readonly Slice[]): number =>
  median(slices.map(({ requestsPerSecond }) => requestsPerSecond)) /
  median(none.map(({ requestsPerSecond }) => requestsPerSecond));

const busyOf = (slices: readonly Slice[]): number => median(slices.map(({ busy }) => busy));

/** The ratio of the medians, and in which span half of the rounds have theirs. */
function spellOverhead(slices: readonly Slice[], none: readonly Slice[]): string {
  const ofRounds = slices.map(({ cpu }, round) => cpu / (none[round]?.cpu ?? Number.NaN) - 1);
  const [low, high] = [quantile(ofRounds, 0.25), quantile(ofRounds, 0.75)];
  return `${percent(cpuRatio(slices, none) - 1)} (${percent(low)} to ${percent(high)})`;
}

const percent = (part: number): string => `${part < 0 ? "" : "+"}${(100 * part).toFixed(1)} %`;

/** The median, and in which span half of the values lie. */
const spread = (values: readonly number[], write: (value: number) => string): string =>
  `${write(median(values))} (${write(quantile(values, 0.25))} to ${write(quantile(values, 0.75))})`;
