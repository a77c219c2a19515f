/**
 * Builds, packs, checks and publishes the package:
 *
 *   npm run release -- --dry-run    does all but publish, and says what it would
 *   npm run release                 in CI, for the tag of the version
 */
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildAndPack, findOwnNotices, listChecks } from "./release-checks.ts";
import { findRefusals, readManifest } from "./release-refusals.ts";

export interface ReleaseOptions {
  /** Folder of the checkout. */
  readonly root: string;
  readonly isDry: boolean;
  readonly print: (line: string) => void;
}

/** @returns whether it could be published, and was unless it was a dry run */
export async function release({ root, isDry, print }: ReleaseOptions): Promise<boolean> {
  const { name, version } = readManifest(root);
  const refusals = [...findRefusals(root), ...(isDry ? [] : findStrangers(root, version))];
  const folder = mkdtempSync(join(tmpdir(), "counterfoil-release-"));
  try {
    const packed = buildAndPack(root, join(folder, "first"));
    const again = buildAndPack(root, join(folder, "second"));
    const checked = join(folder, "checked");
    for (const [what, check] of Object.entries(listChecks([packed, again], checked))) {
      const faults = await check();
      print(`${faults.length === 0 ? "ok     " : "FAILED "} ${what}`);
      for (const fault of faults) print(`          ${fault}`);
      if (faults.length > 0) refusals.push(`"${what}" failed`);
    }
    for (const notice of findOwnNotices(checked, packed)) print(`notice  ${notice}`);
    const artefacts = join(root, "release");
    rmSync(artefacts, { recursive: true, force: true });
    mkdirSync(artefacts);
    const tarball = join(artefacts, basename(packed.path));
    copyFileSync(packed.path, tarball);
    copyFileSync(join(checked, "sbom.json"), join(artefacts, "sbom.json"));
    print(`package ${name}@${version}, ${packed.files.length} files, ${packed.size} bytes, ${packed.integrity}`);
    for (const refusal of refusals) print(`refused ${refusal}`);
    if (refusals.length > 0) return false;
    const command = ["publish", tarball, "--provenance", "--access", "public"];
    print(`${isDry ? "would run" : "runs"} npm ${command.join(" ")}`);
    if (!isDry) execFileSync("npm", command, { cwd: root, stdio: "inherit" });
    return true;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What is in the checkout and not in the commit of the tag. */
function findStrangers(root: string, version: string): readonly string[] {
  const git = (...args: readonly string[]): string =>
    execFileSync("git", args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  const refusals: string[] = [];
  if (git("status", "--porcelain") !== "") refusals.push("the checkout has changes that are in no commit");
  if (!git("tag", "--points-at", "HEAD").split("\n").includes(`v${version}`))
    refusals.push(`this commit has no tag v${version}`);
  return refusals;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const isDry = process.argv.includes("--dry-run");
  if (!(await release({ root, isDry, print: console.log }))) process.exitCode = 1;
}
