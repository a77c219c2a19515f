/** What the start of a process costs: the import, the first session, the memory. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createServerFolder } from "../../test/servers/server-folder.ts";
import { defineBench } from "../command/bench.ts";
import { count } from "../command/option.ts";
import { combine, type Figure, figure, type Table } from "../report/table.ts";
import { shuffle } from "../shuffle.ts";
import { named } from "../versions.ts";

/** Plain JavaScript, since stripping types would be most of what is measured. */
interface Program {
  readonly id: string;
  readonly name: string;
  readonly file: string;
  /** Its argument, if it takes one. */
  readonly argument?: (folder: string, turn: number) => string;
}

const importing = (specifier: string, name = `import \`${specifier}\``): Program => ({
  id: `import ${specifier}`,
  name,
  file: "import.mjs",
  argument: () => specifier,
});

const BARE: Program = { id: "bare", name: "bare Node", file: "bare.mjs" };
const PROGRAMS: readonly Program[] = [
  BARE,
  importing("counterfoil"),
  importing("counterfoil/express"),
  { id: "memory", name: "first session in memory", file: "session-memory.mjs" },
  {
    id: "sqlite",
    name: "first session in a new SQLite file",
    file: "session-sqlite.mjs",
    argument: (folder, turn) => join(folder, `${turn}.db`),
  },
  importing("jose", `import ${named("jose")}`),
  importing("supertokens-node-mysql-ref-jwt", `import ${named("supertokens-node-mysql-ref-jwt")}`),
  importing("better-auth", `import ${named("better-auth")}`),
];

/** As tell.mjs sends it. */
interface Told {
  /** Wall clock, in ms. */
  readonly at: number;
  /** All threads, in ms. */
  readonly cpu: number;
  /** In bytes. */
  readonly rss: number;
}

interface Start {
  /** Since the process was asked for, in ms. */
  readonly ms: number;
  readonly cpu: number;
  readonly rss: number;
}

export const bench = defineBench({
  measures: "what the start of a process costs: import, first session, memory",
  options: { starts: count(15, 1) },
  async run({ starts }) {
    const folder = createServerFolder("start");
    try {
      const measured = new Map<Program, Start[]>(PROGRAMS.map((program) => [program, []]));
      // What the first round finds on the disk, the others find in memory.
      for (let turn = 0; turn <= starts; turn += 1) {
        for (const program of shuffle(PROGRAMS)) {
          const took = await startOnce(program, program.argument?.(folder.path, turn));
          if (turn > 0) measured.get(program)?.push(took);
        }
      }
      return [toTable(measured)];
    } finally {
      await folder.remove();
    }
  },
});

async function startOnce({ file }: Program, argument?: string): Promise<Start> {
  const begun = performance.timeOrigin + performance.now();
  const program = fileURLToPath(new URL(`programs/${file}`, import.meta.url));
  const child = fork(program, argument === undefined ? [] : [argument], {
    execArgv: [],
    env: { ...process.env, NODE_ENV: "production" },
  });
  const exited = once(child, "exit");
  const told = await Promise.race([once(child, "message") as Promise<[Told]>, exited.then(() => undefined)]);
  if (told === undefined) throw new Error(`${file} ${argument ?? ""} has told nothing`);
  child.disconnect();
  await exited;
  const [{ at, cpu, rss }] = told;
  return { ms: at - begun, cpu, rss: rss / 2 ** 20 };
}

function toTable(measured: ReadonlyMap<Program, readonly Start[]>): Table {
  const figureOf = (program: Program, what: keyof Start): Figure =>
    figure(...(measured.get(program) ?? []).map((start) => start[what]));
  const overBare = (program: Program, what: keyof Start): Figure =>
    combine((value, base) => value - base, figureOf(program, what), figureOf(BARE, what));
  const rows = PROGRAMS.map((program) => ({
    id: program.id,
    name: program.name,
    cells: {
      ms: figureOf(program, "ms"),
      over: overBare(program, "ms"),
      cpu: figureOf(program, "cpu"),
      rss: figureOf(program, "rss"),
      rssOver: overBare(program, "rss"),
    },
  }));
  return {
    id: "start",
    title: "Start",
    columns: [
      { id: "ms", title: "since the process was asked for, ms", spread: true },
      { id: "over", title: "over bare Node" },
      { id: "cpu", title: "CPU, ms" },
      { id: "rss", title: "RSS, MiB", digits: 1 },
      { id: "rssOver", title: "over bare Node", digits: 1 },
    ],
    rows,
  };
}
