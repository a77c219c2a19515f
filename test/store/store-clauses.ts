/**
 * The store port as data: each clause is one sentence of the doc comment of `SessionStore`, and a way to see it broken.
 * A store is done when the list is green on it. Ids never change their meaning. Each clause works with names of its own, so
 * that a run needs no empty database; rows of other clauses end long after the times that the sweeps give.
 */
import { changeClauses, rivalClauses } from "./clauses/change-clauses.ts";
import { add, type StoreClause } from "./clauses/clause.ts";
import { identityClauses } from "./clauses/identity-clauses.ts";
import { keyClauses } from "./clauses/key-clauses.ts";
import { limitClauses } from "./clauses/limit-clauses.ts";
import { removalClauses } from "./clauses/removal-clauses.ts";
import { rowClauses } from "./clauses/row-clauses.ts";

const closeClause: StoreClause = {
  id: "close-1",
  name: "MUST close twice, and at once, without a fault",
  async run(store) {
    await add(store);
    await Promise.all([store.close(), store.close()]);
    await store.close();
  },
};

/** Every clause; the one that closes the store is the last. */
export const storeClauses: readonly StoreClause[] = [
  ...rowClauses,
  ...limitClauses,
  ...changeClauses,
  ...rivalClauses,
  ...removalClauses,
  ...identityClauses,
  ...keyClauses,
  closeClause,
];

export type { StoreClause } from "./clauses/clause.ts";
