/**
 * Prints what each part of the browser's half adds to a page, minified and gzipped; fails where one
 * is too large.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

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
  { part: "* of counterfoil/browser", target: 4600, most: 5000 },
  {
    part: "SessionProvider, SignedIn, useSession, useSessionClient, useSessionEvent, useSessionFetch of counterfoil/react",
    target: 1000,
    most: 1000,
  },
  { part: "* of counterfoil/react", target: 1650, most: 1700 },
  { part: "* of counterfoil/devices", target: 800, most: 800 },
  { part: "* of counterfoil/step-up", target: 600, most: 600 },
  { part: "* of counterfoil/open-pages", target: 900, most: 900 },
  { part: "* of counterfoil/xhr", target: 1500, most: 1550 },
  { part: "serveWorker of counterfoil/worker", target: 800, most: 800 },
  { part: "connectToPage of counterfoil/worker", target: 800, most: 800 },
];

/** Of the built library, as an app bundles it. */
export async function measureSizes(): Promise<readonly PartSize[]> {
  const core = await bundle("* of counterfoil/browser", []);
  const sizes: PartSize[] = [];
  for (const part of PARTS) {
    const isCore = part.part.endsWith("/browser");
    const { code } = await bundle(part.part, isCore ? [] : core.modules);
    sizes.push({ ...part, bytes: gzipSync(code, { level: 9 }).length });
  }
  return sizes;
}

const ROOT = fileURLToPath(new URL("..", import.meta.url));

async function bundle(part: string, given: readonly string[]): Promise<{ code: string; modules: readonly string[] }> {
  const [names = "", from = ""] = part.split(" of ");
  const { outputFiles, metafile } = await build({
    stdin: { contents: `export ${names === "*" ? "*" : `{ ${names} }`} from "${from}";`, resolveDir: ROOT },
    absWorkingDir: ROOT,
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    external: ["react", ...given],
    metafile: true,
    write: false,
  });
  // What is given is in the page already, so the lines that import it are not.
  const code = (outputFiles[0]?.text ?? "").replaceAll(/import\s*(?:[^;"'`]*?from)?\s*[`"'][^`"']*[`"'];/g, "");
  const modules = Object.keys(metafile.inputs).filter((input) => input.endsWith(".js"));
  return { code, modules: modules.map((input) => join(ROOT, input)) };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const { part, bytes, target, most } of await measureSizes()) {
    const verdict = bytes > most ? "TOO LARGE" : bytes > target ? "over the target" : "";
    console.log(`${(bytes / 1000).toFixed(2)} kB of ${(target / 1000).toFixed(1)}  ${part}  ${verdict}`.trimEnd());
    if (bytes > most) process.exitCode = 1;
  }
}
