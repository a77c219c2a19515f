/** The contracts of stores and of adapters, on every runtime that the package is for. */
import { httpClauses, storeClauses } from "counterfoil/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createClauseTable } from "../test/fixtures/clause-table.ts";
import type { StoreResults } from "./app/run-store-clauses.ts";
import { connectToHost, type RemoteHost } from "./remote-app.ts";
import { INSTALL, isInstalled, type Runtime, RUNTIMES, type StartedRuntime } from "./runtimes.ts";

const isInCi = (process.env["CI"] ?? "") !== "";
if (!isInstalled() && !isInCi) console.warn(`\nSKIPPED: no runtime was tested: run ${INSTALL}\n`);

const storeTable = createClauseTable(storeClauses);
const httpTable = createClauseTable(httpClauses);

afterAll(() => {
  console.log(`\nClauses of stores that hold, by runtime:\n${storeTable.print()}`);
  console.log(`\nClauses of adapters that hold, by runtime:\n${httpTable.print()}`);
  for (const { name, limits } of RUNTIMES)
    for (const [id, { why }] of Object.entries(limits)) console.log(`${name} cannot have ${id}: ${why}`);
});

describe.skipIf(!isInstalled() && !isInCi).each(RUNTIMES)("$name", ({ name, start, stores, limits }: Runtime) => {
  let runtime: StartedRuntime | undefined;
  let host: RemoteHost | undefined;
  let results: StoreResults = {};

  function connected(): RemoteHost {
    if (host === undefined) throw new Error("the runtime has not started");
    return host;
  }

  beforeAll(async () => {
    if (!isInstalled()) throw new Error(`there are no runtimes: run ${INSTALL}`);
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
      expect(results[store]?.[id]).toBe(null);
      storeTable.holds(subject, id);
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
});
