/**
 * Where a store that keeps everything in its process is warned of. Each case is a process of its
 * own.
 */
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { temporaryFolder } from "./fixtures.ts";

const run = promisify(execFile);
const dist = new URL("../../dist/", import.meta.url);

/** What a script prints as warnings, run as the primary process of a cluster or alone. */
async function warningsOf(work: string, environment: string): Promise<string> {
  const file = join(temporaryFolder(), "script.mjs");
  const imports = `import { memory } from "${dist.href}memory.js"; import { sqlite } from "${dist.href}sqlite.js";`;
  await writeFile(file, `import cluster from "node:cluster"; ${imports}\n${work}`);
  const { stderr } = await run(process.execPath, [file], { env: { ...process.env, NODE_ENV: environment } });
  return stderr;
}

const IN_WORKER = (work: string): string =>
  `if (cluster.isPrimary) cluster.fork(); else { ${work}; process.disconnect(); }`;

test.each([
  { store: "memory()", says: "memory({ production: true })" },
  { store: 'sqlite({ path: ":memory:" })', says: 'sqlite({ path: "./sessions.db" })' },
])("$store in production is warned of, once for a process", async ({ store, says }) => {
  const told = await warningsOf(`${store}; ${store};`, "production");
  expect(told.match(/\[COUNTERFOIL_MEMORY_STORE\] CounterfoilNotice/g)).toHaveLength(1);
  expect(told).toContain(`${store} is used in production`);
  expect(told).toContain(says);
});

test.each(["memory()", "memory({ production: true })", 'sqlite({ path: ":memory:" })'])(
  "%s in a worker of a cluster is warned of, also outside production",
  async (store) => {
    const told = await warningsOf(IN_WORKER(store), "development");
    expect(told.match(/\[COUNTERFOIL_MEMORY_STORE\]/g)).toHaveLength(1);
    expect(told).toContain("is used in a worker of node:cluster");
  },
);

test.each([
  ["memory({ production: true })", "production"],
  ['sqlite({ path: "./unused.db" })', "production"],
  ["memory()", "development"],
  ["memory()", ""],
  ['sqlite({ path: ":memory:" })', "test"],
])("%s with NODE_ENV %j is not", async (store, environment) => {
  expect(await warningsOf(store, environment)).toBe("");
});

test.each([[{ production: "yes" }], [{ productoin: true }], [3]])("memory(%j) is refused", async (options) => {
  const { memory } = await import("counterfoil/memory");
  expect(() => memory(options as never)).toThrow(/CONFIG_INVALID|memory/);
});
