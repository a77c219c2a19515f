import { ok, strictEqual as equal } from "node:assert";
import { add, type StoreClause } from "./clause.ts";

/** Nodes of one cluster may differ by a few seconds. */
const APART = 10_000;

export const clockClauses: readonly StoreClause[] = [
  {
    id: "clock-1",
    name: "MUST tell what time it is at the database where rows come with that, and the same time as they",
    async run(store) {
      const { handle } = await add(store);
      const before = await store.readClock?.();
      const time = (await store.findSession(handle))?.storeTime;
      const after = await store.readClock?.();
      equal(typeof before, typeof time);
      if (before === undefined || time === undefined || after === undefined) return;
      ok(Number.isSafeInteger(before));
      ok(before <= time + APART && time <= after + APART, `${before}, ${time}, ${after}`);
    },
  },
];
