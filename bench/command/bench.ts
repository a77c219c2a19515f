import type { Table } from "../report/table.ts";
import type { Options, ValuesOf } from "./option.ts";

/** What `npm run bench -- <name>` runs. It returns tables and prints nothing to stdout. */
export interface Bench {
  readonly measures: string;
  readonly options: Options;
  /** Whether it is run when no name is given. */
  readonly isDefault: boolean;
  readonly run: (texts: Readonly<Record<string, string>>) => Promise<readonly Table[]>;
}

export interface BenchDefinition<O extends Options> {
  readonly measures: string;
  readonly options: O;
  readonly isDefault?: boolean;
  readonly run: (values: ValuesOf<O>) => Promise<readonly Table[]>;
}

/** A command line that cannot be run. The message is all that the user needs. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

export function defineBench<const O extends Options>({
  measures,
  options,
  isDefault = true,
  run,
}: BenchDefinition<O>): Bench {
  return {
    measures,
    options,
    isDefault,
    run: (texts) => run(readValues(options, texts)),
  };
}

/** @throws UsageError for a value that its option does not understand */
export function readValues<O extends Options>(options: O, texts: Readonly<Record<string, string>>): ValuesOf<O> {
  const entries = Object.entries(options).map(([name, { fallback, shown, read }]) => {
    const text = texts[name] ?? fallback;
    const value = read(text);
    if (value === undefined) throw new UsageError(`--${name} ${text}: expected ${shown}`);
    return [name, value] as const;
  });
  return Object.fromEntries(entries) as ValuesOf<O>;
}
