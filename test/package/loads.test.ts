/** What an import loads: few apps need all of it, and every start pays for it. */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, onTestFinished, test } from "vitest";

const run = promisify(execFile);
const dist = new URL("../../dist/", import.meta.url);

interface Chunk {
  readonly inputs: Readonly<Record<string, unknown>>;
}

/** The files of ours that each published file is made of. */
const chunks = JSON.parse(readFileSync(new URL("../../build/chunks.json", import.meta.url), "utf8")) as Readonly<
  Record<string, Chunk>
>;

interface Loaded {
  /** Published files. */
  readonly files: readonly string[];
  /** Built-in modules, and the compiled files in the published ones. */
  readonly modules: readonly string[];
}

/** What is loaded while `code` runs. */
async function loadedBy(code: string): Promise<Loaded> {
  const script = `
    import { registerHooks } from "node:module";
    const urls = [];
    registerHooks({ load: (url, context, next) => (urls.push(url), next(url, context)) });
    ${code}
    console.log(JSON.stringify(urls));`;
  const { stdout } = await run(process.execPath, ["--input-type=module", "-e", script]);
  const urls = JSON.parse(stdout) as string[];
  const files = urls.filter((url) => url.startsWith(dist.href)).map((url) => url.slice(dist.href.length));
  const compiled = files.flatMap((file) => Object.keys(chunks[`dist/${file}`]?.inputs ?? { [`build/${file}`]: {} }));
  return { files, modules: [...urls.filter((url) => url.startsWith("node:")), ...compiled] };
}

const urlOf = (entry: string): string => JSON.stringify(new URL(`${entry}.js`, dist).href);
const imports = (entry: string): Promise<Loaded> => loadedBy(`await import(${urlOf(entry)});`);

const SQLITE = /sqlite|lib\/store\/(?:migration|sql\/)/;
const FILES = /^node:fs|secret-file/;
const named = (pattern: RegExp, { modules }: Loaded): readonly string[] => modules.filter((name) => pattern.test(name));

describe.each([
  { entry: "index", most: 17 },
  { entry: "memory", most: 9 },
  { entry: "web", most: 19 },
  { entry: "express", most: 21 },
  { entry: "node", most: 21 },
  { entry: "koa", most: 19 },
  { entry: "console", most: 21 },
])("counterfoil/$entry", ({ entry, most }) => {
  test(`loads neither SQLite nor the file system, and ${most} files at most`, async () => {
    const loaded = await imports(entry);
    expect(loaded.files).toContain(`${entry}.js`);
    expect(named(FILES, loaded)).toEqual([]);
    if (entry !== "memory") expect(named(SQLITE, loaded)).toEqual([]);
    expect(loaded.files.length).toBeLessThanOrEqual(most);
  });
});

test("the instance without a store loads SQLite when it opens, and not before", async () => {
  const folder = mkdtempSync(join(tmpdir(), "counterfoil-loads-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const making = `const { createSessions } = await import(${urlOf("index")});
    process.chdir(${JSON.stringify(folder)});
    const sessions = createSessions({ secret: "s".repeat(43) });`;
  expect(named(SQLITE, await loadedBy(making))).toEqual([]);
  const opened = await loadedBy(`${making} await sessions.ready(); await sessions.close();`);
  expect(named(SQLITE, opened)).toEqual(expect.arrayContaining(["build/sqlite.js", "node:sqlite"]));
});

test("the rules of public suffixes are read where a cookie has a domain, and not before", async () => {
  const read = async (config: string): Promise<string> => {
    const script = `
      import fs from "node:fs";
      const { createSessions } = await import(${urlOf("index")});
      const read = [];
      const { readFileSync } = fs;
      fs.readFileSync = (path, ...rest) => (read.push(String(path)), readFileSync(path, ...rest));
      try { createSessions(${config}); } catch (error) { read.push(error.faults[0].path); }
      console.log(read.map((path) => path.replace(/.*\\//, "")).join());`;
    return (await run(process.execPath, ["--input-type=module", "-e", script])).stdout.trim();
  };
  expect(await read(`{ secret: "s".repeat(43) }`)).toBe("");
  expect(await read(`{ secret: "s".repeat(43), cookie: { domain: "co.uk" } }`)).toBe(
    "public-suffix-rules.br,cookie.domain",
  );
});
