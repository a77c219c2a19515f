/** Every relative link of every Markdown file leads to a file, and to a heading of it. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { expect, test } from "vitest";
import { anchorsOf, withoutFences } from "../../docs/site/anchors.ts";
import { root } from "./snippets.ts";

const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "*.md"], {
  cwd: root,
  encoding: "utf8",
})
  .split("\n")
  .filter((file) => file !== "" && existsSync(join(root, file)));

function linksOf(text: string): readonly string[] {
  const prose = withoutFences(text).replaceAll(/(`+)(?!`).*?(?<!`)\1(?!`)/g, "");
  const patterns = [
    /\]\(<?([^)\s>]+)>?(?: "[^"]*")?\)/g,
    /^ *\[[^\]]+\]: +(\S+)/gm,
    /<[^>]* (?:href|src|srcset)="([^"\s]+)[^"]*"/g,
  ];
  return patterns.flatMap((pattern) => [...prose.matchAll(pattern)].map(([, target = ""]) => target));
}

const anchors = new Map<string, ReadonlySet<string>>();
function anchorsIn(file: string): ReadonlySet<string> {
  const known = anchors.get(file) ?? anchorsOf(readFileSync(join(root, file), "utf8"));
  anchors.set(file, known);
  return known;
}

/** What is wrong with a link, or undefined. */
function faultOf(file: string, link: string): string | undefined {
  if (/^[a-z][a-z+.-]*:/i.test(link)) return undefined;
  const [path = "", anchor] = link.split("#");
  const target = path === "" ? file : normalize(join(dirname(file), decodeURI(path))).replace(/\/$/, "");
  if (path.startsWith("/") || target.startsWith("..")) return "leads out of the repository";
  if (!existsSync(join(root, target))) return "leads to no file";
  // GitHub has headings for Markdown only, and lines for all else.
  if (anchor === undefined || (!target.endsWith(".md") && /^L\d+(?:-L\d+)?$/.test(anchor))) return undefined;
  if (statSync(join(root, target)).isDirectory() || !target.endsWith(".md"))
    return "has an anchor, and leads to no page";
  return anchorsIn(target).has(anchor) ? undefined : "leads to no heading";
}

const faultsOf = (file: string, text: string): readonly string[] =>
  linksOf(text).flatMap((link) => {
    const fault = faultOf(file, link);
    return fault === undefined ? [] : [`${file}: ${link} ${fault}`];
  });

test("every relative link leads to a file, and to a heading that it has", () => {
  const texts = files.map((file) => [file, readFileSync(join(root, file), "utf8")] as const);
  expect(texts.flatMap(([, text]) => linksOf(text)).length).toBeGreaterThan(300);
  expect(texts.flatMap(([file, text]) => faultsOf(file, text))).toEqual([]);
});

test.each([
  ["[a](nowhere.md)", "docs/x.md: nowhere.md leads to no file"],
  ["[a](../README.md#no-such-heading)", "docs/x.md: ../README.md#no-such-heading leads to no heading"],
  ["![a](guide/nowhere.png)", "docs/x.md: guide/nowhere.png leads to no file"],
  ['<img src="nowhere.png">', "docs/x.md: nowhere.png leads to no file"],
  ["[a][b]\n\n[b]: nowhere.md", "docs/x.md: nowhere.md leads to no file"],
  ["[a](../../elsewhere.md)", "docs/x.md: ../../elsewhere.md leads out of the repository"],
  ["[a](guide/#roles)", "docs/x.md: guide/#roles has an anchor, and leads to no page"],
])("it finds %j", (text, fault) => {
  expect(faultsOf("docs/x.md", text)).toEqual([fault]);
});

test("it takes code for no link, and knows GitHub's names of headings", () => {
  expect(linksOf("`[a](b)` [c](d)\n\n```md\n[e](f)\n```\n")).toEqual(["d"]);
  const headings = "# A `code_name()` & more\n## Same\n## Same\n```sh\n# no heading\n```\n## [Linked](x.md) *thing*\n";
  expect([...anchorsOf(headings)]).toEqual(["a-code_name--more", "same", "same-1", "linked-thing"]);
});
