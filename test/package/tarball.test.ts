import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { afterAll, beforeAll, expect, test } from "vitest";
import { reachedDeclarations } from "../../scripts/declarations.ts";
import { type InstalledTarball, installTarball, root } from "./installed-tarball.ts";

const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  name: string;
  exports: Record<string, string | { types: string; default: string }>;
  dependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  peerDependenciesMeta?: Record<string, object>;
  scripts: Record<string, string>;
};
/** What an app of these entries has installed. */
const FRAMEWORKS = ["fastify", "hono", "next", "@nestjs", "react", "@opentelemetry"];
const packageOf = (name: string): string => /^(?:@[^/]+\/)?[^/]+/.exec(name)?.[0] ?? name;
const entries = Object.keys(manifest.exports).filter((entry) => entry !== "./package.json");

let packed: InstalledTarball;

beforeAll(() => {
  packed = installTarball(FRAMEWORKS);
});

afterAll(() => packed.remove());

test("the tarball holds the built library and the texts that users need, and nothing else", () => {
  const paths = packed.files.map(({ path }) => path);
  const strange = paths.filter(
    (path) =>
      !/^(dist\/.+\.(js|d\.ts)|dist\/public-suffix-rules\.br|dist\/templates\/.+\.(tsx?|js|html|css)|docs\/(errors|options)\.md|(README|SECURITY)\.md|LICENSE|package\.json)$/.test(
        path,
      ),
  );
  expect(strange).toEqual([]);
  // The test of an app that `init` writes is a template.
  expect(paths.filter((path) => path.includes(".test.") && !path.startsWith("dist/templates/"))).toEqual([]);
  const texts = ["README.md", "LICENSE", "SECURITY.md", "docs/errors.md", "docs/options.md"];
  expect(paths).toEqual(expect.arrayContaining(texts));
});

test("of the declarations the tarball holds those that a compiler reads, and no other", () => {
  const compiled = readdirSync(join(root, "build"), { recursive: true, encoding: "utf8" });
  const reached = reachedDeclarations(pathToFileURL(`${root}/`), join(root, "dist"));
  const declared = packed.files.map(({ path }) => path).filter((path) => path.endsWith(".d.ts"));
  expect(declared.length).toBeLessThan(compiled.filter((file) => file.endsWith(".d.ts")).length - 50);
  expect(declared.toSorted()).toEqual(reached.map((file) => relative(root, file)));
});

test("the tarball stays under 450 kB", () => {
  expect(packed.size).toBeLessThan(450_000);
});

test("nothing is installed along with it, and nothing runs at install", () => {
  expect(manifest.dependencies).toBeUndefined();
  for (const [name, range] of Object.entries(manifest.peerDependencies ?? {}))
    expect([name, range, manifest.peerDependenciesMeta?.[name]]).toEqual([name, "*", { optional: true }]);
  expect(Object.keys(manifest.scripts).filter((name) => /^(pre|post)?(install|prepare)$/.test(name))).toEqual([]);
});

test("the peers are the packages that the code or its types name, and no other", () => {
  const named = new Set<string>();
  for (const { path } of packed.files) {
    // Templates are files of apps, which name what they need in package.json.
    if (!path.startsWith("dist/") || path.startsWith("dist/templates/")) continue;
    const text = readFileSync(join(root, path), "utf8").replaceAll(/\/\*.*?\*\//gs, "");
    const imports = text.matchAll(/(?:\bfrom |\bimport |\bimport\()"([@a-z][^"]*)"/g);
    const drivers = [...text.matchAll(/\bimportDriver\(([^()]+)\)/g)].flatMap(([, names = ""]) => [
      ...names.matchAll(/"([^"]+)"/g),
    ]);
    for (const [, name = ""] of [...imports, ...drivers]) if (!name.startsWith("node:")) named.add(packageOf(name));
  }
  // What a message tells the reader to write.
  named.delete(manifest.name);
  expect(Object.keys(manifest.peerDependencies ?? {}).toSorted()).toEqual([...named].toSorted());
});

test("every file in src is an export, and every export is a file in src", () => {
  const sources = execFileSync("sh", ["-c", "ls src/*.ts"], { cwd: root, encoding: "utf8" }).trim().split("\n");
  const exported = entries.map((entry) => (entry === "." ? "src/index.ts" : `src/${entry.slice(2)}.ts`));
  expect(exported.toSorted()).toEqual(sources.toSorted());
});

test("publint finds nothing", async () => {
  const { messages, pkg } = await publint({ pkgDir: root, strict: true });
  expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
});

test("all of it loads from the installed tarball, prints nothing and does nothing", () => {
  const names = entries.map((entry) => join(manifest.name, entry));
  // One process for all: most of its time it starts.
  const script = `const empty = [];
    for (const name of ${JSON.stringify(names)})
      if (Object.keys(await import(name)).length === 0) empty.push(name);
    if (empty.length > 0) throw new Error("these export nothing: " + empty);`;
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
    cwd: packed.folder,
    encoding: "utf8",
  });
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "", stderr: "" });
  expect(existsSync(join(packed.folder, "counterfoil.db"))).toBe(false);
});
