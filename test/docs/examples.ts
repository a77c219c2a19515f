/** The `@example`s of what users import, each made a file that compiles by itself. */
import { globSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import manifest from "../../package.json" with { type: "json" };
import { reachedDeclarations } from "../../scripts/declarations.ts";
import { root } from "./snippets.ts";
import { SURROUNDINGS } from "./surroundings.ts";

/** An example as editors show it to users. */
export interface Example {
  /** Source file and line, for instance `src/koa.ts:42`. */
  readonly place: string;
  readonly extension: "ts" | "tsx";
  /**
   * The example as it stands, after imports of what it uses and declarations of what an app has
   * around it.
   */
  readonly code: string;
}

const COMMENT = /\/\*\*.*?\*\//gs;
const FENCE = /@example\s+```(tsx?)\n(.*?)\n```/gs;
const ONE_LINE = /@example (.+)/g;

export async function readExamples(): Promise<readonly Example[]> {
  const dist = join(root, "dist");
  const shown = new Set(
    reachedDeclarations(pathToFileURL(`${root}/`), dist).map((file) => relative(dist, file).replace(/\.d\.ts$/, ".ts")),
  );
  const files = globSync("**/*.ts", { cwd: join(root, "src") }).filter(
    (file) => !file.endsWith(".test.ts") && shown.has(file),
  );
  return (await Promise.all(files.toSorted().map(examplesOf))).flat();
}

async function examplesOf(file: string): Promise<readonly Example[]> {
  const text = readFileSync(join(root, "src", file), "utf8");
  const found = [...text.matchAll(COMMENT)].flatMap(({ 0: comment, index }) => {
    const place = `src/${file}:${text.slice(0, index).split("\n").length}`;
    const content = comment.replaceAll(/\s*\*\/$/g, "").replaceAll(/^ *\* ?/gm, "");
    return [
      ...[...content.matchAll(FENCE)].map(([, extension, code = ""]) => ({ place, extension, code })),
      ...[...content.matchAll(ONE_LINE)].map(([, code = ""]) => ({ place, extension: "ts", code })),
    ];
  });
  const entry = entryOf(file);
  return Promise.all(
    found.map(async ({ place, extension, code }) => ({
      place,
      extension: extension === "tsx" ? "tsx" : "ts",
      code: `${await surround(entry, code)}${code}\nexport {};\n`,
    })),
  );
}

/** The entry that users import what a file declares from. */
function entryOf(file: string): string {
  const adapter = /^lib\/http\/adapters\/(\w+)-(?:calls|handlers)\.ts$/.exec(file);
  const folder = /^lib\/(?:browser\/)?(browser|xhr|worker|testing)\//.exec(file);
  const name = adapter?.[1] ?? folder?.[1] ?? (file.startsWith("lib/") ? "index" : file.replace(/\.ts$/, ""));
  return name === "index" ? manifest.name : `${manifest.name}/${name}`;
}

/** Names that an example uses and does not make itself. */
function freeNames(code: string): ReadonlySet<string> {
  const words = code.replaceAll(/"[^"]*"|\/\/.*/g, "").matchAll(/(?<![.\w$])[A-Za-z_$][\w$]*/g);
  const made = code.matchAll(/\b(?:const|function|class|interface|import) (\w+|\{[^}]*\})/g);
  const own = new Set([...made].flatMap(([, names = ""]) => names.match(/\w+/g) ?? []));
  return new Set([...words].map(([word]) => word).filter((word) => !own.has(word)));
}

async function surround(entry: string, code: string): Promise<string> {
  const free = freeNames(code);
  const lines: string[] = [];
  const take = async (from: string): Promise<void> => {
    const names = Object.keys((await import(from)) as object).filter((name) => free.has(name));
    if (names.length > 0) lines.push(`import { ${names.join(", ")} } from "${from}";`);
  };
  await take(entry);
  for (const [name, declaration] of Object.entries({ ...SURROUNDINGS.any, ...SURROUNDINGS.of[entry] }))
    if (free.has(name)) lines.push(declaration);
  return lines.map((line) => `${line}\n`).join("");
}
