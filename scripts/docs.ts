/**
 * The tools of `docs`, which has its own packages and installs them when it is first asked.
 *
 *     npm run docs                    writes what is generated, and builds the site: docs/.site
 *     npm run docs -- --dev           serves the site, and follows changes of the pages
 *     npm run docs -- --check         fails if what is generated is stale, and builds the site
 *     npm run reference [-- --check]  only what is generated: docs/reference and docs/llms.txt
 *     npm run pictures [-- NAME...]   takes the pictures of docs/pictures, from the built site
 */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const docs = join(root, "docs");
const [task = "site", ...options] = process.argv.slice(2);

const run = (command: string, ...args: readonly string[]): void =>
  void execFileSync(command, args, { cwd: root, stdio: "inherit" });
const runFile = (file: string, ...args: readonly string[]): void => run(process.execPath, join(docs, file), ...args);
const vitepress = (command: string): void => runFile("node_modules/vitepress/bin/vitepress.js", command, docs);

if (!existsSync(join(docs, "node_modules/.package-lock.json"))) run("npm", "ci", "--prefix", docs, "--no-audit");

try {
  await perform();
} catch (error) {
  // The command has said what is wrong.
  process.exitCode = (error as { readonly status?: number }).status ?? 1;
}

async function perform(): Promise<void> {
  const isCheck = options.includes("--check");
  switch (task) {
    case "reference":
      return writeGenerated(isCheck);
    case "pictures":
      return runFile("site/pictures.ts", ...options);
    case "site":
      if (options.includes("--dev")) return vitepress("dev");
      if (isCheck) run("tsc", "--noEmit", "--project", docs);
      writeGenerated(isCheck);
      return vitepress("build");
    default:
      throw new Error(`there is no task ${task}`);
  }
}

function writeGenerated(isCheck: boolean): void {
  runFile("site/reference.ts", ...(isCheck ? ["--check"] : []));
}
