import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root: string = fileURLToPath(new URL("../../", import.meta.url));

/** An app that has installed the package from its tarball. */
export interface InstalledTarball {
  readonly folder: string;
  readonly size: number;
  readonly files: readonly { readonly path: string }[];
  remove(): void;
}

/** @param others packages of this repository that the app has installed, too */
export function installTarball(others: readonly string[]): InstalledTarball {
  const folder = mkdtempSync(join(tmpdir(), "counterfoil-package-"));
  const json = execFileSync("npm", ["pack", "--json", "--pack-destination", folder], {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [packed] = JSON.parse(json) as readonly (Pick<InstalledTarball, "size" | "files"> & { filename: string })[];
  if (packed === undefined) throw new Error("npm pack has packed nothing");
  writeFileSync(join(folder, "package.json"), '{ "name": "consumer", "private": true, "type": "module" }');
  execFileSync("npm", ["install", "--offline", "--no-save", "--ignore-scripts", join(folder, packed.filename)], {
    cwd: folder,
    stdio: "ignore",
  });
  for (const name of others) {
    const place = join(folder, "node_modules", name);
    mkdirSync(dirname(place), { recursive: true });
    symlinkSync(join(root, "node_modules", name), place);
  }
  const { size, files } = packed;
  return { folder, size, files, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
