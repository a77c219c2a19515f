/**
 * The snippets of README and guides that begin with `init` on a database, executed as they stand,
 * each followed by a sign-in and a refresh.
 */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { describeWithServer } from "../servers/describe-with-server.ts";
import { sharedMariaDb, sharedPostgres, sharedRedis } from "../servers/shared.ts";
import { readSnippets, root, type Snippet, type SnippetDatabase } from "./snippets.ts";

const EPILOGUE = `
import * as reader from "counterfoil";
const signedIn = await reader.createNewSession("reader", { plan: "free" });
const { session: again } = await reader.refreshSession(signedIn.refreshToken.value);
export const isListed = await reader.getAllSessionHandlesForUser("reader").then((all) => all.includes(again.handle));
await reader.close();
`;

const snippets = readSnippets().filter(({ database }) => database !== undefined);

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "counterfoil-docs-"));
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  writeFileSync(join(folder, "package.json"), '{ "name": "reader", "private": true, "type": "module" }');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/**
 * What each snippet came to, by its place. One process runs all of them: most of its time it
 * starts.
 */
async function run(all: readonly Snippet[], env: Readonly<Record<string, string>>): Promise<Record<string, unknown>> {
  const outcomes = all.map(({ place, code }) => {
    const name = `${place.replaceAll(/[^A-Za-z0-9]+/g, "-")}.ts`;
    writeFileSync(join(folder, name), code + EPILOGUE);
    return `"${place}": await import("./${name}").then(({ isListed }) => isListed, String),`;
  });
  const file = join(folder, `${all[0]?.database}.ts`);
  writeFileSync(file, `console.log(JSON.stringify({\n${outcomes.join("\n")}\n}));\nprocess.exit();\n`);
  const { stdout } = await promisify(execFile)(process.execPath, [file], {
    cwd: folder,
    env: { ...process.env, ...env, COUNTERFOIL_SECRET: "a secret for readers of the guides, long enough" },
  });
  return JSON.parse(stdout) as Record<string, unknown>;
}

function runAll(database: SnippetDatabase, env: () => Readonly<Record<string, string>>): void {
  const own = snippets.filter((snippet) => snippet.database === database);
  let outcomes: Record<string, unknown> = {};
  beforeAll(async () => {
    outcomes = await run(own, env());
  });
  test("there are some", () => expect(own.length).toBeGreaterThan(0));
  test.each(own)("$place", ({ place }) => expect(outcomes[place]).toBe(true));
}

describe("SQLite", () => runAll("sqlite", () => ({})));

describeWithServer("mariadb", "MySQL and MariaDB", () => {
  let url = "";
  beforeAll(async () => {
    const server = await sharedMariaDb();
    url = server.url(await server.createDatabase());
  });
  runAll("mysql", () => ({ DATABASE_URL: url }));
});

describeWithServer("postgres", "PostgreSQL", () => {
  let url = "";
  beforeAll(async () => {
    const server = await sharedPostgres();
    url = server.url(await server.createDatabase());
  });
  runAll("postgres", () => ({ DATABASE_URL: url }));
});

describeWithServer("redis", "Redis", () => {
  let url = "";
  beforeAll(async () => {
    url = await sharedRedis();
  });
  runAll("redis", () => ({ REDIS_URL: url }));
});
