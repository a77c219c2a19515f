/** What the site reads of the Markdown files. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./links.ts";
import { NAVIGATION, type NavGroup } from "./pages.ts";

/** A page of the site. */
export interface Page {
  /** Path in `docs` without `.md`, as in `guide/keys`. */
  readonly path: string;
  /** The first heading. */
  readonly title: string;
  /** The first sentence of the first paragraph, as plain text. */
  readonly summary: string;
  readonly text: string;
}

/** A group of the navigation, with its pages. */
export interface PageGroup {
  readonly title: string;
  readonly pages: readonly Page[];
  /** Pages of the group's folder, its start first. */
  readonly folder: readonly Page[];
}

/** Paths of all pages of `docs`, without `.md`. */
export function pathsIn(folder = ""): readonly string[] {
  const entries = readdirSync(join(root, "docs", folder), { withFileTypes: true });
  return entries
    .filter(({ name }) => !name.startsWith(".") && name !== "node_modules")
    .flatMap((entry) => {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) return pathsIn(path);
      return path.endsWith(".md") ? [path.slice(0, -".md".length)] : [];
    })
    .toSorted();
}

/** The navigation, without pages that do not exist. */
export function readNavigation(): readonly PageGroup[] {
  return NAVIGATION.map((group) => ({
    title: group.title,
    pages: pagesOf(group.pages),
    folder: pagesOf(pathsOfFolder(group)),
  }));
}

function pathsOfFolder({ folder }: NavGroup): readonly string[] {
  if (folder === undefined || !existsSync(join(root, "docs", folder))) return [];
  const start = `${folder}/README`;
  return [start, ...pathsIn(folder).filter((path) => path !== start)];
}

const pagesOf = (paths: readonly string[]): readonly Page[] =>
  paths.map(readPage).filter((page): page is Page => page !== undefined);

function readPage(path: string): Page | undefined {
  const file = join(root, "docs", `${path}.md`);
  if (!existsSync(file)) return undefined;
  const text = readFileSync(file, "utf8");
  return { path, title: plain(/^# (.+)$/m.exec(text)?.[1] ?? path), summary: firstSentence(text), text };
}

/** The first sentence of the first paragraph below the first heading. */
function firstSentence(text: string): string {
  const body = text.slice(text.search(/^# /m)).replaceAll(/^```.*?^```$/gms, "");
  const paragraph = body
    .split(/\n{2,}/)
    .map((block) => block.trim())
    .find((block) => /^(?:[^#|<>\-!*:]|\*\*)/.test(block));
  const words = plain(paragraph ?? "");
  const sentence = /^.*?\.(?=\s|$)/.exec(words)?.[0] ?? words;
  return sentence.replace(/:$/, ".");
}

/** Text without the marks of Markdown, on one line. */
function plain(text: string): string {
  return text
    .replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replaceAll(/\\(.)/g, "$1")
    .replaceAll(/[`*]/g, "")
    .replaceAll(/\s+/g, " ")
    .trim();
}
