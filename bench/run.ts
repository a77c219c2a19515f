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
  // Later the load is the bench's own.
  const [begun, wasBusy] = [performance.now(), isBusy()];
  if (wasBusy) note(BUSY);
  const results: Result[] = [];
  for (const name of command.names) {
    const result = await runBench(name, command, benches);
    console.log(`${writeResult(result)}\n`);
    results.push(result);
    // After each, so that a failure of a later one loses nothing.
    save(results, command);
  }
  const verdicts = results.flatMap((result) => result.verdicts);
  const tally = (["met", "missed", "not run"] as const).map(
    (each) => `${verdicts.filter(({ verdict }) => verdict === each).length} ${each}`,
  );
  if (wasBusy) console.log(`${BUSY}\n`);
  console.log(`Targets: ${tally.join(", ")}. The whole took ${minutesSince(begun)}.`);
}

function save(results: readonly Result[], { json, out }: Command): void {
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(results, undefined, 2)}\n`);
  if (out === undefined) return;
  const before = existsSync(out) ? readFileSync(out, "utf8") : "# Benchmarks";
  // Some benches print by themselves.
  const written = results.filter(({ tables }) => tables.length > 0);
  writeFileSync(out, replaceSections(before, new Map(written.map((result) => [result.name, writeResult(result)]))));
}

async function runBench(name: string, command: Command, benches: Benches): Promise<Result> {
  const [machine, begun] = [describeMachine(), performance.now()];
  note(`${name} (load ${describeLoad()})`);
  const tables = (await benches[name]?.run(command.textsOf(name))) ?? [];
  const about = [
    `\`npm run bench -- ${[name, ...writeOptions(name, command, benches)].join(" ")}\` at ${describeCommit()}, ${minutesSince(begun)}: ${machine}, ${describeLoad()} at the end.`,
    ...(command.isQuick ? ["**A quick run: its figures mean nothing.**"] : []),
  ].join(" ");
  return { name, about, tables, verdicts: judge(TARGETS[name] ?? [], tables) };
}

/** Those that are not as by default. */
const writeOptions = (name: string, { textsOf, isQuick }: Command, benches: Benches): readonly string[] =>
  isQuick
    ? ["--quick"]
    : Object.entries(textsOf(name))
        .filter(([option, text]) => text !== benches[name]?.options[option]?.fallback)
        .map(([option, text]) => `--${option} ${text}`);

const minutesSince = (begun: number): string => `${((performance.now() - begun) / 60_000).toFixed(1)} minutes`;

const writeResult = ({ name, about, tables, verdicts }: Result): string =>
  [
    `## ${name}`,
    about,
    ...tables.map(writeTable),
    ...(verdicts.length === 0 ? [] : [writeVerdicts(name, verdicts)]),
  ].join("\n\n");
