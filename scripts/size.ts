/** Prints what each part of the browser's half adds to a page, minified and gzipped; fails where one is too large. */
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { rolldown } from "rolldown";

export interface PartSize {
  /** What a page imports. */
  readonly part: string;
  /** Minified and gzipped, without what it needs beside itself: the core, or React. */
  readonly bytes: number;
  /** What we want it to be, in bytes. */
  readonly target: number;
  /** Above that it fails. */
  readonly most: number;
}

const PARTS: readonly Omit<PartSize, "bytes">[] = [
  { part: "* of counterfoil/browser", target: 4000, most: 5000 },
  { part: "* of counterfoil/react", target: 1000, most: 1000 },
  { part: "* of counterfoil/xhr", target: 1500, most: 1500 },
  { part: "serveWorker of counterfoil/worker", target: 800, most: 800 },
  { part: "connectToPage of counterfoil/worker", target: 800, most: 800 },
];

/** Of the built library, as an app bundles it. */
export async function measureSizes(): Promise<readonly PartSize[]> {
  const core = await bundle("* of counterfoil/browser", new Set());
  const sizes: PartSize[] = [];
  for (const part of PARTS) {
    const isCore = part.part.endsWith("/browser");
    const { code } = await bundle(part.part, isCore ? new Set() : core.modules);
    sizes.push({ ...part, bytes: gzipSync(code, { level: 9 }).length });
  }
  return sizes;
}

const ENTRY = "size-of-a-part";

async function bundle(part: string, given: ReadonlySet<string>): Promise<{ code: string; modules: Set<string> }> {
  const [names = "", from = ""] = part.split(" of ");
  const entry = {
    name: ENTRY,
    resolveId: (id: string) => (id === ENTRY ? `\0${ENTRY}` : undefined),
    load: (id: string) =>
      id === `\0${ENTRY}` ? `export ${names === "*" ? "*" : `{ ${names} }`} from "${from}";` : undefined,
  };
  await using build = await rolldown({
    input: ENTRY,
    cwd: fileURLToPath(new URL("..", import.meta.url)),
    platform: "browser",
    logLevel: "silent",
    plugins: [entry],
    external: (id, _importer, isResolved) => id === "react" || (isResolved && given.has(id)),
  });
  const { output } = await build.generate({ format: "esm", minify: true });
  // What is given is in the page already, so the lines that import it are not.
  const code = output[0].code.replaceAll(/import\s*(?:[^;"'`]*?from)?\s*[`"'][^`"']*[`"'];/g, "");
  return { code, modules: new Set(output[0].moduleIds) };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const { part, bytes, target, most } of await measureSizes()) {
    const verdict = bytes > most ? "TOO LARGE" : bytes > target ? "over the target" : "";
    console.log(`${(bytes / 1000).toFixed(2)} kB of ${(target / 1000).toFixed(1)}  ${part}  ${verdict}`.trimEnd());
    if (bytes > most) process.exitCode = 1;
  }
}
