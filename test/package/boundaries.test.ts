import { execFileSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";

const root = new URL("../../", import.meta.url);

/** Lints a file that holds nothing but one import, where it would stand in the tree. */
function lintImport(folder: string, specifier: string): string {
  const file = new URL(`${folder}/boundary-probe.ts`, root);
  writeFileSync(file, `import * as probe from "${specifier}";\nexport const used: unknown = probe;\n`);
  try {
    execFileSync("oxlint", [file.pathname], { cwd: root, encoding: "utf8", stdio: "pipe" });
    return "";
  } catch (error) {
    return (error as { stdout: string }).stdout;
  } finally {
    rmSync(file);
  }
}

const forbidden: readonly { readonly from: string; readonly to: string }[] = [
  { from: "src/lib/session", to: "../http/cookies.ts" },
  { from: "src/lib/session", to: "../store/sqlite-store.ts" },
  { from: "src/lib/session", to: "../../sqlite.ts" },
  { from: "src/lib/config", to: "../http/csrf.ts" },
  { from: "src/lib/revocation", to: "../store/memory-store.ts" },
  { from: "src/lib/token", to: "../session/sessions.ts" },
  { from: "src/lib/key", to: "../session/sessions.ts" },
  { from: "src/lib/key", to: "../store/sqlite-store.ts" },
  { from: "src/lib/http", to: "../store/sqlite-store.ts" },
  { from: "src/lib/http", to: "../token/jwt.ts" },
  { from: "src/lib/http", to: "express" },
  { from: "src/lib/http", to: "@nestjs/common" },
  { from: "src/lib/http", to: "next/server.js" },
  { from: "src/lib/testing", to: "../http/cookies.ts" },
  { from: "src/lib/testing", to: "../store/memory-store.ts" },
  { from: "src/lib/browser", to: "../session/sessions.ts" },
  { from: "src/lib/browser", to: "../errors.ts" },
  { from: "src/lib/browser", to: "../../index.ts" },
  { from: "src/lib/browser", to: "node:crypto" },
  { from: "src/lib/cli", to: "../session/sessions.ts" },
  { from: "src/lib/store", to: "../token/jwt.ts" },
  { from: "src/lib/store", to: "../session/sessions.ts" },
  { from: "src", to: "./express.ts" },
  { from: "src", to: "./nest.ts" },
];

const allowed: readonly { readonly from: string; readonly to: string }[] = [
  { from: "src/lib/session", to: "../store/session-store.ts" },
  { from: "src/lib/key", to: "../token/jwt.ts" },
  { from: "src/lib/http", to: "../session/sessions.ts" },
  { from: "src/lib/store", to: "../session/record.ts" },
  { from: "src/lib/store", to: "../session/handle.ts" },
  { from: "src/lib/testing", to: "../session/sessions.ts" },
  { from: "src/lib/browser", to: "../../protocol.ts" },
  { from: "src/lib/browser", to: "./session-lock.ts" },
  { from: "src", to: "./lib/http/routes.ts" },
];

test.each(forbidden)("$from may not import $to", ({ from, to }) => {
  expect(lintImport(from, to)).toContain("no-restricted-imports");
});

test.each(allowed)("$from may import $to", ({ from, to }) => {
  expect(lintImport(from, to)).not.toContain("no-restricted-imports");
});
