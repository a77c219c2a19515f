/** One option of a bench: `--rounds 25`. */
export interface Option<T> {
  /** For the usage: `25`, or `full|relaxed`. */
  readonly shown: string;
  readonly fallback: string;
  /** With `--quick`. */
  readonly quick: string;
  /** Undefined for a text that it does not understand. */
  readonly read: (text: string) => T | undefined;
}

export type Options = Readonly<Record<string, Option<unknown>>>;
export type ValuesOf<O extends Options> = {
  readonly [Name in keyof O]: O[Name] extends Option<infer T> ? T : never;
};

/** A whole number from 1. */
export function count(fallback: number, quick: number = fallback): Option<number> {
  const read = (text: string): number | undefined => (/^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined);
  return { shown: "a whole number", fallback: String(fallback), quick: String(quick), read };
}

export function oneOf<const T extends string>(choices: readonly T[], fallback: T): Option<T> {
  const read = (text: string): T | undefined => choices.find((choice) => choice === text);
  return { shown: choices.join("|"), fallback, quick: fallback, read };
}

/** Several, with commas between them. Default: all. */
export function someOf<const T extends string>(choices: readonly T[]): Option<readonly T[]> {
  const all = choices.join(",");
  const read = (text: string): readonly T[] | undefined => {
    const found = text.split(",").map((name) => choices.find((choice) => choice === name));
    return found.every((name) => name !== undefined) ? found : undefined;
  };
  return { shown: all, fallback: all, quick: all, read };
}
