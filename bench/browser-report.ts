import type { ReadyContender } from "./browser-contenders.ts";
import type { Scenario } from "./browser-options.ts";
import type { MeasuredContender, MeasuredRound } from "./browser-rounds.ts";
import { median, quantile } from "./statistics.ts";

/** Until all calls of an expiry are answered, p50 in ms, with 10 tabs of 3 calls. */
const TARGET = 250;

const line = (name: string, cells: readonly string[]): void =>
  console.log(`  ${name.padEnd(28)}${cells.map((cell) => cell.padStart(22)).join("")}`);

export function printSizes(contenders: readonly ReadyContender[]): void {
  console.log("\nWhat a page loads\n");
  line("client", ["minified, bytes", "min + gzip, bytes"]);
  for (const { name, size } of contenders) line(name, [String(size.minified), String(size.gzipped)]);
}

export function printScenario({ title }: Scenario, measured: readonly MeasuredContender[]): void {
  console.log(`\n${title}\n`);
  line("client", [
    "refreshes an expiry",
    "rounds with several",
    "failed calls",
    "round p50 / p95, ms",
    "call p50 / p95, ms",
  ]);
  for (const { contender, rounds } of measured) {
    const refreshes = rounds.map((round) => round.refreshes);
    const calls = rounds.flatMap((round) => round.calls);
    const mean = refreshes.reduce((sum, count) => sum + count, 0) / rounds.length;
    const unanswered = calls.filter(({ status }) => status === 0).length;
    line(contender.name, [
      `${Math.min(...refreshes)} / ${mean.toFixed(2)} / ${Math.max(...refreshes)}`,
      `${refreshes.filter((count) => count > 1).length} of ${rounds.length}`,
      `${calls.filter(({ status }) => status !== 200).length} of ${calls.length}`,
      spellTimes(rounds.map(({ ms }) => ms)),
      spellTimes(calls.map(({ ms }) => ms)),
    ]);
    if (unanswered > 0)
      console.log(
        `    ${unanswered} of these calls were not answered at all, or not within a minute; its tabs were opened anew then`,
      );
  }
}

export function printAlarms(contenders: readonly ReadyContender[]): void {
  const counts = contenders.map(({ name, server }) => `${name} ${server.count("reuse-detected")}`);
  console.log(`\nSessions ended as stolen: ${counts.join(", ")}`);
}

export function printTarget(rounds: readonly MeasuredRound[]): void {
  const ms = median(rounds.map((round) => round.ms));
  const isMet = ms <= TARGET && rounds.every(({ refreshes }) => refreshes === 1);
  const what = `Target, 10 tabs of 3 calls: one refresh, all answered within ${TARGET} ms (p50)`;
  console.log(`\n${what}: ${ms.toFixed(0)} ms, ${isMet ? "met" : "MISSED"}`);
}

const spellTimes = (values: readonly number[]): string =>
  `${median(values).toFixed(0)} / ${quantile(values, 0.95).toFixed(0)}`;
