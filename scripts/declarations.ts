/** Which declarations of the build a compiler reads that resolves the entries of the package. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * Declarations of a folder to which the entries of `package.json` lead.
 *
 * @returns absolute paths
 */
export function reachedDeclarations(root: URL, folder: string): readonly string[] {
  const { exports } = JSON.parse(readFileSync(new URL("package.json", root), "utf8")) as {
    readonly exports: Readonly<Record<string, string | { readonly types: string }>>;
  };
  const reached = new Set<string>();
  for (const entry of Object.values(exports))
    if (typeof entry !== "string") reach(join(folder, entry.types.replace("./dist/", "")), reached);
  return [...reached].toSorted();
}

/** Specifiers of `import ... from`, `export ... from`, `import "..."` and `import("...")`. */
const SPECIFIERS = /\b(?:from|import)\s*\(?\s*"([^"]+)"/g;

function reach(file: string, reached: Set<string>): void {
  if (reached.has(file)) return;
  reached.add(file);
  for (const [, name = ""] of readFileSync(file, "utf8").matchAll(SPECIFIERS)) {
    if (name.startsWith(".")) reach(join(dirname(file), name.replace(/\.(?:js|ts)$/, ".d.ts")), reached);
  }
}
