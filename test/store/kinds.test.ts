/** What an operator is told of the store. */
import { memory } from "counterfoil/memory";
import { afterAll, expect, test } from "vitest";
import { databases, describeDatabase, removeDatabases } from "./databases.ts";
import { openStore } from "./open-store.ts";

const KINDS: readonly (readonly [name: string, kind: string])[] = [
  ["SQLite", "SQLite"],
  ["MariaDB", "MySQL or MariaDB"],
  ["MySQL", "MySQL or MariaDB"],
  ["Galera", "MySQL or MariaDB"],
  ["PostgreSQL", "PostgreSQL"],
  ["Redis", "Redis"],
];

afterAll(removeDatabases);

test("memory", () => {
  expect(memory({ production: true }).kind).toBe("memory");
});

for (const database of databases) {
  describeDatabase(database, () => {
    test("says what it is", async () => {
      const store = await openStore((await database.makeEmpty())(0));
      expect(store.kind).toBe(KINDS.find(([name]) => database.name.startsWith(name))?.[1]);
      await store.close();
    });
  });
}
