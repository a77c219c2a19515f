import type { ConfigFault } from "../errors.ts";
import type { SectionReader } from "./config-reader.ts";
import { type Duration, type KnownDuration, parseDuration } from "./duration.ts";

/** The values of an option, and its default as a config would write it. */
export type OptionSpec =
  | {
      readonly kind: "duration";
      readonly min: KnownDuration;
      readonly max: KnownDuration;
      readonly default?: KnownDuration;
    }
  | { readonly kind: "count"; readonly min: number; readonly max: number; readonly default?: number }
  /** A count that false turns off. */
  | { readonly kind: "count-or-off"; readonly min: number; readonly max: number; readonly default?: number }
  | { readonly kind: "flag"; readonly default?: boolean }
  /** A flag, or a text that is not empty. */
  | { readonly kind: "flag-or-text"; readonly wanted: string; readonly default?: boolean }
  | {
      readonly kind: "choice";
      readonly of: readonly string[];
      /** The meanings of true and false. */
      readonly flags?: { readonly true: string; readonly false: string };
      readonly default?: string;
    }
  /** One of several values that are not all strings. */
  | {
      readonly kind: "literal";
      readonly of: readonly (string | number | boolean)[];
      readonly default?: string | number | boolean;
    }
  /** Some of several strings, each at most once. */
  | {
      readonly kind: "some";
      readonly of: readonly string[];
      readonly wanted: string;
      /** The string that must be among them. Default: any, but at least one. */
      readonly with?: string;
      readonly default?: readonly string[];
    }
  | { readonly kind: "text"; readonly rule?: string; readonly default?: string }
  | { readonly kind: "texts"; readonly rule: string; readonly default?: readonly string[] }
  | { readonly kind: "function" }
  /** The option has its own reader. */
  | { readonly kind: "other" };

/** By the path of each option, for instance `"session.idleTimeout"`. */
export type OptionTable = Readonly<Record<string, OptionSpec>>;

/** The value of a given option. Durations are in ms. */
export type OptionValue<Spec> = Spec extends { readonly kind: "duration" | "count" }
  ? number
  : Spec extends { readonly kind: "count-or-off" }
    ? number | false
    : Spec extends { readonly kind: "flag" }
      ? boolean
      : Spec extends { readonly kind: "flag-or-text" }
        ? boolean | string
        : Spec extends { readonly kind: "choice" | "literal"; readonly of: readonly (infer Value)[] }
          ? Value
          : Spec extends { readonly kind: "some"; readonly of: readonly (infer Value)[] }
            ? readonly Value[]
            : Spec extends { readonly kind: "text" }
              ? string
              : Spec extends { readonly kind: "texts" }
                ? readonly string[]
                : Spec extends { readonly kind: "function" }
                  ? (...given: never) => unknown
                  : never;

/** The type of the default. A numeric default excludes false. */
type DefaultValue<Spec> = Spec extends { readonly default: infer Default }
  ? Extract<OptionValue<Spec>, Default extends number ? number : unknown>
  : undefined;

type Written<Spec> = Spec extends { readonly kind: "duration" } ? Duration : OptionValue<Spec>;

/** Defaults that replace those of the table. */
export type OtherDefaults<Table> = { readonly [Path in keyof Table]?: Written<Table[Path]> };

/** @returns what is wrong with a text and what to write; undefined if it is valid */
export type TextRule = (text: string) => string | undefined;

/** The text rules that a table names. */
export type TextRules<Table> = Readonly<
  Record<Extract<Table[keyof Table], { readonly rule: string }>["rule"], TextRule>
>;

export interface OptionReader<Table extends OptionTable> {
  /** The configured value; undefined if it is omitted or invalid. */
  readonly given: <Path extends keyof Table>(path: Path) => OptionValue<Table[Path]> | undefined;
  /** The value of an omitted option. */
  readonly fallback: <Path extends keyof Table>(path: Path) => DefaultValue<Table[Path]>;
  /** The configured value, or the fallback. */
  readonly value: <Path extends keyof Table>(path: Path) => OptionValue<Table[Path]> | DefaultValue<Table[Path]>;
  readonly fault: (path: keyof Table & string, code: ConfigFault["code"], message: string) => void;
}

/**
 * Reads all options of a table except those of kind `"other"`.
 *
 * @param chooseDefaults called after the config has been read
 */
export function readOptions<const Table extends OptionTable>(
  root: SectionReader,
  table: Table,
  rules: TextRules<Table>,
  chooseDefaults: (given: OptionReader<Table>["given"]) => OtherDefaults<Table> = () => ({}),
): OptionReader<Table> {
  const sections = new Map<string, SectionReader>([["", root]]);
  const sectionOf = (path: string): SectionReader => {
    const known = sections.get(path);
    if (known !== undefined) return known;
    const [parent, name] = split(path);
    const section = sectionOf(parent).section(name);
    sections.set(path, section);
    return section;
  };
  const values = new Map<keyof Table, unknown>();
  for (const [path, spec] of Object.entries(table)) {
    const [section, name] = split(path);
    if (spec.kind !== "other") values.set(path, readOption(sectionOf(section), name, spec, rules));
  }
  const given: OptionReader<Table>["given"] = (path) => values.get(path) as never;
  const others = chooseDefaults(given);
  const fallback: OptionReader<Table>["fallback"] = (path) => {
    const spec = table[path];
    const written = others[path] ?? (spec !== undefined && "default" in spec ? spec.default : undefined);
    return (spec?.kind === "duration" ? parseDuration(written) : written) as never;
  };
  return {
    given,
    fallback,
    value: (path) => given(path) ?? fallback(path),
    fault: (path, code, message) => root.fault(path, code, message),
  };
}

/** `"a.b.c"` is `c` of the section `"a.b"`. */
function split(path: string): readonly [section: string, name: string] {
  const dot = path.lastIndexOf(".");
  return [path.slice(0, Math.max(dot, 0)), path.slice(dot + 1)];
}

function readOption(
  section: SectionReader,
  name: string,
  spec: OptionSpec,
  rules: Readonly<Record<string, TextRule>>,
): unknown {
  switch (spec.kind) {
    case "duration":
      return section.duration(name, spec.min, spec.max);
    case "count":
      return section.count(name, spec.min, spec.max);
    case "count-or-off":
      return section.countOrOff(name, spec.min, spec.max);
    case "flag":
      return section.flag(name);
    case "flag-or-text":
      return section.value(
        name,
        spec.wanted,
        (value): value is unknown => typeof value === "boolean" || (typeof value === "string" && value !== ""),
      );
    case "choice":
      return section.choice(name, spec.of, spec.flags);
    case "literal":
      return section.value(name, list(spec.of), (value): value is unknown => spec.of.some((one) => one === value));
    case "some":
      return section.value(name, spec.wanted, (value): value is unknown => isSome(value, spec));
    case "function":
      return section.value(name, "a function", isFunction);
    case "text":
      return section.text(name, spec.rule === undefined ? undefined : rules[spec.rule]);
    case "texts":
      return section.texts(name, (text) => rules[spec.rule]?.(text));
    case "other":
      return undefined;
  }
}

const isFunction = (value: unknown): value is (...given: never) => unknown => typeof value === "function";

/** `"auto", true or false` */
function list(values: readonly unknown[]): string {
  const texts = values.map((value) => JSON.stringify(value));
  return [texts.slice(0, -1).join(", "), ...texts.slice(-1)].join(" or ");
}

const isSome = (value: unknown, spec: OptionSpec & { readonly kind: "some" }): boolean =>
  Array.isArray(value) &&
  (spec.with === undefined ? value.length > 0 : value.includes(spec.with)) &&
  value.every((one) => spec.of.includes(one)) &&
  new Set(value).size === value.length;
