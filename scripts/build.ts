/** Compiles src to dist, from scratch. */
import { execFileSync } from "node:child_process";
import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { unreachedDeclarations } from "./declarations.ts";

const root = new URL("..", import.meta.url);
rmSync(new URL("dist", root), { recursive: true, force: true });
// The browser's half by itself, so that it cannot use what only Node has, nor the rest what only
// browsers have.
for (const project of ["tsconfig.json", "tsconfig.browser.json"]) {
  const compile = (...options: readonly string[]): void =>
    void execFileSync("tsc", ["--project", project, ...options], { cwd: root, stdio: "inherit" });
  compile("--emitDeclarationOnly");
  // Editors show the comments of the declarations; in the code they were a quarter of what users
  // download.
  compile("--noCheck", "--removeComments", "--declaration", "false", "--isolatedDeclarations", "false");
}
// Its licence wants the notice in the file, which removeComments takes out.
const list = (ending: string): URL => new URL(`dist/lib/options/public-suffix-rules${ending}`, root);
const [notice = ""] = readFileSync(list(".d.ts"), "utf8").split("export", 1);
writeFileSync(list(".js"), notice + readFileSync(list(".js"), "utf8"));
copyFileSync(new URL("src/lib/options/public-suffix-rules.br", root), list(".br"));
// No user's compiler reads half of the declarations, so npm leaves those out of the tarball.
const dist = new URL("dist/", root);
const unreached = unreachedDeclarations(root).map((file) => `/${relative(fileURLToPath(dist), file)}`);
writeFileSync(new URL(".npmignore", dist), `${unreached.join("\n")}\n`);
// A hundredth less to download than the four spaces of tsc.
for (const file of readdirSync(dist, { recursive: true, encoding: "utf8" })) {
  if (/\.(?:js|d\.ts)$/.test(file)) indentWithTabs(new URL(file, dist));
}

/** Leaves a file alone that has a text of several lines, in which spaces may mean something. */
function indentWithTabs(file: URL): void {
  const lines = readFileSync(file, "utf8").split("\n");
  let ticks = 0;
  for (const line of lines) {
    ticks += line.split("`").length - 1;
    if (ticks % 2 === 1 && file.pathname.endsWith(".js")) return;
  }
  const tabbed = lines.map((line) => line.replace(/^(?: {4})+/, (spaces) => "\t".repeat(spaces.length / 4)));
  writeFileSync(file, tabbed.join("\n"));
}
