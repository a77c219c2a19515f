/** The contracts of stores and of adapters, on every runtime that the package is for. */
import { httpClauses, storeClauses } from "counterfoil/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createClauseTable } from "../test/fixtures/clause-table.ts";
import type { StoreResults } from "./app/run-store-clauses.ts";
import { connectToHost, type RemoteHost } from "./remote-app.ts";
import { describeInstalled } from "./describe-installed.ts";
import { limitsOf, type Runtime, RUNTIMES, type StartedRuntime } from "./runtimes.ts";

const storeTable = createClauseTable(storeClauses);
const httpTable = createClauseTable(httpClauses);

afterAll(() => {
  console.log(`\nClauses of stores that hold, by runtime:\n${storeTable.print()}`);
  console.log(`\nClauses of adapters that hold, by runtime:\n${httpTable.print()}`);
  for (const { name, limits } of RUNTIMES)
    for (const [id, { why }] of Object.entries(limits)) console.log(`${name} cannot have ${id}: ${why}`);
});

for (const runtime of RUNTIMES) describeInstalled(runtime.name, () => testRuntime(runtime));

function testRuntime({ name, start, stores, limits }: Runtime): void {
  let runtime: StartedRuntime | undefined;
  let host: RemoteHost | undefined;
  let results: StoreResults = {};

  function connected(): RemoteHost {
    if (host === undefined) throw new Error("the runtime has not started");
    return host;
  }

  beforeAll(async () => {
    runtime = await start();
    host = await connectToHost(runtime.port);
    results = (await host.order("stores")) as StoreResults;
  });

  afterAll(async () => {
    await host?.close();
    await runtime?.stop();
  });

  test("has these stores, and no others", () => {
    expect(Object.keys(results)).toEqual(stores);
  });

  describe.each(stores)("%s", (store) => {
    const subject = `${name}, ${store}`;
    storeTable.add(subject);

    test.each(storeClauses)("$id $name", ({ id }) => {
      const limit = limitsOf(store)[id];
      if (limit !== undefined) return expect(results[store]?.[id]).toMatch(limit.error);
      expect(results[store]?.[id]).toBe(null);
      return storeTable.holds(subject, id);
    });
  });

  describe("Web", () => {
    httpTable.add(name);

    test.each(httpClauses)("$id $name", async (clause) => {
      const running = clause.run((options) => connected().start(options));
      const limit = limits[clause.id];
      // A limit that is gone must go from the list, too.
      if (limit !== undefined) return expect(running).rejects.toThrow(limit.error);
      await running;
      return httpTable.holds(name, clause.id);
    });
  });
}
