import { AssertionError } from "node:assert";
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { memory } from "counterfoil/memory";
import { sqlite } from "counterfoil/sqlite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SessionStore } from "../../src/lib/store/session-store.ts";
import { storeClauses, type StoreClause } from "../../src/lib/testing/store-clauses.ts";
import { brokenStores } from "./broken-stores.ts";
import { createClauseTable } from "../fixtures/clause-table.ts";
import { databases, describeDatabase, stopDatabases, type TestDatabase, unguardedDatabase } from "./databases.ts";
import { openBetterSqlite, temporaryFolder } from "./fixtures.ts";
import { openStore } from "./open-store.ts";
import { type StoreHost, startStoreHost } from "./remote-store.ts";

/** Stores that one process has for itself. Makes an empty one for each clause; called within a test. */
const OWN_STORES: Readonly<Record<string, () => SessionStore>> = {
  memory: () => memory(),
  "node:sqlite :memory:": () => sqlite({ path: ":memory:" }),
  "node:sqlite given": () => sqlite({ database: new DatabaseSync(":memory:") }),
  "better-sqlite3 given": () => sqlite({ database: openBetterSqlite(join(temporaryFolder(), "sessions.db")) }),
};

const table = createClauseTable(storeClauses);
const hosts: StoreHost[] = [];

beforeAll(() => void hosts.push(startStoreHost(), startStoreHost(), startStoreHost()));

afterAll(async () => {
  console.log(table.print());
  for (const host of hosts) host.stop();
  await stopDatabases();
});

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

/** A store here, and one in each of three other processes, on a database that was empty. */
async function openFour({ makeEmpty }: TestDatabase): Promise<SessionStore[]> {
  const addressOf = await makeEmpty();
  const store = await openStore(addressOf(0));
  await store.prepare();
  const others = [];
  for (const [index, host] of hosts.entries()) others.push(await host.open(addressOf(index + 1)));
  return [store, ...others];
}

for (const database of databases) {
  describeDatabase(database, () => {
    const { name } = database;
    table.add(name);
    let stores: SessionStore[] = [];

    beforeAll(async () => {
      stores = await openFour(database);
    });

    afterAll(async () => {
      for (const store of stores) await store.close();
    });

    test.each(storeClauses)("$id $name", async (clause) => {
      const [store = expect.fail("no store"), ...others] = stores;
      await clause.run(store, others);
      table.holds(name, clause.id);
    });
  });
}

describeDatabase(unguardedDatabase, () => {
  test("a commitRefresh that only other processes can overtake is caught by them", async () => {
    const [store = expect.fail("no store"), ...others] = await openFour(unguardedDatabase);
    const clause = storeClauses.find(({ id }) => id === "refresh-4") ?? expect.fail("no clause");
    await clause.run(store);
    // In four processes the first attempts meet, but nobody can make them.
    const attempts = async (): Promise<void> => {
      for (let attempt = 0; attempt < 50; attempt += 1) await clause.run(store, others);
    };
    await expect(attempts()).rejects.toThrow(AssertionError);
    for (const each of [store, ...others]) await each.close();
  });
});

describe("the list can fail", () => {
  const failures = new Map<string, string[]>();

  async function failsOn(make: () => SessionStore, clause: StoreClause): Promise<boolean> {
    const store = make();
    await store.prepare();
    try {
      await clause.run(store);
      return false;
    } catch (error) {
      // A clause finds its fault by looking, not by running into something; only closing has nothing to look at.
      if (!(error instanceof AssertionError) && clause.id !== "close-1") throw error;
      return true;
    }
  }

  test.each(brokenStores)("$mistake: $caughtBy", async ({ mistake, caughtBy, make }) => {
    const failed: string[] = [];
    for (const clause of storeClauses) if (await failsOn(make, clause)) failed.push(clause.id);
    failures.set(mistake, failed);
    expect(failed).toEqual(expect.arrayContaining([...caughtBy]));
    // Caught for what it is, and not because nothing works on it.
    expect(failed.length).toBeLessThan(storeClauses.length / 4);
  });

  test("each clause fails on at least one of them", () => {
    const seen = new Set([...failures.values()].flat());
    expect(storeClauses.map(({ id }) => id).filter((id) => !seen.has(id))).toEqual([]);
  });

  test("ids are unique, and names say what a store MUST do", () => {
    expect(new Set(storeClauses.map(({ id }) => id)).size).toBe(storeClauses.length);
    for (const { id, name } of storeClauses) {
      expect(id).toMatch(/^[a-z]+-\d+$/);
      expect(name).toMatch(/^MUST /);
    }
  });
});
