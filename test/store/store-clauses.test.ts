/**
 * Whether the contract of stores is worth something: each clause is broken by a store with a
 * mistake.
 */
import { AssertionError } from "node:assert";
import { describe, expect, test } from "vitest";
import type { SessionStore } from "../../src/lib/session/session-store.ts";
import { storeClauses, type StoreClause } from "../../src/lib/testing/store/store-clauses.ts";
import { brokenCrowdStores } from "./broken-crowd-stores.ts";
import { brokenStores } from "./broken-stores.ts";

describe("the list can fail", () => {
  const failures = new Map<string, string[]>();

  async function failsOn(make: () => SessionStore, clause: StoreClause): Promise<boolean> {
    const store = make();
    await store.prepare();
    try {
      await clause.run(store);
      return false;
    } catch (error) {
      // A clause finds its fault by looking, not by running into something; only closing has
      // nothing to look at.
      if (!(error instanceof AssertionError) && clause.id !== "close-1") throw error;
      return true;
    }
  }

  test.each([...brokenStores, ...brokenCrowdStores])("$mistake: $caughtBy", async ({ mistake, caughtBy, make }) => {
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
