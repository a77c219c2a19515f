import { cutText } from "../cut-text.ts";
import { ConfigError, type ConfigFault } from "../errors.ts";
import { DURATION, type Duration, type KnownDuration, parseDuration } from "./duration.ts";
import { describeKnown } from "./unknown-option.ts";

/**
 * Reads one section of a config, option by option. It collects all errors, so that they are
 * reported at once.
 */
export interface SectionReader {
  section(name: string): SectionReader;
  /** @returns undefined if the option is omitted */
  text(name: string, rule?: (value: string) => string | undefined): string | undefined;
  flag(name: string): boolean | undefined;
  count(name: string, min: number, max: number): number | undefined;
  /** `count` for an option that false turns off. */
  countOrOff(name: string, min: number, max: number): number | false | undefined;
  /** In ms. */
  duration(name: string, min: KnownDuration, max: KnownDuration): number | undefined;
  /** @param flags the meanings of true and false */
  choice<T extends string>(
    name: string,
    choices: readonly T[],
    flags?: { readonly true: T; readonly false: T },
  ): T | undefined;
  texts(name: string, rule: (value: string) => string | undefined): readonly string[] | undefined;
  /** The value unchanged, checked by `isRight`. */
  value<T>(name: string, wanted: string, isRight: (value: unknown) => value is T): T | undefined;
  /** Whether the option is present, even as undefined. */
  has(name: string): boolean;
  /**
   * Whether the option is present but undefined, for instance from an unset environment variable.
   */
  isUnset(name: string): boolean;
  fault(name: string, code: ConfigFault["code"], message: string): void;
  /** Reports the options that were not read. Called last. */
  finish(): void;
}

/**
 * For an option that is present but undefined: using its default silently would hide the mistake.
 */
export const UNSET = "is undefined; is the environment variable set that it is read from?";

interface Range {
  readonly min: number;
  readonly max: number;
}

/** @throws ConfigError with all errors in `options` */
export function readWhole<T>(options: unknown, path: string, read: (section: SectionReader) => T): T {
  const faults: ConfigFault[] = [];
  const section = readSection(options, path, faults);
  const result = read(section);
  section.finish();
  if (faults.length > 0) throw new ConfigError(faults);
  return result;
}

function readSection(value: unknown, path: string, faults: ConfigFault[]): SectionReader {
  const at = (name: string): string => (path === "" ? name : `${path}.${name}`);
  const isSection = typeof value === "object" && value !== null && !Array.isArray(value);
  const options: Readonly<Record<string, unknown>> = isSection ? (value as Record<string, unknown>) : {};
  if (value !== undefined && !isSection) {
    faults.push({
      code: "WRONG_TYPE",
      path: path === "" ? "config" : path,
      message: `write an object, not ${describe(value)}`,
    });
  }
  const known = new Set<string>();
  const children: SectionReader[] = [];

  const take = (name: string): unknown => {
    known.add(name);
    return Object.hasOwn(options, name) ? options[name] : undefined;
  };
  const fault: SectionReader["fault"] = (name, code, message) => void faults.push({ code, path: at(name), message });

  function read<T>(
    name: string,
    wanted: string,
    isRight: (value: unknown) => value is T,
    tell = describe,
  ): T | undefined {
    const given = take(name);
    if (given === undefined || isRight(given)) return given;
    fault(name, "WRONG_TYPE", `write ${wanted}, not ${tell(given)}`);
    return undefined;
  }

  function readCount(name: string, wanted: string, { min, max }: Range): number | undefined {
    const given = read(name, wanted, (number): number is number => Number.isInteger(number), quote);
    if (given === undefined || (given >= min && given <= max)) return given;
    fault(name, "OUT_OF_RANGE", `write ${wanted}, not ${given}`);
    return undefined;
  }

  return {
    section(name) {
      const child = readSection(take(name), at(name), faults);
      children.push(child);
      return child;
    },
    text(name, rule) {
      const given = read(name, "a string", isString);
      const wrong = given === undefined ? undefined : rule?.(given);
      if (wrong !== undefined) fault(name, "OUT_OF_RANGE", wrong);
      return wrong === undefined ? given : undefined;
    },
    flag: (name) => read(name, "true or false", (given): given is boolean => typeof given === "boolean", quote),
    count: (name, min, max) => readCount(name, `a whole number from ${min} to ${max}`, { min, max }),
    countOrOff: (name, min, max) =>
      take(name) === false ? false : readCount(name, `a whole number from ${min} to ${max}, or false`, { min, max }),
    duration(name, min, max) {
      const given = read(name, DURATION, isDuration, quote);
      const ms = parseDuration(given);
      if (ms === undefined || (ms >= (parseDuration(min) ?? 0) && ms <= (parseDuration(max) ?? 0))) return ms;
      fault(name, "OUT_OF_RANGE", `write a duration from "${min}" to "${max}", not "${given}"`);
      return undefined;
    },
    choice(name, choices, flags) {
      const given = take(name);
      if (typeof given === "boolean" && flags !== undefined) return flags[`${given}`];
      if (given === undefined || choices.some((choice) => choice === given)) return given as never;
      const wanted = choices.map((choice) => `"${choice}"`).join(" or ");
      fault(name, "WRONG_TYPE", `write ${wanted}, not ${quote(given)}`);
      return undefined;
    },
    texts(name, rule) {
      const given = read(
        name,
        "a list of strings",
        (list): list is string[] => Array.isArray(list) && list.every(isString),
      );
      for (const [index, text] of (given ?? []).entries()) {
        const wrong = rule(text);
        if (wrong !== undefined) fault(`${name}[${index}]`, "OUT_OF_RANGE", wrong);
      }
      return given;
    },
    value: (name, wanted, isRight) => read(name, wanted, isRight, describeType),
    has: (name) => Object.hasOwn(options, name),
    isUnset: (name) => Object.hasOwn(options, name) && options[name] === undefined,
    fault,
    finish() {
      for (const child of children) child.finish();
      for (const name of Object.keys(options)) {
        if (known.has(name)) continue;
        fault(name, "UNKNOWN_OPTION", `there is no such option; ${describeKnown(name, [...known])}`);
      }
    },
  };
}

const isDuration = (value: unknown): value is Duration => parseDuration(value) !== undefined;

const isString = (value: unknown): value is string => typeof value === "string";

/** As `describe`, with the beginning of a string, for options that cannot be a secret. */
const quote = (value: unknown): string =>
  typeof value === "string" ? JSON.stringify(cutText(value, 40)) : describe(value);

/** Describes a value for a message: short, and never with the content of a string. */
function describe(value: unknown): string {
  return value === null || typeof value === "boolean" || typeof value === "number"
    ? String(value)
    : describeType(value);
}

/** Describes a value that may be a secret. */
function describeType(value: unknown): string {
  if (value === null || Array.isArray(value)) return value === null ? "null" : "this list";
  return typeof value === "string" ? "this string" : `a value of type ${typeof value}`;
}
