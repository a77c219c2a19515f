/** `llms.txt`, the list of pages for programs, and `llms-full.txt`, which has their text. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./links.ts";
import { type Page, readNavigation } from "./markdown.ts";

const { description } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  readonly description: string;
};
const HEAD = `# Counterfoil

> ${description}

Counterfoil does not sign users in: it takes over when an app knows who the user is. It needs Node 22.13 or newer, and is ESM.`;

/** What `docs/llms.txt` has to be. */
export function llmsList(): string {
  const sections = instructive().map(({ title, pages }) => {
    const lines = pages.map((page) => `- [${page.title}](${page.path}.md): ${page.summary}`);
    return `## ${title}\n\n${lines.join("\n")}`;
  });
  return `${[HEAD, ...sections].join("\n\n")}\n`;
}

/** The text of all pages of `llms.txt`. */
export function llmsFull(): string {
  const pages = instructive().flatMap((group) => group.pages);
  return `${[HEAD, ...pages.map(({ path, text }) => `<!-- ${path}.md -->\n\n${text.trim()}`)].join("\n\n")}\n`;
}

/** All pages but the decisions, which explain and do not instruct. */
function instructive(): readonly { readonly title: string; readonly pages: readonly Page[] }[] {
  return readNavigation().map(({ title, pages, folder }) => ({
    title,
    pages: title === "Background" ? pages : [...pages, ...folder],
  }));
}
