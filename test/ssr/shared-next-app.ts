/**
 * The app of Next.js that several test files ask: a build takes some 20 s of CPU, so a version is
 * built once a run.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** A package under node_modules: Next.js 16 and 15. */
export type NextPackage = "next" | "next15";

/** Below the repository, so that React is found, and a place that git does not see. */
export const sharedNextFolder = (version: NextPackage): string => join(ROOT, ".vitest/shared-next", version);

/**
 * Builds the pages of the cross-site tests, in Next.js 16 together with the routes of the clauses
 * on adapters. The library is there as it is installed: in node_modules.
 *
 * @throws when the build fails, with what it has printed
 */
export async function buildSharedNext(version: NextPackage): Promise<void> {
  const folder = sharedNextFolder(version);
  const modules = join(folder, "node_modules");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(modules, { recursive: true });
  cpSync(join(ROOT, "test/ssr/cross-site-app"), folder, { recursive: true });
  if (version === "next") {
    rmSync(join(folder, "middleware.js"));
    cpSync(join(ROOT, "test/adapters/next-app"), folder, { recursive: true });
    for (const file of ["setup.ts", "web-routes.ts"])
      cpSync(join(ROOT, "test/adapters", file), join(folder, "lib", file));
  }
  for (const part of ["dist", "package.json"])
    cpSync(join(ROOT, part), join(modules, "counterfoil", part), { recursive: true });
  // Next asks for parts of itself by its own name, so a link to a folder of another name would mix
  // two versions.
  execFileSync("cp", ["-al", join(ROOT, "node_modules", version), join(modules, "next")]);
  const child = runSharedNext(version, ["build"]);
  const [said, [code]] = await Promise.all([outputOf(child), once(child, "exit")]);
  if (code !== 0) throw new Error(`next build failed:\n${said}`);
}

/** Next's own command, in the folder of the app. */
export function runSharedNext(
  version: NextPackage,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): ChildProcess {
  const cwd = sharedNextFolder(version);
  return spawn(process.execPath, [join(cwd, "node_modules/next/dist/bin/next"), ...args], {
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1", ...env },
  });
}

/** All that a process prints. */
export async function outputOf({ stdout, stderr }: ChildProcess): Promise<string> {
  const streams = [stdout, stderr].filter((stream) => stream !== null);
  return (await Promise.all(streams.map((stream) => text(stream)))).join("");
}
