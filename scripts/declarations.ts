/** Which declarations of the build a compiler reads that resolves the entries of the package. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Declarations of `dist` that no entry of `package.json` leads to. @returns absolute paths */
export function unreachedDeclarations(root: URL): readonly string[] {
  const folder = fileURLToPath(root);
  const { exports } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
    readonly exports: Readonly<Record<string, string | { readonly types: string }>>;
  };
  const reached = new Set<string>();
  for (const entry of Object.values(exports)) if (typeof entry !== "string") reach(join(folder, entry.types), reached);
  const all = readdirSync(join(folder, "dist"), { recursive: true, encoding: "utf8" });
  return all
    .filter((file) => file.endsWith(".d.ts"))
    .map((file) => join(folder, "dist", file))
    .filter((file) => !reached.has(file))
    .toSorted();
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
