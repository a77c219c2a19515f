import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Feature } from "./features/feature.ts";
import { type Generation, GENERATIONS } from "./generations.ts";

const GUIDE = fileURLToPath(new URL("../../docs/guide/supertokens-clients.md", import.meta.url));
const HEAD = ["", ...GENERATIONS.map(({ version }) => version)];

/** What each generation has been seen to do. */
export class SupportTable {
  readonly #seen = new Set<string>();

  note(feature: Feature, generation: Generation): void {
    this.#seen.add(`${generation.id} ${feature.title}`);
  }

  /**
   * Rows of cells: `yes` for what was seen, the reason for what is missing, and `not seen` for the
   * rest.
   */
  rows(features: readonly Feature[]): readonly (readonly string[])[] {
    const rows = features.map((feature) => [
      feature.title,
      ...GENERATIONS.map(({ id }) =>
        this.#seen.has(`${id} ${feature.title}`) ? "yes" : (feature.lacks?.[id] ?? "not seen"),
      ),
    ]);
    return [HEAD, ...rows];
  }
}

export const toMarkdown = ([head = [], ...rows]: readonly (readonly string[])[]): string =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");

/** The table of the guide, in the same form. */
export function readGuide(): readonly (readonly string[])[] {
  const rows = readFileSync(GUIDE, "utf8")
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  const start = rows.findIndex((cells) => cells.join() === HEAD.join());
  return start < 0 ? [] : rows.slice(start).filter((cells, index) => index !== 1 && cells.length === HEAD.length);
}
