/** The contract on databases that several processes share, from four of them. */
import { AssertionError } from "node:assert";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { SessionStore } from "../../src/lib/session/session-store.ts";
import { storeClauses } from "../../src/lib/testing/store/store-clauses.ts";
import { createClauseTable } from "../fixtures/clause-table.ts";
import { databases, describeDatabase, removeDatabases, type TestDatabase, unguardedDatabase } from "./databases.ts";
import { openStore } from "./open-store.ts";
import { type StoreHost, startStoreHost } from "./remote-store.ts";

const table = createClauseTable(storeClauses);
const hosts: StoreHost[] = [];

beforeAll(() => void hosts.push(startStoreHost(), startStoreHost(), startStoreHost()));

afterAll(() => {
  console.log(table.print());
  for (const host of hosts) host.stop();
  removeDatabases();
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
