/** What `npm run release` refuses, and that it goes through where nothing is wrong. */
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { release } from "../../scripts/release.ts";
import { findStrangeLicences } from "../../scripts/release-checks.ts";
import { findRefusals, PLACEHOLDER } from "../../scripts/release-refusals.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "counterfoil-to-release-"));
  const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
    cwd: root,
    encoding: "utf8",
  });
  const tops = new Set(files.split("\n").map((file) => file.split("/", 1)[0] ?? ""));
  for (const name of ["src", "scripts", "docs", "package.json", "README.md", "SECURITY.md", "LICENSE", "CHANGELOG.md"])
    expect(tops).toContain(name);
  for (const name of tops) {
    if (!/^(src|scripts|templates|docs|tsconfig.*|.*\.md|LICENSE|package\.json)$/.test(name)) continue;
    cpSync(join(root, name), join(folder, name), { recursive: true });
  }
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function edit(file: string, change: (text: string) => string): void {
  writeFileSync(join(folder, file), change(readFileSync(join(folder, file), "utf8")));
}

test("this repository is refused until it has a home and a date", () => {
  const refusals = findRefusals(root);
  expect(refusals[0]).toContain(PLACEHOLDER);
  expect(refusals.join("\n")).toMatch(/no heading "## \[\d+\.\d+\.\d+\] - YYYY-MM-DD"/);
});

test("with a home, a date and nothing to come a dry run goes through, and publishes nothing", async () => {
  edit("package.json", (text) => text.replace(PLACEHOLDER, "some-organisation"));
  edit("CHANGELOG.md", (text) => text.replace(/^## \[0\.1\.0\]$/m, "## [0.1.0] - 2027-01-31"));
  expect(findRefusals(folder)).toEqual([]);
  const lines: string[] = [];
  const isPublishable = await release({ root: folder, isDry: true, print: (line) => void lines.push(line) });
  const text = lines.join("\n");
  expect(isPublishable, text).toBe(true);
  for (const what of ["two builds give one hash", "publint", "attw --profile esm-only", "licences and SBOM"])
    expect(lines).toContain(`ok      ${what}`);
  expect(text).toMatch(/^notice {2}dist\/public-suffix-rules\.js: Mozilla Public License/m);
  expect(lines.at(-1)).toMatch(/^would run npm publish .*counterfoil-0\.1\.0\.tgz --provenance --access public$/);
  const sbom = JSON.parse(readFileSync(join(folder, "release/sbom.json"), "utf8")) as {
    bomFormat: string;
    metadata: { component: { purl: string } };
    components: unknown[];
  };
  expect(sbom).toMatchObject({ bomFormat: "CycloneDX", components: [] });
  expect(sbom.metadata.component.purl).toBe("pkg:npm/counterfoil@0.1.0");
});

test("entries that are to come are refused", () => {
  edit("CHANGELOG.md", (text) => text.replace("## [Unreleased]\n", "## [Unreleased]\n\n### Added\n\n- Something.\n"));
  expect(findRefusals(folder).join("\n")).toMatch(/entries under \[Unreleased\]/);
});

test("a fault that a check finds is told, and nothing would be published", async () => {
  const types = '"types": "./dist/protocol.d.ts"';
  const code = '"default": "./dist/protocol.js"';
  edit("package.json", (text) => text.replace(new RegExp(`${types},\\s+${code}`), `${code}, ${types}`));
  const lines: string[] = [];
  expect(await release({ root: folder, isDry: true, print: (line) => void lines.push(line) })).toBe(false);
  expect(lines).toContain("FAILED  publint");
  expect(lines).toContain('refused "publint" failed');
  expect(lines.join("\n")).not.toContain("would run");
});

test("a licence that asks for more is told, and one that is not there", () => {
  const of = (name: string, id?: string) => ({
    name,
    ...(id === undefined ? {} : { licenses: [{ license: { id } }] }),
  });
  expect(findStrangeLicences([of("a", "MIT"), of("b", "AGPL-3.0-only"), of("c")])).toEqual([
    "b has the licence AGPL-3.0-only",
    "c has the licence none",
  ]);
});

test("workflows name actions by version tags or hashes, say so, and publish with provenance", () => {
  const path = join(root, ".github/workflows");
  const texts = readdirSync(path).map((file) => readFileSync(join(path, file), "utf8"));
  expect(texts.length).toBeGreaterThan(1);
  for (const text of texts) {
    const actions = [...text.matchAll(/uses: (?!\.\/)(\S+)/g)].map(([, name = ""]) => name);
    for (const name of actions) expect(name).toMatch(/@(?:v\d+(?:\.\d+)*|[0-9a-f]{40})$/);
    if (actions.some((name) => /@v/.test(name))) expect(text).toContain("They want pinning to the hashes of commits");
    expect(text).toMatch(/^permissions:\n {2}contents: read$/m);
  }
  expect(texts.filter((text) => text.includes("id-token: write") && text.includes("npm run release"))).toHaveLength(1);
});
