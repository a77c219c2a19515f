import { type ErrorCode, ERRORS } from "../../src/lib/error-types.ts";
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AuthError, SessionError } from "counterfoil";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readExamples } from "./examples.ts";
import { readSnippets, root } from "./snippets.ts";

const snippets = readSnippets();
const examples = await readExamples();
const fileOf = (place: string, extension = "ts"): string => `${place.replaceAll(/[^A-Za-z0-9]+/g, "-")}.${extension}`;
let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "counterfoil-docs-"));
  // As a user has it: the package by its name, and nothing of this repository's settings.
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  writeFileSync(join(folder, "package.json"), '{ "name": "reader", "private": true, "type": "module" }');
  const compilerOptions = {
    strict: true,
    noEmit: true,
    target: "es2023",
    module: "nodenext",
    types: ["node"],
    skipLibCheck: true,
    // As NestJS and React demand.
    experimentalDecorators: true,
    jsx: "react-jsx",
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions }));
  copyFileSync(join(root, "test/docs/not-installed.d.ts"), join(folder, "not-installed.d.ts"));
  for (const { place, extension, code } of snippets)
    writeFileSync(join(folder, fileOf(place, extension)), `${code}\nexport {};\n`);
  for (const { place, extension, code } of examples) writeFileSync(join(folder, fileOf(place, extension)), code);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("there are snippets to check", () => {
  expect(snippets.length).toBeGreaterThan(5);
  expect(examples.length).toBeGreaterThan(50);
});

test("every snippet and every example of the API compiles as it stands, under strict settings", () => {
  let errors = "";
  try {
    execFileSync("tsc", ["--project", folder], { encoding: "utf8", stdio: "pipe" });
  } catch (error) {
    errors = (error as { stdout: string }).stdout;
  }
  expect(errors).toBe("");
});

test.each(snippets.filter(({ runs, database }) => runs && database === undefined))("$place runs", ({ place }) => {
  const cwd = join(folder, "run", place.replaceAll(/[^A-Za-z0-9]+/g, "-"));
  mkdirSync(cwd, { recursive: true });
  const output = execFileSync(process.execPath, [join(folder, fileOf(place))], {
    cwd,
    encoding: "utf8",
    stdio: "pipe",
  });
  expect(output.trim()).not.toBe("");
  expect(output).not.toContain("false");
});

test("docs/errors.md has one heading for each error code, and no other", () => {
  const codesIn = (file: string, type: string): readonly string[] => {
    const union = new RegExp(`export type ${type} =(.*?);`, "s").exec(readFileSync(join(root, file), "utf8"));
    return [...(union?.[1] ?? "").matchAll(/"([A-Z_]+)"/g)].map(([, code = ""]) => code);
  };
  const clientCodes = codesIn("src/lib/browser/session-client-error.ts", "SessionClientErrorCode");
  expect(clientCodes.length).toBeGreaterThan(5);
  // The page has codes of the server, too.
  const codes = [...new Set([...Object.keys(ERRORS), ...clientCodes])];
  const headings = [...readFileSync(join(root, "docs/errors.md"), "utf8").matchAll(/^### (.+)$/gm)].map(
    ([, code = ""]) => code,
  );
  expect(codes.length).toBeGreaterThan(20);
  expect(headings.toSorted()).toEqual(codes.toSorted());
});

test("docs/errors.md has the table of codes, kinds and statuses as it is", () => {
  const rows = readFileSync(join(root, "docs/errors.md"), "utf8").matchAll(
    /^\| `([A-Z_]+)` \| `([A-Z_]+)` \| (\d+) \|$/gm,
  );
  const drawn = [...rows].map(([, code, kind, status]) => [code, { kind, status: Number(status) }]);
  expect(Object.fromEntries(drawn)).toEqual(ERRORS);
  expect(drawn).toHaveLength(Object.keys(ERRORS).length);
});

test("an error names its heading", () => {
  const headings = [...readFileSync(join(root, "docs/errors.md"), "utf8").matchAll(/^### (.+)$/gm)];
  const anchors = headings.map(([, code = ""]) => `docs/errors.md#${code.toLowerCase()}`);
  const codes = Object.keys(ERRORS) as ErrorCode[];
  for (const code of codes) expect(anchors).toContain(new SessionError(AuthError.GENERAL_ERROR, code, "").docs);
  const error = new SessionError(AuthError.UNAUTHORISED, "SESSION_EXPIRED", "the session has ended");
  expect(error.docs).toBe("docs/errors.md#session_expired");
});
