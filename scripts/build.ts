/** Compiles src to dist, from scratch. */
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";

const root = new URL("..", import.meta.url);
rmSync(new URL("dist", root), { recursive: true, force: true });
// The browser's half by itself, so that it cannot use what only Node has, nor the rest what only browsers have.
for (const project of ["tsconfig.json", "tsconfig.browser.json"])
  execFileSync("tsc", ["--project", project], { cwd: root, stdio: "inherit" });
