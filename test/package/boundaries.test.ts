import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";

interface Import {
  /** A folder, or a file of its own rule. */
  readonly from: string;
  readonly to: string;
}

const CONFIG = fileURLToPath(new URL("../../.oxlintrc.json", import.meta.url));

const forbidden: readonly Import[] = [
  { from: "src/protocol.ts", to: "./lib/errors.ts" },
  { from: "src/lib/http", to: "express" },
  { from: "src/lib/http/adapters", to: "@nestjs/common" },
  { from: "src/lib/session", to: "next/server.js" },
  { from: "src/lib/browser", to: "node:crypto" },
  { from: "src/lib/browser/worker", to: "node:crypto" },
  { from: "src", to: "./express.ts" },
  { from: "src", to: "./nest.ts" },
];

const allowed: readonly Import[] = [
  { from: "src/lib/http", to: "../session/sessions.ts" },
  { from: "src/lib/browser", to: "./session-lock.ts" },
  { from: "src/lib/store", to: "node:module" },
  { from: "src", to: "./lib/http/routes.ts" },
];

/**
 * What oxlint says about each file that holds nothing but one of the imports, where it would stand
 * in the tree.
 */
const complaints = new Map<Import, readonly string[]>();
let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "counterfoil-boundaries-"));
  cpSync(CONFIG, join(folder, ".oxlintrc.json"));
  const imports = [...forbidden, ...allowed];
  const files = imports.map(({ from }, index) => (from.endsWith(".ts") ? from : `${from}/probe-${index}.ts`));
  for (const [index, { to }] of imports.entries()) {
    const path = join(folder, files[index] ?? "");
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `import * as probe from "${to}";\nexport const used: unknown = probe;\n`);
  }
  const { stdout, stderr } = spawnSync("oxlint", ["--format", "json"], { cwd: folder, encoding: "utf8" });
  expect(stderr).toBe("");
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: readonly Diagnostic[] };
  for (const [index, one] of imports.entries()) {
    const own = diagnostics.filter(({ code, filename }) => isBoundary(code) && filename === files[index]);
    complaints.set(one, own.map(textOf));
  }
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Diagnostic {
  readonly code: string;
  readonly filename: string;
  readonly message: string;
  readonly help?: string;
}

const isBoundary = (code: string): boolean => code.includes("no-restricted-imports");
const textOf = ({ message, help = "" }: Diagnostic): string => `${message} ${help}`;

test.each(forbidden)("$from may not import $to", (one) => {
  expect(complaints.get(one)).toHaveLength(1);
});

test.each(allowed)("$from may import $to", (one) => {
  expect(complaints.get(one)).toEqual([]);
});

test("each boundary of the linter is shown to hold", () => {
  const told = [...complaints.values()].flat().join("\n");
  const boundaries = [...readFileSync(CONFIG, "utf8").matchAll(/"message": "([^"]+)"/g)].map(
    ([, message = ""]) => message,
  );
  expect(boundaries.length).toBe(4);
  expect(boundaries.filter((message) => !told.includes(message))).toEqual([]);
});

// They translate and never decide: a longer one has taken a rule in.
const ADAPTERS = ["express", "fastify", "hono", "koa", "nest", "next", "node", "web", "websocket"];

/** Nest's decorators, guards and filters are classes, which take some lines more. */
const mostLinesOf = (name: string): number => (name === "nest" ? 105 : 90);

test.each(ADAPTERS)("the adapter %s has at most 90 lines of code, and nest 105", (name) => {
  const text = readFileSync(new URL(`../../src/${name}.ts`, import.meta.url), "utf8");
  // Comments stand on lines of their own.
  const code = text.split("\n").filter((line) => !/^\s*(?:$|\/\*|\*|\/\/)/.test(line));
  expect(code.length).toBeGreaterThan(10);
  expect(code.length).toBeLessThanOrEqual(mostLinesOf(name));
});
