import { AssertionError } from "node:assert";
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { memory } from "counterfoil/memory";
import { sqlite } from "counterfoil/sqlite";
import { afterAll, describe, expect, test } from "vitest";
import type { SessionStore } from "../../src/lib/store/session-store.ts";
import { brokenStores } from "./broken-stores.ts";
import { openBetterSqlite, temporaryFolder } from "./fixtures.ts";
import { storeClauses, type StoreClause } from "../../src/lib/testing/store-clauses.ts";

/** Makes an empty store of its own for each clause; called within a test. */
const STORES: Readonly<Record<string, () => SessionStore>> = {
  memory: () => memory(),
  "node:sqlite file": () => sqlite({ path: join(temporaryFolder(), "sessions.db") }),
  "node:sqlite :memory:": () => sqlite({ path: ":memory:" }),
  "node:sqlite given": () => sqlite({ database: new DatabaseSync(":memory:") }),
  "better-sqlite3 given": () => sqlite({ database: openBetterSqlite(join(temporaryFolder(), "sessions.db")) }),
};

const passed = new Map(Object.keys(STORES).map((name) => [name, new Set<string>()]));

describe.each(Object.keys(STORES))("%s", (name) => {
  test.each(storeClauses)("$id $name", async (clause) => {
    const store = STORES[name]?.();
    if (store === undefined) throw new Error("no such store");
    await store.prepare();
    await clause.run(store);
    await store.close();
    passed.get(name)?.add(clause.id);
  });
});

afterAll(() => console.log(table()));

/** One line per group of clauses, one column per store: the numbers of the clauses that hold, `x` for one that does not. */
function table(): string {
  const names = [...passed.keys()];
  const groups = [...new Set(storeClauses.map(({ id }) => id.replace(/\d+$/, "")))];
  const cell = (name: string, group: string): string =>
    storeClauses
      .filter(({ id }) => id.startsWith(group))
      .map(({ id }) => (passed.get(name)?.has(id) === true ? id.slice(group.length) : "x"))
      .join("");
  const lines = groups.map((group) => [group.slice(0, -1), ...names.map((name) => cell(name, group))]);
  return [["clauses", ...names], ...lines].map((line) => line.map((text) => text.padEnd(22)).join("")).join("\n");
}

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
