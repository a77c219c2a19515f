/**
 * The store contract as data: each clause is one sentence of the comment of `SessionStore`, and a
 * test of it. A store is done when it passes the list. Ids never change their meaning. Each clause
 * uses unique names, so the database need not be empty; rows of other clauses expire long after the
 * times of the sweeps.
 */
import { auditClauses } from "./audit-clauses.ts";
import { changeClauses, labelClauses, rivalClauses } from "./change-clauses.ts";
import { add, type StoreClause } from "./clause.ts";
import { clockClauses } from "./clock-clauses.ts";
import { crowdClauses } from "./crowd-clauses.ts";
import { deviceClauses } from "./device-clauses.ts";
import { identityClauses } from "./identity-clauses.ts";
import { keyClauses } from "./key-clauses.ts";
import { leaseClauses } from "./lease-clauses.ts";
import { limitClauses } from "./limit-clauses.ts";
import { logClauses } from "./log-clauses.ts";
import { pageClauses } from "./page-clauses.ts";
import { removalClauses } from "./removal-clauses.ts";
import { rowClauses } from "./row-clauses.ts";

const closeClause: StoreClause = {
  id: "close-1",
  name: "MUST close twice, and at once, without a fault",
  async run(store) {
    await add(store);
    await Promise.all([store.close(), store.close()]);
    await store.close();
  },
};

/**
 * Everything that a store must do. A store is done when it passes every clause. Ids never change
 * their meaning; the last clause closes the store.
 */
export const storeClauses: readonly StoreClause[] = [
  ...rowClauses,
  ...limitClauses,
  ...changeClauses,
  ...labelClauses,
  ...rivalClauses,
  ...removalClauses,
  ...logClauses,
  ...auditClauses,
  ...pageClauses,
  ...crowdClauses,
  ...identityClauses,
  ...deviceClauses,
  ...leaseClauses,
  ...clockClauses,
  ...keyClauses,
  closeClause,
];

export type { StoreClause } from "./clause.ts";
