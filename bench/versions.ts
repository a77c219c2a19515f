import { readFileSync } from "node:fs";

/** Of a package as it is installed here. */
export function versionOf(name: string): string {
  for (const folder of ["node_modules", "../node_modules"]) {
    try {
      const text = readFileSync(new URL(`${folder}/${name}/package.json`, import.meta.url), "utf8");
      return (JSON.parse(text) as { readonly version: string }).version;
    } catch {
      // It stands in the other one.
    }
  }
  throw new Error(`${name} is not installed`);
}

/** `jose 6.2.18` */
export const named = (name: string): string => `${name} ${versionOf(name)}`;
