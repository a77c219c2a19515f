import { cpSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { temporaryFolder } from "./fixtures.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/**
 * An app in a folder of its own, with the package as it is published, and with some drivers.
 *
 * @param program the text of its one file
 * @returns the path of that file
 */
export function makeApp(program: string, drivers: readonly string[]): string {
  const folder = temporaryFolder();
  const installed = join(folder, "node_modules/counterfoil");
  mkdirSync(installed, { recursive: true });
  for (const name of ["package.json", "dist"]) cpSync(join(root, name), join(installed, name), { recursive: true });
  for (const name of drivers) symlinkSync(join(root, "node_modules", name), join(folder, "node_modules", name));
  const file = join(folder, "app.mjs");
  writeFileSync(file, program);
  return file;
}
