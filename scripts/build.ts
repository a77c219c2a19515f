/**
 * Compiles src to build, from scratch, and makes of that what is published: dist. The server's half
 * becomes entries that share a few chunks, since each file of it costs at every start; the
 * browser's half stays as it is, for the bundlers of apps.
 */
import { execFileSync } from "node:child_process";
import { copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";
import { reachedDeclarations } from "./declarations.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const compiled = join(root, "build");
const dist = join(root, "dist");
for (const folder of [compiled, dist]) rmSync(folder, { recursive: true, force: true });

// The browser's half by itself, so that it cannot use what only Node has, nor the rest what only
// browsers have. What tests use is for both.
for (const project of ["tsconfig.json", "tsconfig.browser.json", "tsconfig.testing.json"]) {
  const compile = (...options: readonly string[]): void =>
    void execFileSync("tsc", ["--project", project, ...options], { cwd: root, stdio: "inherit" });
  compile("--emitDeclarationOnly");
  // Editors show the comments of the declarations; in the code they were a quarter of what users
  // download.
  compile("--noCheck", "--removeComments", "--declaration", "false", "--isolatedDeclarations", "false");
}
// Its licence wants the notice in the file, which removeComments takes out.
const list = join(compiled, "lib/options/public-suffix-rules");
const [notice = ""] = readFileSync(`${list}.d.ts`, "utf8").split("export", 1);
writeFileSync(`${list}.js`, notice + readFileSync(`${list}.js`, "utf8"));
copyFileSync(join(root, "src/lib/options/public-suffix-rules.br"), `${list}.br`);

const filesOf = (folder: string): readonly string[] =>
  readdirSync(join(compiled, folder), { recursive: true, encoding: "utf8" }).map((file) => join(folder, file));

function publish(file: string): void {
  mkdirSync(dirname(join(dist, file)), { recursive: true });
  copyFileSync(join(compiled, file), join(dist, file));
}

/** What a page loads, and what both halves do: it has no part in the chunks. */
const BROWSER = [
  "browser.js",
  "react.js",
  "xhr.js",
  "worker.js",
  "devices.js",
  "step-up.js",
  "open-pages.js",
  "protocol.js",
];
for (const file of [...BROWSER, ...filesOf("lib/browser").filter((name) => name.endsWith(".js"))]) publish(file);
// No user's compiler reads half of the declarations.
for (const file of reachedDeclarations(new URL("..", import.meta.url), compiled)) publish(relative(compiled, file));
copyFileSync(`${list}.br`, join(dist, "public-suffix-rules.br"));

/** Under a licence of its own, with the notice in its first lines. */
const RULES = "public-suffix-rules.js";
copyFileSync(`${list}.js`, join(dist, RULES));

/** Files of their own, which stand beside every chunk. */
const apart: Plugin = {
  name: "apart",
  setup(bundling) {
    // A page's half, which must not be there twice.
    bundling.onResolve({ filter: /^\.\/lib\/browser\// }, ({ path }) => ({ path, external: true }));
    bundling.onResolve({ filter: /\/(?:protocol|public-suffix-rules)\.js$/ }, ({ path }) => ({
      path: `./${basename(path)}`,
      external: true,
    }));
    // Whether they need files, "imports" of package.json decides in the app's bundle.
    bundling.onResolve({ filter: /\/(?:sqlite|secret-file)\.js$/ }, ({ path, kind }) =>
      kind === "dynamic-import" ? { path: `#${basename(path, ".js")}`, external: true } : undefined,
    );
  },
};

const entries = readdirSync(compiled).filter((file) => file.endsWith(".js") && !BROWSER.includes(file));
const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: [
    ...entries.map((file) => ({ in: join(compiled, file), out: file.slice(0, -".js".length) })),
    { in: join(compiled, "lib/cli/main.js"), out: "cli" },
    { in: join(compiled, "lib/session/secret-file.js"), out: "secret-file" },
    { in: join(compiled, "lib/session/no-files.js"), out: "no-files" },
  ],
  outdir: dist,
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  packages: "external",
  target: "es2023",
  chunkNames: "[name]-[hash]",
  metafile: true,
  plugins: [apart],
  logLevel: "error",
});
// Tests ask it which of our files a chunk has.
writeFileSync(join(compiled, "chunks.json"), JSON.stringify(metafile.outputs));

// A hundredth less to download than the spaces of the compilers.
for (const file of readdirSync(dist, { recursive: true, encoding: "utf8" })) {
  if (/\.(?:js|d\.ts)$/.test(file)) indentWithTabs(join(dist, file));
}

// After that, because they are files of apps.
cpSync(join(root, "templates"), join(dist, "templates"), { recursive: true });

/** Leaves a file alone that has a text of several lines, in which spaces may mean something. */
function indentWithTabs(file: string): void {
  const lines = readFileSync(file, "utf8").split("\n");
  const width = file.endsWith(".d.ts") || lines.some((line) => /^ {4}\S/.test(line) && !lines.includes("  ")) ? 4 : 2;
  let ticks = 0;
  for (const line of lines) {
    ticks += line.split("`").length - 1;
    if (ticks % 2 === 1 && file.endsWith(".js")) return;
  }
  const spaces = new RegExp(`^(?: {${width}})+`);
  const tabbed = lines.map((line) => line.replace(spaces, (found) => "\t".repeat(found.length / width)));
  writeFileSync(file, tabbed.join("\n"));
}
