import { spawnSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { createSessions } from "counterfoil";
import { sqlite } from "counterfoil/sqlite";
import { expect, onTestFinished, test } from "vitest";

const root = new URL("../../", import.meta.url);
const { bin } = JSON.parse(readFileSync(new URL("package.json", root), "utf8")) as { bin: { counterfoil: string } };

function counterfoil(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const command = fileURLToPath(new URL(bin.counterfoil, root));
  const { status, stdout, stderr } = spawnSync(process.execPath, [command, ...args], { encoding: "utf8" });
  return { status, stdout, stderr };
}

test("the command is a script for Node", () => {
  const file = new URL(bin.counterfoil, root);
  expect(readFileSync(file, "utf8")).toMatch(/^#!\/usr\/bin\/env node\n/);
  expect(statSync(file).isFile()).toBe(true);
});

test.each([["help"], ["--help"], ["migrate", "--help"]])("%s %s says how it is called", (...args) => {
  expect(counterfoil(...args)).toMatchObject({ status: 0, stdout: expect.stringContaining("counterfoil migrate") });
});

test.each([
  [[], "name a command"],
  [["migrat"], "there is no such command"],
  [["toString"], "there is no such command"],
  [["migrate", "mysql"], "add --print"],
  [["migrate", "--print"], "name one database: sqlite, mysql, mariadb, postgres"],
  [["migrate", "--print", "oracle"], "name one database"],
  [["migrate", "--print", "mysql", "postgres"], "name one database"],
  [["migrate", "--print", "mysql", "--prefix", "a; DROP"], "--prefix is not the beginning of a table name"],
  [["migrate", "--print", "mysql", "--from", "one"], "--from takes a version"],
  [["migrate", "--print", "mysql", "--from", "99"], "--from 99 is newer than this package, which knows version"],
  [["migrate", "--print", "redis"], "Redis has no tables"],
  [["migrate", "--print", "mysql", "--colour"], "--colour"],
])("%j is refused with what to write instead", (args, message) => {
  const { status, stdout, stderr } = counterfoil(...args);
  expect([status, stdout]).toEqual([2, ""]);
  expect(stderr).toContain(message);
  expect(stderr).toContain("Usage:");
});

test("what it prints for SQLite makes tables on which sessions start, and nothing else is made", async () => {
  const database = new DatabaseSync(":memory:");
  onTestFinished(() => database.close());
  database.exec(counterfoil("migrate", "--print", "sqlite", "--prefix", "shop_").stdout);
  const tables = (): unknown =>
    database.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'table' ORDER BY name").all();
  const before = tables();
  const store = sqlite({ database, tablePrefix: "shop_" });
  const sessions = createSessions({ store, secret: "a secret for tests, of 32 characters and more" });
  const { session } = await sessions.createNewSession("alice");
  expect(await sessions.getAllSessionHandlesForUser("alice")).toEqual([session.handle]);
  expect(tables()).toEqual(before);
  // Run again, it changes nothing; from the newest version on, there is nothing to do.
  expect(() => database.exec(counterfoil("migrate", "--print", "sqlite", "--prefix", "shop_").stdout)).toThrow(
    "exists",
  );
  database.exec("ROLLBACK");
  database.exec(counterfoil("migrate", "--print", "sqlite", "--prefix", "shop_", "--from", "9999").stdout);
  expect(tables()).toEqual(before);
});
