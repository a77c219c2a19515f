import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { afterAll, beforeAll, expect, test } from "vitest";
import { unreachedDeclarations } from "../../scripts/declarations.ts";
import { bound } from "../fixtures/bounds.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  name: string;
  exports: Record<string, string | { types: string; default: string }>;
  dependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  peerDependenciesMeta?: Record<string, object>;
  scripts: Record<string, string>;
};
/** What an app of these entries has installed. */
const FRAMEWORKS = ["fastify", "hono", "next", "@nestjs", "react"];
const FRAMEWORK_ENTRIES = ["./fastify", "./hono", "./next", "./nest", "./react"];
const packageOf = (name: string): string => /^(?:@[^/]+\/)?[^/]+/.exec(name)?.[0] ?? name;
const entries = Object.keys(manifest.exports).filter((entry) => entry !== "./package.json");

let folder = "";
let packed: { filename: string; size: number; files: { path: string }[] };

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "counterfoil-package-"));
  const json = execFileSync("npm", ["pack", "--json", "--pack-destination", folder], {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  packed = (JSON.parse(json) as (typeof packed)[])[0]!;
  writeFileSync(join(folder, "package.json"), '{ "name": "consumer", "private": true, "type": "module" }');
  execFileSync("npm", ["install", "--offline", "--no-save", "--ignore-scripts", join(folder, packed.filename)], {
    cwd: folder,
    stdio: "ignore",
  });
  for (const name of FRAMEWORKS) symlinkSync(join(root, "node_modules", name), join(folder, "node_modules", name));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("the tarball holds the built library and the texts that users need, and nothing else", () => {
  const paths = packed.files.map(({ path }) => path);
  const strange = paths.filter(
    (path) =>
      !/^(dist\/.+\.(js|d\.ts)|docs\/(errors|options)\.md|(README|SECURITY)\.md|LICENSE|package\.json)$/.test(path),
  );
  expect(strange).toEqual([]);
  expect(paths.filter((path) => path.includes(".test."))).toEqual([]);
  const texts = ["README.md", "LICENSE", "SECURITY.md", "docs/errors.md", "docs/options.md"];
  expect(paths).toEqual(expect.arrayContaining(texts));
});

test("of the declarations the tarball holds those that a compiler reads, and no other", () => {
  const unreached = unreachedDeclarations(pathToFileURL(root)).map((file) => relative(root, file));
  const built = readdirSync(join(root, "dist"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".d.ts"))
    .map((file) => `dist/${file}`);
  expect(unreached.length).toBeGreaterThan(50);
  const declared = packed.files.map(({ path }) => path).filter((path) => path.endsWith(".d.ts"));
  expect(declared.toSorted()).toEqual(built.filter((file) => !unreached.includes(file)).toSorted());
});

test("the tarball stays under 300 kB", () => {
  expect(packed.size).toBeLessThan(300_000);
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
    if (!path.startsWith("dist/")) continue;
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
    cwd: folder,
    encoding: "utf8",
  });
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "", stderr: "" });
  expect(existsSync(join(folder, "counterfoil.db"))).toBe(false);
});

const isOwn = (entry: string): boolean => !FRAMEWORK_ENTRIES.includes(entry);

// Without skipLibCheck: our own declarations are checked, too, as a user's compiler may.
const CHECKED = { what: "all but frameworks", chosen: entries.filter(isOwn), options: [] };
// The declarations of frameworks are not ours to check.
const SKIPPED = { what: "all", chosen: entries, options: ["--skipLibCheck"] };
// Each compilation takes some 4 s of CPU, so the gate has each half and each resolution once.
const COMPILATIONS = [
  { moduleResolution: "nodenext", ...CHECKED },
  { moduleResolution: "bundler", ...SKIPPED },
];
const OTHER_COMPILATIONS = [
  { moduleResolution: "bundler", ...CHECKED },
  { moduleResolution: "nodenext", ...SKIPPED },
];

test.each(bound(COMPILATIONS, [...COMPILATIONS, ...OTHER_COMPILATIONS]))(
  "types of $what resolve under moduleResolution $moduleResolution",
  ({ moduleResolution, chosen, options }) => {
    const imports = chosen.map((entry, index) => `import * as m${index} from "${join(manifest.name, entry)}";`);
    const uses = chosen.map((_, index) => `export const u${index} = m${index};`);
    writeFileSync(join(folder, "consumer.ts"), [...imports, ...uses].join("\n"));
    const target = ["--noEmit", "--strict", "--target", "es2023"];
    const module = ["--module", moduleResolution === "bundler" ? "esnext" : "nodenext"];
    const types = ["--typeRoots", join(root, "node_modules/@types"), "--types", "node"];
    const all = [...target, ...module, ...types, ...options, "--moduleResolution", moduleResolution, "consumer.ts"];
    expect(() => execFileSync("tsc", all, { cwd: folder, encoding: "utf8", stdio: "pipe" })).not.toThrow();
  },
);
