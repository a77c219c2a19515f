/** The code blocks of docs/guide/migration-*.md, by the heading above them. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../snippets.ts";

export type Language = "ts" | "js" | "sql";

const guides = readdirSync(join(root, "docs/guide"))
  .filter((file) => file.startsWith("migration-"))
  .map((file) => join("docs/guide", file));

/**
 * The block of a language under a heading of these guides.
 * @throws where there is none, or more than one
 */
export function codeOf(heading: string, language: Language): string {
  return onlyOne(guides.flatMap(readBlocks).filter((block) => block.heading === heading && block.language === language))
    .code;
}

/**
 * The browser's half from docs/guide/browser-requests.md, without the client: refreshes after a
 * 401, and repeats.
 */
export function readSessionScript(): string {
  const scripts = readBlocks("docs/guide/browser-requests.md").filter(({ language }) => language === "js");
  return onlyOne(scripts.filter(({ code }) => code.includes("export async function api("))).code;
}

interface Block {
  readonly heading: string;
  readonly language: string;
  readonly code: string;
}

function readBlocks(document: string): readonly Block[] {
  const text = readFileSync(join(root, document), "utf8");
  let heading = "";
  return [...text.matchAll(/^#+ ([^\n]+)$|^```(\w+)\n(.*?)^```$/gms)].flatMap(([, title, language = "", code = ""]) => {
    if (title !== undefined) heading = title;
    return title === undefined ? [{ heading, language, code }] : [];
  });
}

function onlyOne(found: readonly Block[]): Block {
  const [block] = found;
  if (block === undefined || found.length > 1) throw new Error(`${found.length} such blocks, not one`);
  return block;
}
