/**
 * The declarations of the tarball, under the compilers, resolutions and module formats that users
 * have.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { type InstalledTarball, installTarball, root } from "./installed-tarball.ts";

const CONSUMER = join(root, "test/package/consumer");
const PACKAGES = [
  "@nestjs",
  "@opentelemetry",
  "@types",
  "express",
  "express-oauth2-jwt-bearer",
  "fastify",
  "hono",
  "next",
  "react",
];
/** A folder and the `type` of its package; both compile the same sources. */
const FORMATS = { esm: "module", cjs: "commonjs" } as const;

interface Cell {
  /** Name of the package that holds the compiler. */
  readonly compiler: "typescript54" | "typescript59" | "typescript";
  readonly module: "node16" | "nodenext" | "esnext";
  readonly moduleResolution: "node16" | "nodenext" | "bundler";
  /**
   * Errors of CommonJS where the compiler knows no `require(esm)`, for an import of values and of
   * types.
   */
  readonly refusals?: { readonly values: string; readonly types: string };
}

// The compiler has known `require(esm)` under "nodenext" since TypeScript 5.8, and under "node16"
// never: that is Node 16, which has none.
const CELLS: readonly Cell[] = [
  {
    compiler: "typescript54",
    module: "nodenext",
    moduleResolution: "nodenext",
    refusals: { values: "TS1479", types: "TS1479" },
  },
  { compiler: "typescript54", module: "esnext", moduleResolution: "bundler" },
  { compiler: "typescript59", module: "nodenext", moduleResolution: "nodenext" },
  { compiler: "typescript59", module: "esnext", moduleResolution: "bundler" },
  { compiler: "typescript", module: "nodenext", moduleResolution: "nodenext" },
  { compiler: "typescript", module: "esnext", moduleResolution: "bundler" },
  {
    compiler: "typescript",
    module: "node16",
    moduleResolution: "node16",
    refusals: { values: "TS1479", types: "TS1541" },
  },
];

let installed: InstalledTarball;

beforeAll(() => {
  installed = installTarball(PACKAGES);
  const entries = Object.keys(manifest.exports).filter((entry) => !["./hono", "./package.json"].includes(entry));
  const imports = entries.map((entry, at) => `import * as m${at} from "${join(manifest.name, entry)}";\n`);
  const names = entries.map((_, at) => `m${at}`);
  for (const [format, type] of Object.entries(FORMATS)) {
    const folder = join(installed.folder, format);
    mkdirSync(folder);
    writeFileSync(join(folder, "package.json"), JSON.stringify({ type }));
    cpSync(CONSUMER, folder, { recursive: true });
    writeFileSync(join(folder, "entries.ts"), `${imports.join("")}export const entries = [${names.join(", ")}];\n`);
  }
});

afterAll(() => installed.remove());

function sourcesFor({ compiler }: Cell): readonly string[] {
  const all = Object.keys(FORMATS).flatMap((format) =>
    readdirSync(join(installed.folder, format)).map((name) => `${format}/${name}`),
  );
  const sources = all.filter((file) => file.endsWith(".ts"));
  // Hono's own declarations need TypeScript 5.7 (`Uint8Array<ArrayBuffer>`). Those of the other
  // packages, @types/node included, do without.
  return compiler === "typescript54" ? sources.filter((file) => !file.endsWith("/hono.ts")) : sources;
}

/** @returns each error as `file:line code`, sorted */
function compile(cell: Cell): readonly string[] {
  const { compiler, module, moduleResolution } = cell;
  const checked = ["--noEmit", "--strict", "--skipLibCheck", "false", "--target", "es2022", "--types", "node"];
  const resolved = ["--module", module, "--moduleResolution", moduleResolution, "--pretty", "false"];
  const tsc = join(root, "node_modules", compiler, "bin/tsc");
  const { status, stdout } = spawnSync(process.execPath, [tsc, ...checked, ...resolved, ...sourcesFor(cell)], {
    cwd: installed.folder,
    encoding: "utf8",
  });
  const errors = [...stdout.matchAll(/^(?:(\S+)\((\d+),\d+\): )?error (TS\d+)/gm)];
  expect(errors.length === 0, stdout).toBe(status === 0);
  return errors.map(([, file = "", line = "", code = ""]) => `${file}:${line} ${code}`).toSorted();
}

/** What the compiler must say of the imports of this package in CommonJS, and of nothing else. */
function refusedImports(cell: Cell): readonly string[] {
  const { refusals } = cell;
  if (refusals === undefined) return [];
  const refused = sourcesFor(cell).flatMap((file) => {
    if (!file.startsWith("cjs/")) return [];
    const lines = readFileSync(join(installed.folder, file), "utf8").split("\n");
    return lines.flatMap((line, at) => {
      const found = /^import (type )?.* from "counterfoil/.exec(line);
      if (found === null) return [];
      return [`${file}:${at + 1} ${found[1] === undefined ? refusals.values : refusals.types}`];
    });
  });
  return refused.toSorted();
}

test.each(CELLS)("$compiler, module $module, moduleResolution $moduleResolution", (cell) => {
  expect(compile(cell)).toEqual(refusedImports(cell));
});

test("a method with a type of its own is found", () => {
  const file = join(installed.folder, "node_modules/counterfoil/dist/lib/http/request-session.d.ts");
  const sound = readFileSync(file, "utf8");
  const unsound = sound.replace(
    "updateJwtPayload(value: Claims): Promise<Claims>",
    "updateJwtPayload<T = Claims>(value: T): Promise<T>",
  );
  expect(unsound).not.toBe(sound);
  writeFileSync(file, unsound);
  try {
    // Directives that expect an error where there is none.
    const errors = compile({ compiler: "typescript", module: "nodenext", moduleResolution: "nodenext" });
    expect(errors.length).toBeGreaterThan(0);
    expect(errors.filter((error) => !/sound-types\.ts:\d+ TS2578$/.test(error))).toEqual([]);
  } finally {
    writeFileSync(file, sound);
  }
});
