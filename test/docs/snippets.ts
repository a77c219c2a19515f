import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { pathsIn } from "../../docs/site/markdown.ts";

export const root: string = fileURLToPath(new URL("../../", import.meta.url));

/** A fenced block of TypeScript in one of the documents: ```ts, or ```tsx whole. */
export interface Snippet {
  /** Document and line, for instance `docs/guide/keys.md:42`. */
  readonly place: string;
  /** Whether it is complete and quick, marked `ts run`, and is executed too. */
  readonly runs: boolean;
  /**
   * What its `init` must be followed by a sign-in on, as in `ts run mysql`; it then finds that
   * database in the environment.
   */
  readonly database: SnippetDatabase | undefined;
  readonly extension: "ts" | "tsx";
  readonly code: string;
}

export type SnippetDatabase = "sqlite" | "mysql" | "postgres" | "redis";

/** All documents that users read. */
export const documents: readonly string[] = [
  "README.md",
  "CONTRIBUTING.md",
  "SECURITY.md",
  "CHANGELOG.md",
  ...pathsIn().map((path) => `docs/${path}.md`),
];

/** Its examples stand in the source, and are compiled from there. */
const isReference = (document: string): boolean => document.startsWith("docs/reference/");

export function readSnippets(): readonly Snippet[] {
  return documents.flatMap((document) => {
    if (isReference(document)) return [];
    const text = readFileSync(join(root, document), "utf8");
    return [
      ...text.matchAll(/^```(?:ts( run)?(?: (sqlite|mysql|postgres|redis)| browser)?|(tsx) whole)\n(.*?)^```$/gms),
    ].map((match) => ({
      place: `${document}:${text.slice(0, match.index).split("\n").length}`,
      runs: match[1] !== undefined,
      database: match[2] as SnippetDatabase | undefined,
      extension: match[3] === undefined ? "ts" : "tsx",
      code: match[4] ?? "",
    }));
  });
}
