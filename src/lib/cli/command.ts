import { type Arguments, type OptionTable, parseArguments } from "./arguments.ts";

/** What a command prints. */
export interface Outcome {
  /** For people; ends with a newline. */
  readonly text: string;
  /** For programs, with `--json`. docs/guide/command-line.md has the shapes. */
  readonly json: Readonly<Record<string, unknown>>;
  /** Default 0. */
  readonly exitCode?: number;
  /** Whether code of the app ran, which may keep the process alive. */
  readonly endsProcess?: boolean;
}

/** A command, without the types of its options. */
export interface Command {
  readonly usage: string;
  /** @throws CommandError, ConfigError, SessionError */
  readonly run: (args: readonly string[]) => Promise<Outcome>;
}

interface Definition<T extends OptionTable> {
  readonly usage: string;
  readonly options: T;
  /** How many arguments that are no options it takes. Default 0. */
  readonly positionals?: number;
  readonly run: (given: Arguments<T>["given"], positionals: readonly string[]) => Promise<Outcome> | Outcome;
}

/** The options that every command has. `main.ts` reads them. */
const COMMON = { json: "flag" } as const;

export const defineCommand = <T extends OptionTable>({ usage, options, positionals, run }: Definition<T>): Command => ({
  usage,
  async run(args) {
    const found = parseArguments(args, { ...options, ...COMMON }, positionals);
    return run(found.given, found.positionals);
  },
});
