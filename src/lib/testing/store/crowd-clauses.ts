import { deepStrictEqual as same, equal } from "node:assert";
import { add, countTrue, find, handlesOf, type StoreClause, times } from "./clause.ts";
import { newRecord, newUser, T0 } from "./rows.ts";

/** Clauses for a user with more sessions than a store ends in one step. */
export const crowdClauses: readonly StoreClause[] = [
  {
    id: "limit-10",
    name: "MUST end the oldest of very many sessions that are too many, all of them, and name each once, also for two at once",
    async run(store, [other = store] = []) {
      const userKey = newUser();
      const rows = await times(235, (index) => add(store, { userKey, createdAt: T0 - 1000 + index }));
      const refused = await store.createSession(newRecord({ userKey }), { max: 50, onLimit: "refuse" });
      same(refused, { created: false, ended: [], replaced: false });
      equal((await handlesOf(store, userKey)).length, rows.length);

      const order = rows.map(({ handle }) => handle);
      const [replaced = ""] = order;
      const next = newRecord({ userKey });
      const first = await store.createSession(next, { max: 220, onLimit: "end-oldest" }, replaced);
      same([first.created, first.replaced, [...first.ended].toSorted()], [true, true, order.slice(1, 16).toSorted()]);
      same((await handlesOf(store, userKey)).toReversed(), [...order.slice(16), next.handle]);

      const twins = [newRecord({ userKey, createdAt: T0 + 1 }), newRecord({ userKey, createdAt: T0 + 1 })];
      const outcomes = await times(2, (index) =>
        (index === 0 ? store : other).createSession(twins[index] ?? next, { max: 2, onLimit: "end-oldest" }),
      );
      same((await handlesOf(store, userKey)).toSorted(), twins.map(({ handle }) => handle).toSorted());
      const ended = outcomes.flatMap((outcome) => [...outcome.ended]);
      same(ended.toSorted(), [...order.slice(16), next.handle].toSorted());
      for (const handle of [replaced, order[1] ?? "", order[20] ?? "", next.handle])
        equal(await find(store, handle), undefined);
    },
  },
  {
    id: "user-6",
    name: "MUST end in parts also what is refreshed meanwhile, and let no refresh bring back what has ended",
    async run(store, [other = store] = []) {
      const userKey = newUser();
      const rows = await times(30, (index) => add(store, { userKey, createdAt: T0 + index }));
      const removed = new Set(await store.deleteSessionsOfUser(userKey, undefined, 10));
      const refreshed = await times(rows.length, (index) => {
        const row = rows[index] ?? newRecord();
        return other.commitRefresh(row.handle, 1, { ...row, generation: 2, expiresAt: row.expiresAt + 1 });
      });
      equal(countTrue(refreshed), 20);
      // As after a crash: another caller begins again.
      let part: readonly string[];
      do {
        part = await other.deleteSessionsOfUser(userKey, undefined, 10);
        for (const handle of part) removed.add(handle);
      } while (part.length === 10);
      same([...removed].toSorted(), rows.map(({ handle }) => handle).toSorted());
      for (const { handle } of rows) equal(await find(store, handle), undefined);
    },
  },
];
