/**
 * The package inside an app's bundle for a server. What a user bundles with has no file of ours
 * beside it.
 */
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build, type BuildOptions } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { describeWithServer } from "../servers/describe-with-server.ts";
import { sharedMariaDb, sharedPostgres, sharedRedis } from "../servers/shared.ts";
import type { BundledStore } from "./bundled/sign-in.ts";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../../", import.meta.url));
const DRIVERS = ["mysql2", "pg", "redis"];

let folder = "";
const source = (): string => join(folder, "app/app.ts");
/** Nothing is installed near it. */
const output = (name: string): string => join(folder, "bundled", name);

interface Bundler {
  readonly name: string;
  readonly file: string;
  /** Whether it takes the rules of public suffixes along, which are a file beside the code. */
  readonly hasRules: boolean;
  readonly bundle: () => Promise<unknown>;
}

const byEsbuild = (file: string, options: BuildOptions): Bundler => ({
  name: `esbuild, ${options.format}`,
  file,
  hasRules: false,
  bundle: () =>
    build({
      entryPoints: [source()],
      outfile: output(file),
      bundle: true,
      platform: "node",
      logLevel: "error",
      // pg asks for it and does without.
      external: ["pg-native"],
      ...options,
    }),
});

const BUNDLERS: readonly Bundler[] = [
  byEsbuild("esm.mjs", {
    format: "esm",
    // Drivers are CommonJS and call `require`, which esbuild leaves to the app in this format.
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
  }),
  byEsbuild("commonjs.cjs", { format: "cjs" }),
  {
    name: "ncc",
    file: "ncc/index.mjs",
    hasRules: true,
    bundle: async () => {
      await build({
        entryPoints: [source()],
        outfile: join(folder, "app/index.mjs"),
        bundle: true,
        packages: "external",
        format: "esm",
        platform: "node",
        logLevel: "error",
      });
      await run("ncc", ["build", "index.mjs", "-o", output("ncc")], { cwd: join(folder, "app") });
    },
  },
];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "counterfoil-bundles-"));
  const installed = join(folder, "app/node_modules");
  mkdirSync(join(installed, "counterfoil"), { recursive: true });
  // Without migrations/: nothing may look for them.
  for (const part of ["dist", "package.json"])
    cpSync(join(root, part), join(installed, "counterfoil", part), { recursive: true });
  for (const name of DRIVERS) symlinkSync(join(root, "node_modules", name), join(installed, name));
  cpSync(join(root, "test/package/bundled"), join(folder, "app"), { recursive: true });
  writeFileSync(join(folder, "app/package.json"), '{ "type": "module" }');
  for (const { bundle } of BUNDLERS) await bundle();
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Situation {
  readonly stores: readonly (readonly [BundledStore, string])[];
  /** Whether drivers are installed where the process starts. */
  readonly installed?: boolean;
}

const signedIn = (count: number): readonly string[] => Array.from({ length: count }, () => "signed in as alice");

describe.each(BUNDLERS)("bundled by $name", ({ name, file, hasRules }) => {
  /** What came of each store, all in one process. */
  async function signIn({ stores, installed = false }: Situation): Promise<readonly string[]> {
    const cwd = join(folder, installed ? "app" : "bundled");
    const args = [output(file), JSON.stringify(stores)];
    const { stdout, stderr } = await run(process.execPath, args, { cwd, timeout: 120_000 });
    expect(stderr).toBe("");
    return JSON.parse(stdout) as readonly string[];
  }

  test("signs in on memory and SQLite", async () => {
    const stores = [
      ["memory", ""],
      ["sqlite", join(folder, `${name}.db`)],
    ] as const;
    expect(await signIn({ stores })).toEqual(signedIn(2));
  });

  test.each([
    { domain: "example.co.uk", taken: true },
    { domain: "co.uk", taken: !hasRules },
    { domain: "uk", taken: false },
  ])("a cookie domain $domain is taken: $taken", async ({ domain, taken }) => {
    const { stdout } = await run(process.execPath, [output(file)], { env: { ...process.env, DOMAIN: domain } });
    expect(stdout.trim()).toBe(String(taken));
  });

  test("says what to do where a driver is not found", async () => {
    const stores = (["mysql", "postgres", "redis"] as const).map(
      (store) => [store, `${store}://127.0.0.1:1/0`] as const,
    );
    expect(await signIn({ stores })).toEqual(
      DRIVERS.map(
        (driver) =>
          `DRIVER_MISSING no driver is found; run npm install ${driver}, or give the pool or client of one that you have; ` +
          `in a bundle, install it where the bundle runs, or give the pool or client, which is then bundled along`,
      ),
    );
  });

  describeWithServer("mariadb", "MariaDB", () => {
    test("signs in by a URL and by a pool", async () => {
      const server = await sharedMariaDb();
      const url = server.url(await server.createDatabase());
      expect(await signIn({ stores: [["mysql", url]], installed: true })).toEqual(signedIn(1));
      expect(await signIn({ stores: [["mysql's pool", url]] })).toEqual(signedIn(1));
    });
  });

  describeWithServer("postgres", "PostgreSQL", () => {
    test("signs in by a URL and by a pool", async () => {
      const server = await sharedPostgres();
      const url = server.url(await server.createDatabase());
      expect(await signIn({ stores: [["postgres", url]], installed: true })).toEqual(signedIn(1));
      expect(await signIn({ stores: [["postgres's pool", url]] })).toEqual(signedIn(1));
    });
  });

  describeWithServer("redis", "Redis", () => {
    test("signs in by a URL and by a client", async () => {
      const url = await sharedRedis();
      expect(await signIn({ stores: [["redis", url]], installed: true })).toEqual(signedIn(1));
      expect(await signIn({ stores: [["redis's client", url]] })).toEqual(signedIn(1));
    });
  });
});
