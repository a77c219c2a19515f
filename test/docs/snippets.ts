import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root: string = fileURLToPath(new URL("../../", import.meta.url));

/** A fenced block of TypeScript in one of the documents. */
export interface Snippet {
  /** Document and line, for instance `docs/guide/keys.md:42`. */
  readonly place: string;
  /** Whether it is complete and quick, marked `ts run`, and is executed too. */
  readonly runs: boolean;
  readonly code: string;
}

/** All documents that users read. */
export const documents: readonly string[] = [
  "README.md",
  "CONTRIBUTING.md",
  "SECURITY.md",
  "CHANGELOG.md",
  ...readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".md"))
    .map((file) => join("docs", file)),
];

export function readSnippets(): readonly Snippet[] {
  return documents.flatMap((document) => {
    const text = readFileSync(join(root, document), "utf8");
    return [...text.matchAll(/^```ts( run)?\n(.*?)^```$/gms)].map((match) => ({
      place: `${document}:${text.slice(0, match.index).split("\n").length}`,
      runs: match[1] !== undefined,
      code: match[2] ?? "",
    }));
  });
}
