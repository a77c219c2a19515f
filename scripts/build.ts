/** Compiles src to dist, from scratch. */
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";

const root = new URL("..", import.meta.url);
rmSync(new URL("dist", root), { recursive: true, force: true });
execFileSync("tsc", ["--project", "tsconfig.json"], { cwd: root, stdio: "inherit" });
