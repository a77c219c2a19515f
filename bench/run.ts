import { writeFileSync } from "node:fs";
import type { Benches, Command } from "./command/command-line.ts";
import { describeLoad, describeMachine, isBusy } from "./machine.ts";
import { note } from "./note.ts";
import { writeTable } from "./report/markdown.ts";
import type { Table } from "./report/table.ts";
import { judge, writeVerdicts } from "./report/judge.ts";
import { TARGETS } from "./targets.ts";

const WARNING = "Others used this machine when it began: run this again on a quiet one before you judge.";

/** One bench after another, and nothing beside them. */
export async function runBenches({ names, textsOf, json, out, isQuick }: Command, benches: Benches): Promise<void> {
  const [machine, wasBusy, begun] = [describeMachine(), isBusy(), performance.now()];
  const tables: Table[] = [];
  for (const name of names) {
    note(`${name} (load ${describeLoad()})`);
    tables.push(...((await benches[name]?.run(textsOf(name))) ?? []));
  }
  const verdicts = judge(TARGETS, tables);
  const took = `${((performance.now() - begun) / 60_000).toFixed(1)} minutes`;
  const command = `npm run bench -- ${names.join(" ")}${isQuick ? " --quick" : ""}`;
  const text = [
    `\`${command}\`, ${took}: ${machine}, ${describeLoad()} at the end.`,
    ...(wasBusy ? [WARNING] : []),
    ...(isQuick ? ["A quick run: its figures mean nothing."] : []),
    ...tables.map(writeTable),
    writeVerdicts(verdicts),
  ].join("\n\n");
  console.log(text);
  if (json !== undefined)
    writeFileSync(json, `${JSON.stringify({ command, machine, took, tables, verdicts }, undefined, 2)}\n`);
  if (out !== undefined) writeFileSync(out, `${HEAD}\n\n${text}\n`);
}

const HEAD = `# Benchmarks

Written by \`npm run bench -- --out docs/benchmarks.md\`. [Performance](performance.md) says how to read it.`;
