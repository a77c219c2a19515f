import { parseArgs } from "node:util";
import { type Bench, readValues, UsageError } from "./bench.ts";

export type Benches = Readonly<Record<string, Bench>>;

export interface Command {
  /** In the order in which they run. */
  readonly names: readonly string[];
  /** Texts of the options that were given, and those of `--quick`. */
  readonly textsOf: (name: string) => Readonly<Record<string, string>>;
  /** Path of a file that gets all results. */
  readonly json: string | undefined;
  /** Path of a file that gets the tables. */
  readonly out: string | undefined;
  readonly isQuick: boolean;
}

const COMMON = { json: { type: "string" }, out: { type: "string" }, quick: { type: "boolean" } } as const;

/** @throws UsageError for anything that it does not understand, before any bench has begun */
export function readCommand(args: readonly string[], benches: Benches): Command {
  const { values, positionals } = parse(args, benches);
  const unknown = positionals.find((name) => !Object.hasOwn(benches, name));
  if (unknown !== undefined) throw new UsageError(`there is no bench ${unknown}`);
  const names = Object.keys(benches).filter((name) =>
    positionals.length === 0 ? benches[name]?.isDefault : positionals.includes(name),
  );
  const { json, out, quick: isQuick = false, ...given } = values;
  for (const option of Object.keys(given)) {
    if (!names.some((name) => Object.hasOwn(benches[name]?.options ?? {}, option)))
      throw new UsageError(`--${option} is no option of ${names.join(", ")}`);
  }
  const textsOf = (name: string): Readonly<Record<string, string>> => {
    const texts = Object.entries(benches[name]?.options ?? {}).map(([option, { fallback, quick }]) => [
      option,
      given[option] ?? (isQuick ? quick : fallback),
    ]);
    return Object.fromEntries(texts) as Readonly<Record<string, string>>;
  };
  for (const name of names) readValues(benches[name]?.options ?? {}, textsOf(name));
  return { names, textsOf, json, out, isQuick };
}

interface ParsedValues {
  readonly [option: string]: string | undefined;
}

interface Parsed {
  readonly values: ParsedValues & { readonly json?: string; readonly out?: string; readonly quick?: boolean };
  readonly positionals: readonly string[];
}

function parse(args: readonly string[], benches: Benches): Parsed {
  const own = Object.values(benches).flatMap(({ options }) => Object.keys(options));
  const options = { ...Object.fromEntries(own.map((name) => [name, { type: "string" } as const])), ...COMMON };
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true }) as unknown as Parsed;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

export function writeUsage(benches: Benches): string {
  const lines = Object.entries(benches).flatMap(([name, { measures, options, isDefault }]) => [
    `  ${name.padEnd(9)}${measures}${isDefault ? "" : "; only by its name"}`,
    ...Object.entries(options).map(
      ([option, { shown, fallback }]) =>
        `             --${option} ${shown}${fallback === shown ? "" : `, default ${fallback}`}`,
    ),
  ]);
  return [
    "npm run bench -- [bench...] [--quick] [--json file] [--out file] [options]",
    "",
    ...lines,
    "",
    "  --quick  as few rounds as show that a bench works; its figures mean nothing",
    "  --json   a file for all results",
    "  --out    a file for the tables, as Markdown",
  ].join("\n");
}
