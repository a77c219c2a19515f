import { deepStrictEqual as same, strictEqual as equal } from "node:assert";
import { countTrue, race, type StoreClause, times } from "./clause.ts";
import { randomName } from "./rows.ts";

let latest = 0;

/** A time after every earlier lease on the same database, also of an earlier run. */
function later(): number {
  latest = Math.max(latest + 1000, Date.now() * 1024);
  return latest;
}

export const leaseClauses: readonly StoreClause[] = [
  {
    id: "lease-1",
    name: "MUST give a lease that is free or has run out, until <= now, and refuse one that another holds",
    async run(store) {
      const [now, mine, yours] = [later(), randomName(9), randomName(9)];
      equal(await store.takeLease("sweep", mine, now, now + 100), true);
      equal(await store.takeLease("sweep", yours, now + 99, now + 500), false);
      // The refusal changed nothing.
      equal(await store.takeLease("sweep", yours, now + 100, now + 200), true);
      equal(await store.takeLease("sweep", mine, now + 150, now + 500), false);
    },
  },
  {
    id: "lease-2",
    name: "MUST prolong a lease for its owner, also to the same end, and let its owner shorten it",
    async run(store) {
      const [now, mine, yours] = [later(), randomName(9), randomName(9)];
      for (const until of [100, 300, 300, 200]) equal(await store.takeLease("sweep", mine, now, now + until), true);
      equal(await store.takeLease("sweep", yours, now + 199, now + 500), false);
      equal(await store.takeLease("sweep", yours, now + 200, now + 200), true);
    },
  },
  {
    id: "lease-3",
    name: "MUST give a lease to exactly one of 50 parallel owners",
    async run(store, others = []) {
      const now = later();
      const owners = await times(50, async () => randomName(9));
      const took = await race([store, ...others], owners.length, (each, index) =>
        each.takeLease("sweep", owners[index] ?? "", now, now + 100),
      );
      equal(countTrue(took), 1);
      // The owner that got true has it.
      same(
        await times(owners.length, (index) => store.takeLease("sweep", owners[index] ?? "", now + 1, now + 100)),
        took,
      );
    },
  },
];
