/**
 * The package as package managers lay it out that show a package nothing but its own dependencies,
 * as pnpm does with `hoist=false`: in a store, beside links to its dependencies and to the peers
 * that the app has.
 */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import manifest from "../../package.json" with { type: "json" };

const root = fileURLToPath(new URL("../../", import.meta.url));
/** What the one package of the workspace has installed. */
const INSTALLED = ["@nestjs/common", "@nestjs/core", "mysql2", "pg"];

let workspace = "";

const link = (target: string, at: string): void => {
  mkdirSync(dirname(at), { recursive: true });
  symlinkSync(target, at);
};

beforeAll(() => {
  workspace = mkdtempSync(join(tmpdir(), "counterfoil-strict-"));
  const modules = join(workspace, "node_modules/.pnpm/counterfoil/node_modules");
  for (const part of ["dist", "package.json"])
    cpSync(join(root, part), join(modules, "counterfoil", part), { recursive: true });
  for (const name of INSTALLED) {
    const target = join(root, "node_modules", name);
    if (name in manifest.peerDependencies) link(target, join(modules, name));
    link(target, join(workspace, "packages/api/node_modules", name));
  }
  link(join(modules, "counterfoil"), join(workspace, "packages/api/node_modules/counterfoil"));
});
afterAll(() => rmSync(workspace, { recursive: true, force: true }));

/** Runs a program of the package, started from the root of the workspace. */
function run(program: string): string {
  const file = join(workspace, "packages/api/app.mjs");
  writeFileSync(file, program);
  return execFileSync(process.execPath, [file], { cwd: workspace, encoding: "utf8" }).trim();
}

test("an adapter finds its framework", () => {
  expect(run('import { SessionModule } from "counterfoil/nest"; console.log(typeof SessionModule.forRoot);')).toBe(
    "function",
  );
});

test.each(["mysql", "postgres"])("the store %s finds the driver that the app has", (store) => {
  const told = run(`
    import { createSessions } from "counterfoil";
    import { ${store} } from "counterfoil/${store}";
    // Nothing listens there, which only a driver can find out.
    const options = { host: "127.0.0.1", port: 1, database: "shop", user: "shop", timeout: "2s" };
    const sessions = createSessions({ store: ${store}(options), secret: "a secret of 32 characters or more" });
    await sessions.ready().catch(({ code }) => console.log(code));
    await sessions.close();
  `);
  expect(told).toBe("STORE_UNAVAILABLE");
});

test("a framework that the app has not installed is named", () => {
  expect(() => run('import "counterfoil/hono";')).not.toThrow();
  expect(() => run('import "counterfoil/next";')).toThrow("next");
});
