/** The navigation and the links of the site, without building it, and `llms.txt`. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { siteLink } from "../../docs/site/links.ts";
import { llmsList } from "../../docs/site/llms.ts";
import { pathsIn, readNavigation } from "../../docs/site/markdown.ts";
import { APART, HOME, NAVIGATION } from "../../docs/site/pages.ts";
import { root } from "./snippets.ts";

const groups = readNavigation();
const shown = groups.flatMap(({ pages, folder }) => [...pages, ...folder]);
const repository = manifest.repository.url.replace(/^git\+(.*)\.git$/, "$1");

test("the navigation has each page of docs once, and no other: docs/site/pages.ts", () => {
  const folders = NAVIGATION.flatMap(({ folder }) => (folder === undefined ? [] : pathsIn(folder)));
  const listed = [...NAVIGATION.flatMap(({ pages }) => pages), ...folders];
  expect([...listed, ...APART.filter((path) => existsSync(join(root, "docs", `${path}.md`))), HOME].toSorted()).toEqual(
    pathsIn().toSorted(),
  );
});

test("each page has a title of its own, and a first sentence", () => {
  const read = shown.filter(({ path }) => !path.startsWith("decisions/"));
  expect(read.filter(({ summary }) => !/^.{15,}\.$/.test(summary)).map(({ path }) => path)).toEqual([]);
  const titles = shown.map(({ title }) => title);
  expect(titles.filter((title, index) => titles.indexOf(title) !== index)).toEqual([]);
});

test("docs/llms.txt is what npm run reference writes", () => {
  expect(readFileSync(join(root, "docs/llms.txt"), "utf8")).toBe(llmsList());
});

test("the first page leads to pages", () => {
  const links = [...readFileSync(join(root, "docs", `${HOME}.md`), "utf8").matchAll(/^ +link: \/(\S*)$/gm)];
  const known = shown.map(({ path }) => path.replace(/README$/, ""));
  expect(links.length).toBeGreaterThan(5);
  for (const [, path] of links) expect(known).toContain(path);
});

test.each([
  ["docs/guide/keys.md", "csrf.md#headers", "/guide/csrf.md#headers"],
  ["docs/guide/keys.md", "../options.md", "/options.md"],
  ["docs/guide/keys.md", "../decisions/", "/decisions/"],
  ["docs/index.md", "decisions/README.md", "/decisions/"],
  ["docs/index.md", "../README.md", "/"],
  ["docs/guide/keys.md", "#the-secret", "#the-secret"],
  ["docs/guide/keys.md", "https://example.com/a.md", "https://example.com/a.md"],
  ["docs/guide/keys.md", "../../README.md#install", `${repository}/blob/main/README.md#install`],
  ["docs/guide/keys.md", "../../src/index.ts", `${repository}/blob/main/src/index.ts`],
  ["docs/guide/keys.md", "../../examples/", `${repository}/tree/main/examples`],
])("on the site, the link of %s to %s leads to %s", (from, link, address) => {
  expect(siteLink(from, link)).toBe(address);
});
