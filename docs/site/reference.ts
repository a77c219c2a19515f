/**
 * Writes the API reference into `docs/reference`, a page for each entry of the package, and
 * `docs/llms.txt`. With `--check` it writes nothing, and fails if they are stale.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { Application, type TypeDocOptions } from "typedoc";
import type { PluginOptions } from "typedoc-plugin-markdown";
import { anchorsOf } from "./anchors.ts";
import { root } from "./links.ts";
import { llmsList } from "./llms.ts";
import { foldUnions, readableSignatures } from "./signatures.ts";
import { UNLINKED } from "./unlinked.ts";

const { name, exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  readonly name: string;
  readonly exports: Readonly<Record<string, string | { readonly types: string }>>;
};
/** Names of the files in `src`, without `.ts`, that are the entries of the package. */
const entries = Object.values(exports).flatMap((entry) =>
  typeof entry === "string" ? [] : [basename(entry.types, ".d.ts")],
);

const isCheck = process.argv.includes("--check");
const target = join(root, "docs/reference");
const stale: string[] = [];
/** Writes a file, or notes that it is stale. */
function put(file: string, text: string | undefined): void {
  const path = join(root, file);
  const present = existsSync(path) ? readFileSync(path, "utf8") : undefined;
  if (present === text) return;
  if (isCheck) stale.push(file);
  else if (text === undefined) rmSync(path);
  else writeFileSync(path, text);
}

// TypeDoc empties the folder it writes to, so it gets one of its own.
const folder = mkdtempSync(join(tmpdir(), "counterfoil-reference-"));
try {
  const pages = await generate(folder);
  if (!isCheck) mkdirSync(target, { recursive: true });
  const present = existsSync(target) ? readdirSync(target) : [];
  for (const file of new Set([...present, ...pages.keys()])) put(`docs/reference/${file}`, pages.get(file));
  put("docs/llms.txt", llmsList());
} finally {
  rmSync(folder, { recursive: true, force: true });
}
for (const file of stale) console.error(`${file} is stale: run npm run reference, and commit what it writes`);
if (stale.length > 0) process.exitCode = 1;

/** The text of each page, by the names of their files. */
async function generate(out: string): Promise<ReadonlyMap<string, string>> {
  const app = await Application.bootstrapWithPlugins(optionsFor(out));
  readableSignatures(app);
  const project = await app.convert();
  if (project === undefined) throw new Error("TypeDoc cannot read the entries");
  for (const entry of project.children ?? []) if (entry.name === "index") entry.name = name;
  foldUnions(project);
  app.validate(project);
  await app.generateOutputs(project);
  if (app.logger.hasErrors() || app.logger.hasWarnings())
    throw new Error("TypeDoc complains, see above: mend the comments that it names");
  const files = readdirSync(out).filter((file) => file !== "README.md");
  const pages = mendAnchors(
    new Map(files.map((file) => [file, tidy(file, readFileSync(join(out, file), "utf8"))] as const)),
  );
  return new Map([...pages, ["README.md", contents(pages)]]);
}

function optionsFor(out: string): TypeDocOptions & PluginOptions {
  return {
    name,
    out,
    plugin: ["typedoc-plugin-markdown"],
    tsconfig: join(root, "docs/tsconfig.reference.json"),
    // The first that exports a type explains it: that of stores is for authors of stores.
    entryPoints: entries
      .toSorted((one) => (one === "testing" ? -1 : 0))
      .map((entry) => join(root, "src", `${entry}.ts`)),
    // TypeScript 7 checks the types; TypeDoc needs an older one to read them.
    skipErrorChecking: true,
    intentionallyNotExported: [...UNLINKED],
    readme: "none",
    // Their lines would make the pages stale with each commit.
    disableSources: true,
    excludeExternals: true,
    excludeInternal: true,
    excludePrivate: true,
    sort: ["source-order"],
    groupOrder: ["Functions", "Classes", "Variables", "Interfaces", "Type Aliases"],
    router: "module",
    hidePageHeader: true,
    hideBreadcrumbs: true,
    useCodeBlocks: true,
    parametersFormat: "table",
    interfacePropertiesFormat: "table",
    typeAliasPropertiesFormat: "table",
    typeDeclarationFormat: "table",
    classPropertiesFormat: "table",
    tableColumnSettings: { hideDefaults: true, hideInherited: true, hideModifiers: true, hideOverrides: true },
  };
}

function tidy(file: string, text: string): string {
  return text
    .replace(/^# .*$/m, `# ${importOf(file)}`)
    .replaceAll(/[ \t]+$/gm, "")
    .trimEnd()
    .concat("\n");
}

/** TypeDoc counts more names than there are headings, so some links have too high a number. */
function mendAnchors(pages: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const anchors = new Map([...pages].map(([file, text]) => [file, anchorsOf(text)] as const));
  const mend = (file: string, text: string): string =>
    text.replaceAll(/\]\(((?:[\w-]+\.md)?)#([\w-]+)-(\d+)\)/g, (_, page: string, heading: string, number: string) => {
      let count = Number(number);
      const anchor = (): string => (count === 0 ? heading : `${heading}-${count}`);
      while (count > 0 && anchors.get(page || file)?.has(anchor()) !== true) count -= 1;
      return `](${page}#${anchor()})`;
    });
  return new Map([...pages].map(([file, text]) => [file, mend(file, text)] as const));
}

/** What an app imports, by the file of its page. */
function importOf(file: string): string {
  const entry = basename(file, ".md");
  return entry === name ? name : `${name}/${entry}`;
}

/** The first page: the entries, in the order of `package.json`, each with its first sentence. */
function contents(pages: ReadonlyMap<string, string>): string {
  const files = entries.map((entry) => `${entry === "index" ? name : entry}.md`);
  const rows = files.map((file) => {
    const paragraph = /^# .*\n\n([^#][^]*?)\n\n/.exec(pages.get(file) ?? "")?.[1]?.replaceAll("\n", " ");
    const [sentence] = /^.*?[.](?= |$)/.exec(paragraph ?? "") ?? [];
    if (sentence === undefined) throw new Error(`the entry ${importOf(file)} has no comment with @module`);
    return `| [\`${importOf(file)}\`](${file}) | ${sentence.replaceAll("|", "\\|")} |`;
  });
  return `# API reference

Every entry of the package has a page here with its functions and types, made of the comments that your editor shows. [Options](../options.md) explains the options of \`init\` by what they are for.

| entry | content |
| --- | --- |
${rows.join("\n")}
`;
}
