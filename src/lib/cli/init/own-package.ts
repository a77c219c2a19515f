import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The package that this code is in. */
export interface OwnPackage {
  readonly folder: string;
  readonly version: string;
  /** Whether npm got it from a registry, from which others can get it, too. */
  readonly isFromRegistry: boolean;
}

export function findOwnPackage(): OwnPackage {
  const file = fileURLToPath(import.meta.resolve("counterfoil/package.json"));
  const folder = dirname(file);
  const { version } = JSON.parse(readFileSync(file, "utf8")) as { version: string };
  return { folder, version, isFromRegistry: isFromRegistry(folder, version) };
}

/** npm notes beside the packages where it got each of them. */
export function isFromRegistry(folder: string, version: string): boolean {
  try {
    const { packages } = JSON.parse(readFileSync(join(folder, "../.package-lock.json"), "utf8")) as {
      packages: Readonly<Record<string, { readonly resolved?: string } | undefined>>;
    };
    const resolved = packages["node_modules/counterfoil"]?.resolved ?? "";
    return resolved.startsWith("https://") && resolved.endsWith(`/-/counterfoil-${version}.tgz`);
  } catch {
    return false;
  }
}

/**
 * Packs the package into a folder. A link to the package's own folder would do less: it works on
 * this machine only, and the library would find the React of that folder and not the app's.
 *
 * @returns the name of the tarball
 */
export function packInto(folder: string, { folder: own, version }: OwnPackage): string {
  mkdirSync(folder, { recursive: true });
  const args = ["pack", "--silent", "--ignore-scripts", "--pack-destination", folder];
  const npm = process.env["npm_execpath"] ?? "";
  const [command, first] = /npm-cli\.c?js$/.test(npm) ? [process.execPath, [npm]] : ["npm", []];
  const isShell = command === "npm" && process.platform === "win32";
  execFileSync(command, [...first, ...args], { cwd: own, stdio: "ignore", shell: isShell });
  return `counterfoil-${version}.tgz`;
}
