/** What docs/options.md and the comments of options say, to be compared with their tables. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { OptionSpec } from "../../src/lib/options/option-table.ts";
import { root } from "./snippets.ts";

/** As a config has it: `"15m"`, `["cookie", "header"]`. */
export const write = (value: unknown): string => JSON.stringify(value).replaceAll(",", ", ");
export const defaultOf = (spec: OptionSpec): unknown => ("default" in spec ? spec.default : undefined);

/** What a description must name: the bounds, or each value that may be written. */
export function namedIn(spec: OptionSpec): readonly string[] {
  switch (spec.kind) {
    case "duration":
      return [`"${spec.min}" to "${spec.max}"`];
    case "count":
    case "count-or-off":
      return [`${spec.min.toLocaleString("en")} to ${spec.max.toLocaleString("en")}`];
    case "choice":
    case "literal":
    case "some":
      return spec.of.map(write);
    default:
      return [];
  }
}

const page = readFileSync(join(root, "docs/options.md"), "utf8");

/** The part of docs/options.md between two of its lines. */
export const part = (from: string, to: string): string => page.slice(page.indexOf(from), page.indexOf(to));

/** The cells of each row that begins with an option. */
export const rowsOf = (section: string): readonly (readonly string[])[] =>
  [...section.matchAll(/^\| `([\w.]+)` \| (.*) \|$/gm)].map(([, path = "", rest = ""]) => [path, ...rest.split(" | ")]);

/** The comment of each optional property in a file, by its path. */
export function readComments(file: string): ReadonlyMap<string, string> {
  const text = readFileSync(join(root, file), "utf8");
  const found = new Map<string, string>();
  const sections: { readonly name: string; readonly indent: number }[] = [];
  const declaration = /(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n)?^( *)readonly (\w+)\?:/gm;
  for (const [, comment, { length: indent } = "", name = ""] of text.matchAll(declaration)) {
    while ((sections.at(-1)?.indent ?? -1) >= indent) sections.pop();
    const path = [...sections.map((section) => section.name), name].join(".");
    if (comment === undefined) sections.push({ name, indent });
    else found.set(path, comment.replaceAll(/\s+\*\s+/g, " ").trim());
  }
  return found;
}
