/** The contract on stores that one process has for itself. */
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { memory } from "counterfoil/memory";
import { sqlite } from "counterfoil/sqlite";
import { afterAll, describe, test } from "vitest";
import type { SessionStore } from "../../src/lib/session/session-store.ts";
import { storeClauses } from "../../src/lib/testing/store/store-clauses.ts";
import { createClauseTable } from "../fixtures/clause-table.ts";
import { openBetterSqlite, temporaryFolder } from "./fixtures.ts";

/** Makes an empty one for each clause; called within a test. */
const OWN_STORES: Readonly<Record<string, () => SessionStore>> = {
  memory: () => memory(),
  "node:sqlite :memory:": () => sqlite({ path: ":memory:" }),
  "node:sqlite given": () => sqlite({ database: new DatabaseSync(":memory:") }),
  "better-sqlite3 given": () => sqlite({ database: openBetterSqlite(join(temporaryFolder(), "sessions.db")) }),
};

const table = createClauseTable(storeClauses);

afterAll(() => console.log(table.print()));

describe.each(Object.entries(OWN_STORES))("%s", (name, make) => {
  table.add(name);

  test.each(storeClauses)("$id $name", async (clause) => {
    const store = make();
    await store.prepare();
    await clause.run(store);
    await store.close();
    table.holds(name, clause.id);
  });
});
