import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

/** What browsers may load, by the beginning of its path: the library for browsers, and the page. */
export const FOLDERS: readonly (readonly [path: string, folder: string])[] = [
  ["/counterfoil", dirname(fileURLToPath(import.meta.resolve("counterfoil/browser")))],
  ["", fileURLToPath(new URL("../public", import.meta.url))],
];
