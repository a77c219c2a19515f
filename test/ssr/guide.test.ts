import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const tried = [
  ...readdirSync(join(ROOT, "examples/next"), { recursive: true, encoding: "utf8" }).map((file) =>
    join("examples/next", file),
  ),
  "test/ssr/express-app.ts",
  "test/ssr/error-pages-app.ts",
].filter((file) => /\.tsx?$/.test(file) && !/\/(?:node_modules|\.next)\//.test(file));

/** Without indentation and imports: a snippet may be the middle of a file. */
const linesOf = (code: string): readonly string[] =>
  code
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("import "));

const sources = tried.map((file) => linesOf(readFileSync(join(ROOT, file), "utf8")));
const guide = readFileSync(join(ROOT, "docs/guide/ssr.md"), "utf8");
const snippets = [...guide.matchAll(/^```tsx?\n(.*?)^```$/gms)].map(([, code = ""]) => code);

test("there are snippets to compare", () => {
  expect(snippets.length).toBeGreaterThan(5);
});

test.each(snippets)("what the guide shows is what is tried: %s", (snippet) => {
  const missing = sources.map((source) => linesOf(snippet).filter((line) => !source.includes(line)));
  expect(missing.toSorted((a, b) => a.length - b.length)[0]).toEqual([]);
});
