/**
 * What is written about the options of `init`, by hand, in docs/options.md and in the comments of
 * config.ts, against the table that they are read by.
 */
import type { CounterfoilConfig } from "counterfoil";
import { describe, expect, expectTypeOf, test } from "vitest";
import { OPTIONS, PRESETS } from "../../src/lib/config/config-options.ts";
import type { OptionSpec, OtherDefaults } from "../../src/lib/options/option-table.ts";
import { defaultOf, namedIn, part, readComments, rowsOf, write } from "./described-options.ts";

const table: ReadonlyMap<string, OptionSpec> = new Map(Object.entries<OptionSpec>(OPTIONS));

/**
 * Names that the first SuperTokens library gave two options: they are described with the other
 * name.
 */
const OTHER_NAMES: readonly string[] = ["tokens.accessToken.blacklisting", "tokens.refreshToken.validity"];
const described = [...table].filter(([path]) => !OTHER_NAMES.includes(path));

describe("docs/options.md", () => {
  const rows = new Map(rowsOf(part("## Options", "### Presets")).map(([path = "", ...cells]) => [path, cells]));

  test("has a row for each option, and no other", () => {
    const expected = [...table.keys()].filter((path) => path !== "tokens.accessToken.blacklisting");
    expect([...rows.keys()].toSorted()).toEqual(expected.toSorted());
  });

  test.each(described)("%s: the default", (path, spec) => {
    const [cell = ""] = rows.get(path) ?? [];
    const value = defaultOf(spec);
    if (value === undefined) expect(cell).not.toMatch(/^`(".*"|\d+|true|false|\[.*\])`/);
    else expect(cell.split(/(?<=`)[;,] /)[0]).toBe(`\`${write(value)}\``);
  });

  test.each(described)("%s: the limits, or what may be written", (path, spec) => {
    const row = (rows.get(path) ?? []).join(" ").replaceAll("`", "");
    for (const words of namedIn(spec)) expect(row).toContain(words);
  });

  test("the presets change what the table of presets says", () => {
    const rowsOfPresets = rowsOf(part("### Presets", "## Stores"));
    const changed = new Set(Object.values(PRESETS).flatMap((preset) => Object.keys(preset)));
    expect(rowsOfPresets.map(([path]) => path).toSorted()).toEqual([...changed].toSorted());
    for (const [path = "", ...cells] of rowsOfPresets) {
      const usual = defaultOf(table.get(path) ?? { kind: "other" });
      const values = [{}, PRESETS.standard, PRESETS.strict].map((preset: Readonly<Record<string, unknown>>) =>
        write(preset[path] ?? usual),
      );
      expect(cells, path).toEqual(values.map((value) => `\`${value}\``));
    }
  });
});

type At<Config, Path> = Path extends `${infer Section}.${infer Rest}`
  ? Section extends keyof Config
    ? At<NonNullable<Config[Section]>, Rest>
    : never
  : Path extends keyof Config
    ? NonNullable<Config[Path]>
    : never;

/** Options that the table has no type for, and one that takes booleans as well. */
type Untold = "session.locate" | "store" | "secret" | "clock" | "tokens.accessToken.blacklisting";
type Told = Exclude<keyof typeof OPTIONS, Untold>;

test("the types of config.ts are those of the table", () => {
  type InConfig = { readonly [Path in Told]: At<CounterfoilConfig, Path> };
  type InTable = { readonly [Path in Told]: NonNullable<OtherDefaults<typeof OPTIONS>[Path]> };
  expectTypeOf<InConfig>().toEqualTypeOf<InTable>();
});

describe("the comments of config.ts", () => {
  const comments = readComments("src/lib/config/config.ts");

  test("there is one for each option, and each is about one", () => {
    expect([...comments.keys()].toSorted()).toEqual([...table.keys()].toSorted());
  });

  test.each(described.filter(([, spec]) => defaultOf(spec) !== undefined))("%s: the default", (path, spec) => {
    const comment = comments.get(path)?.replaceAll("`", "").replace("Default: ", "Default ") ?? "";
    const written = `Default ${write(defaultOf(spec))}`;
    expect([".", ";", ","].filter((end) => comment.includes(written + end))).not.toEqual([]);
  });

  test.each(described.filter(([, spec]) => spec.kind === "duration"))("%s: the limits", (path, spec) => {
    const comment = comments.get(path)?.replaceAll("`", "");
    for (const words of namedIn(spec)) expect(comment).toContain(words);
  });
});
