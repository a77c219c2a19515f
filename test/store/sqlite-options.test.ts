/**
 * Options of `sqlite` are checked when it is called: sessions that land in another file than was
 * meant are as good as lost.
 */
import { statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { ConfigError, createSessions } from "counterfoil";
import { sqlite } from "counterfoil/sqlite";
import { expect, test } from "vitest";
import { SECRET, temporaryFolder } from "./fixtures.ts";

const cases: readonly [string, unknown, string][] = [
  [
    "an unknown option",
    { file: "a.db" },
    "sqlite.file: there is no such option; known here: database, path, synchronous, tablePrefix",
  ],
  ["a path in the place of options", "a.db", "write an object"],
  ["null", null, "write an object"],
  ["an empty path", { path: "" }, "sqlite.path: is empty"],
  ["a variable that is not set", { path: undefined }, "sqlite.path: is undefined; is the environment variable set"],
  ["a connection that is not there", { database: undefined }, "sqlite.database: is undefined"],
  ["a path of blanks", { path: " \t" }, "sqlite.path: has nothing but blanks; write the path of a file"],
  ["a path with a NUL", { path: "a\0.db" }, "sqlite.path: has a NUL character"],
  ["a URI", { path: "file:a.db" }, "sqlite.path: is a URI"],
  ["a number for a path", { path: 1 }, "sqlite.path: write a string"],
  ["another kind of durability", { synchronous: "off" }, 'sqlite.synchronous: write "full" or "normal"'],
  ["something else for a database", { database: {} }, "sqlite.database: write a connection of node:sqlite"],
  ["a prefix that is no name", { tablePrefix: "a-b" }, "sqlite.tablePrefix: is not the beginning of a table name"],
  [
    "both a path and a database",
    { path: "a.db", database: new DatabaseSync(":memory:") },
    "sqlite.path: names a file, and database is one that is open",
  ],
];

test.each(cases)("%s is refused", (_, options, message) => {
  expect(() => sqlite(options as object)).toThrow(ConfigError);
  expect(() => sqlite(options as object)).toThrow(message);
});

test("the database and what stands beside it can be read by their owner only", async () => {
  const path = join(temporaryFolder(), "sessions.db");
  const sessions = createSessions({ store: sqlite({ path }), secret: SECRET });
  await sessions.createNewSession("alice");
  for (const file of [path, `${path}-wal`, `${path}-shm`]) expect(statSync(file).mode & 0o777).toBe(0o600);
  await sessions.close();
});

test("a file that cannot be opened is named in the message", async () => {
  const path = join(temporaryFolder(), "missing", "sessions.db");
  const opening = createSessions({ store: sqlite({ path }), secret: SECRET }).ready();
  await expect(opening).rejects.toMatchObject({ message: expect.stringContaining(path) as string });
});
