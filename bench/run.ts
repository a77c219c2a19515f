import { existsSync, readFileSync, writeFileSync } from "node:fs";
import type { Benches, Command } from "./command/command-line.ts";
import { describeCommit, describeLoad, describeMachine, isBusy } from "./machine.ts";
import { note } from "./note.ts";
import { judge, type Verdict, writeVerdicts } from "./report/judge.ts";
import { writeTable } from "./report/markdown.ts";
import { replaceSections } from "./report/sections.ts";
import type { Table } from "./report/table.ts";
import { TARGETS } from "./targets.ts";

interface Result {
  readonly name: string;
  /** What the figures must not be read without. */
  readonly about: string;
  readonly tables: readonly Table[];
  readonly verdicts: readonly Verdict[];
}

const BUSY = "Others use this machine: run this again on a quiet one before you judge.";

/** One bench after another, and nothing beside them. */
export async function runBenches(command: Command, benches: Benches): Promise<void> {
  const { names, json, out } = command;
  // Later the load is the bench's own.
  const [begun, wasBusy] = [performance.now(), isBusy()];
  if (wasBusy) note(BUSY);
  const results: Result[] = [];
  for (const name of names) {
    const result = await runBench(name, command, benches);
    console.log(`${writeResult(result)}\n`);
    results.push(result);
  }
  const verdicts = results.flatMap((result) => result.verdicts);
  const tally = (["met", "missed", "not run"] as const).map(
    (each) => `${verdicts.filter(({ verdict }) => verdict === each).length} ${each}`,
  );
  if (wasBusy) console.log(`${BUSY}\n`);
  console.log(`Targets: ${tally.join(", ")}. The whole took ${minutesSince(begun)}.`);
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(results, undefined, 2)}\n`);
  if (out !== undefined) {
    const before = existsSync(out) ? readFileSync(out, "utf8") : "# Benchmarks";
    // Some benches print by themselves.
    const written = results.filter(({ tables }) => tables.length > 0);
    const sections = new Map(written.map((result) => [result.name, writeResult(result)]));
    writeFileSync(out, replaceSections(before, sections));
  }
}

async function runBench(name: string, { textsOf, isQuick }: Command, benches: Benches): Promise<Result> {
  const [machine, begun] = [describeMachine(), performance.now()];
  note(`${name} (load ${describeLoad()})`);
  const tables = (await benches[name]?.run(textsOf(name))) ?? [];
  const about = [
    `\`npm run bench -- ${name}${isQuick ? " --quick" : ""}\` at ${describeCommit()}, ${minutesSince(begun)}: ${machine}, ${describeLoad()} at the end.`,
    ...(isQuick ? ["**A quick run: its figures mean nothing.**"] : []),
  ].join(" ");
  return { name, about, tables, verdicts: judge(TARGETS[name] ?? [], tables) };
}

const minutesSince = (begun: number): string => `${((performance.now() - begun) / 60_000).toFixed(1)} minutes`;

const writeResult = ({ name, about, tables, verdicts }: Result): string =>
  [
    `## ${name}`,
    about,
    ...tables.map(writeTable),
    ...(verdicts.length === 0 ? [] : [writeVerdicts(name, verdicts)]),
  ].join("\n\n");
