import { parseArgs } from "node:util";
import { describeKnown } from "../options/unknown-option.ts";
import { UsageError } from "./command-error.ts";

/** The options of a command. A text has a value, a flag has none. */
export type OptionTable = Readonly<Record<string, "text" | "flag">>;

/** The options that were given. */
export type Given<T extends OptionTable> = {
  readonly [Name in keyof T]?: T[Name] extends "flag" ? true : string;
};

/** The arguments of a command. */
export interface Arguments<T extends OptionTable> {
  readonly given: Given<T>;
  readonly positionals: readonly string[];
}

/** An argument that is no option may be a URL with a password, so only such names are repeated. */
const SAFE_NAME = /^[a-z][a-z-]{0,30}$/i;

/**
 * Reads the arguments of a command. No value is ever repeated in an error.
 *
 * @param most how many arguments that are no options the command takes
 * @throws UsageError
 */
export function parseArguments<T extends OptionTable>(args: readonly string[], table: T, most = 0): Arguments<T> {
  const { tokens } = parseArgs({ args: [...args], options: toParseArgs(table), strict: false, tokens: true });
  const given: Record<string, string | true> = {};
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") positionals.push(token.value);
    if (token.kind !== "option") continue;
    const { name } = token;
    if (!Object.hasOwn(table, name) || token.rawName !== `--${name}`) throw unknownOption(token.rawName, table);
    if (Object.hasOwn(given, name)) throw new UsageError(`--${name} is given twice; write it once`);
    given[name] = table[name] === "flag" ? readFlag(token) : readText(token);
  }
  if (positionals.length > most)
    throw new UsageError(
      "there is an argument that belongs to no option; write the address of the database as --store <address>, and quote a value with blanks",
    );
  return { given: given as Given<T>, positionals };
}

interface OptionToken {
  readonly name: string;
  readonly value: string | undefined;
  readonly inlineValue: boolean | undefined;
}

function readFlag({ name, value }: OptionToken): true {
  if (value !== undefined) throw new UsageError(`--${name} takes no value; write --${name} alone`);
  return true;
}

function readText({ name, value, inlineValue }: OptionToken): string {
  if (value === undefined || value === "") throw new UsageError(`--${name} needs a value`);
  if (inlineValue !== true && value.startsWith("-"))
    throw new UsageError(`--${name} needs a value; if the value begins with a dash, write --${name}=<value>`);
  return value;
}

function unknownOption(rawName: string, table: OptionTable): UsageError {
  const name = rawName.replace(/^--?/, "");
  if (name === "secret" || name === "new-secret")
    return new UsageError(
      `a secret is never an argument, because other users of the machine see arguments; write --${name}-file <path>, or set COUNTERFOIL_${name === "secret" ? "" : "NEW_"}SECRET`,
    );
  const known = Object.keys(table).map((option) => `--${option}`);
  if (!SAFE_NAME.test(name))
    return new UsageError(`there is an option that is not known; known here: ${known.join(", ")}`);
  return new UsageError(`there is no option --${name}; ${describeKnown(`--${name}`, known)}`);
}

const toParseArgs = (table: OptionTable): Record<string, { type: "string" | "boolean" }> =>
  Object.fromEntries(
    Object.entries(table).map(([name, kind]) => [name, { type: kind === "flag" ? "boolean" : "string" }]),
  );
