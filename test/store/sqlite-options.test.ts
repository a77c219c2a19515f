/** Options of `sqlite` are checked when it is called: sessions that land in another file than was meant are as good as lost. */
import { statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { createSessions } from "counterfoil";
import { sqlite } from "counterfoil/sqlite";
import { expect, test } from "vitest";
import { SECRET, temporaryFolder } from "./fixtures.ts";

const cases: readonly [string, unknown, string][] = [
  ["an unknown option", { file: "a.db" }, "there is no option file; known are path, database, synchronous"],
  ["a path in the place of options", "a.db", "write an object"],
  ["null", null, "write an object"],
  ["an empty path", { path: "" }, "path is empty"],
  ["a URI", { path: "file:a.db" }, "a URI"],
  ["a number for a path", { path: 1 }, "no string"],
  ["another kind of durability", { synchronous: "off" }, 'neither "full" nor "normal"'],
  ["something else for a database", { database: {} }, "no connection"],
  ["both a path and a database", { path: "a.db", database: new DatabaseSync(":memory:") }, "not both"],
];

test.each(cases)("%s is refused", (_, options, message) => {
  expect(() => sqlite(options as object)).toThrow(TypeError);
  expect(() => sqlite(options as object)).toThrow(message);
});

test("the database and what stands beside it can be read by their owner only", async () => {
  const path = join(temporaryFolder(), "sessions.db");
  const sessions = createSessions({ store: sqlite({ path }), secret: SECRET });
  await sessions.createNewSession("alice");
  for (const file of [path, `${path}-wal`, `${path}-shm`]) expect(statSync(file).mode & 0o777).toBe(0o600);
  await sessions.close();
});

test("a file that cannot be opened is named in the cause", async () => {
  const path = join(temporaryFolder(), "missing", "sessions.db");
  const opening = createSessions({ store: sqlite({ path }), secret: SECRET }).ready();
  await expect(opening).rejects.toMatchObject({ cause: { message: expect.stringContaining(path) as string } });
});
