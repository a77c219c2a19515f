import type { SessionStore } from "counterfoil/memory";
import { storeClauses, type StoreClause } from "counterfoil/testing";

/** By store and clause: null if the clause holds, else the error. */
export type StoreResults = Readonly<Record<string, Readonly<Record<string, string | null>>>>;

/** The stores that a runtime has, each made anew for every clause. */
export type Stores = Readonly<Record<string, () => SessionStore>>;

export async function runStoreClauses(stores: Stores): Promise<StoreResults> {
  const results: Record<string, Record<string, string | null>> = {};
  for (const [name, make] of Object.entries(stores)) {
    const ofStore: Record<string, string | null> = {};
    for (const clause of storeClauses) ofStore[clause.id] = await faultOf(() => runOn(make(), clause));
    results[name] = ofStore;
  }
  return results;
}

async function runOn(store: SessionStore, clause: StoreClause): Promise<void> {
  await store.prepare();
  await clause.run(store);
  await store.close();
}

/** @returns null if nothing was thrown, because JSON has no undefined */
async function faultOf(work: () => Promise<void>): Promise<string | null> {
  try {
    await work();
    return null;
  } catch (error) {
    if (!(error instanceof Error)) return String(error);
    return `${error.name}: ${error.message}\n${error.stack ?? ""}\ncause: ${String(error.cause)}`;
  }
}
