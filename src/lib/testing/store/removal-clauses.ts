import { deepStrictEqual as same, ok, strictEqual as equal } from "node:assert";
import { add, ALL, countTrue, find, handlesOf, plain, race, type StoreClause, summaryOf, times } from "./clause.ts";
import { newHandle } from "../../session/handle.ts";
import { newUser, T0 } from "./rows.ts";

export const removalClauses: readonly StoreClause[] = [
  {
    id: "delete-1",
    name: "MUST delete a session whatever its version, once, and no other",
    async run(store) {
      const row = await add(store, { version: 9 });
      const bystander = await add(store, { userKey: row.userKey });
      equal(await store.deleteSession(row.handle), true);
      equal(await store.deleteSession(row.handle), false);
      equal(await find(store, row.handle), undefined);
      same(await handlesOf(store, row.userKey), [bystander.handle]);
      equal(await store.deleteSession(newHandle(row.userKey)), false);
    },
  },
  {
    id: "delete-2",
    name: "MUST give exactly one of 50 parallel deletes of a session true",
    async run(store, others = []) {
      const { handle } = await add(store);
      equal(countTrue(await race([store, ...others], 50, (each) => each.deleteSession(handle))), 1);
      equal(await find(store, handle), undefined);
    },
  },
  {
    id: "delete-3",
    name: "MUST delete at a version only what has that version, once",
    async run(store, others = []) {
      const row = await add(store, { version: 9 });
      for (const version of [8, 10]) equal(await store.deleteSessionAtVersion(row.handle, version), false);
      same(await find(store, row.handle), row);
      equal(countTrue(await race([store, ...others], 50, (each) => each.deleteSessionAtVersion(row.handle, 9))), 1);
      equal(await find(store, row.handle), undefined);
    },
  },
  {
    id: "user-1",
    name: "MUST delete all sessions of a user, live or not, name them, and touch nobody else's",
    async run(store) {
      const userKey = newUser();
      const rows = [
        await add(store, { userKey }),
        await add(store, { userKey, expiresAt: T0 - 1 }),
        await add(store, { userKey }),
      ];
      const stranger = await add(store);
      const removed = await store.deleteSessionsOfUser(userKey, undefined, 1000);
      same(removed.toSorted(), rows.map((row) => row.handle).toSorted());
      for (const row of rows) equal(await find(store, row.handle), undefined);
      same(await find(store, stranger.handle), stranger);
      same([...(await store.deleteSessionsOfUser(userKey, undefined, 1000))], []);
    },
  },
  {
    id: "user-2",
    name: "MUST spare exactly the session that is excepted, and nothing when it is another user's",
    async run(store) {
      const userKey = newUser();
      const [kept, other] = [await add(store, { userKey }), await add(store, { userKey })];
      const stranger = await add(store);
      same(await store.deleteSessionsOfUser(userKey, kept.handle, 1000), [other.handle]);
      same(await find(store, kept.handle), kept);
      same(await store.deleteSessionsOfUser(userKey, stranger.handle, 1000), [kept.handle]);
      same(await find(store, stranger.handle), stranger);
    },
  },
  {
    id: "user-3",
    name: "MUST name each removed session in exactly one of 10 parallel calls",
    async run(store, others = []) {
      const userKey = newUser();
      const rows = await times(20, () => add(store, { userKey }));
      const removed = await race([store, ...others], 10, (each) => each.deleteSessionsOfUser(userKey, undefined, 1000));
      same(removed.flat().toSorted(), rows.map((row) => row.handle).toSorted());
    },
  },
  {
    id: "list-1",
    name: "MUST list a user's sessions as they are but without claims and data, newest first by createdAt",
    async run(store) {
      const userKey = newUser();
      const rows = [];
      for (const age of [3, 1, 4, 0, 2]) rows.push(await add(store, { userKey, createdAt: T0 + age }));
      await add(store, { createdAt: T0 + 2 });
      const newestFirst = rows.toSorted((a, b) => b.createdAt - a.createdAt);
      same((await store.listSessionsOfUser(userKey, T0, ALL)).map(plain), newestFirst.map(summaryOf));
      same([...(await store.listSessionsOfUser(newUser(), T0, ALL))], []);
    },
  },
  {
    id: "list-2",
    name: "MUST list only sessions that are live at the given time: expiresAt > now",
    async run(store) {
      const { userKey, handle } = await add(store, { expiresAt: T0 + 10 });
      same(await handlesOf(store, userKey, T0 + 9), [handle]);
      same(await handlesOf(store, userKey, T0 + 10), []);
      same(await handlesOf(store, userKey, T0 + 11), []);
    },
  },
  {
    id: "sweep-1",
    name: "MUST sweep what is not live at the given time, expiresAt <= now, and nothing else",
    async run(store) {
      await store.deleteExpiredSessions(1000, 10_000);
      const [before, at, after] = [
        await add(store, { expiresAt: 999 }),
        await add(store, { expiresAt: 1000 }),
        await add(store, { expiresAt: 1001 }),
      ];
      equal(await store.deleteExpiredSessions(1000, 10), 2);
      equal(await find(store, before.handle), undefined);
      equal(await find(store, at.handle), undefined);
      same(await find(store, after.handle), after);
      equal(await store.deleteExpiredSessions(1000, 10), 0);
      equal(await store.deleteSession(after.handle), true);
    },
  },
  {
    id: "sweep-2",
    name: "MUST sweep at most as many as it is told, and the rest later",
    async run(store) {
      await store.deleteExpiredSessions(2000, 10_000);
      const rows = await times(25, () => add(store, { expiresAt: 1500 }));
      const swept = [];
      for (let turn = 0; turn < 4; turn += 1) swept.push(await store.deleteExpiredSessions(2000, 10));
      same(swept, [10, 10, 5, 0]);
      for (const row of rows) equal(await find(store, row.handle), undefined);
    },
  },
  {
    id: "sweep-4",
    name: "MUST sweep as many as it is told while there are more, also what comes meanwhile with an earlier end",
    async run(store) {
      await store.deleteExpiredSessions(2000, 10_000);
      for (const expiresAt of [1500, 1600, 1700]) await times(10, () => add(store, { expiresAt }));
      equal(await store.deleteExpiredSessions(2000, 15), 15);
      const late = await times(5, () => add(store, { expiresAt: 1400 }));
      equal(await store.deleteExpiredSessions(2000, 10), 10);
      equal(await store.deleteExpiredSessions(2000, 100), 10);
      for (const { handle } of late) equal(await find(store, handle), undefined);
    },
  },
  {
    id: "sweep-3",
    name: "MUST count each row in one of 10 parallel sweeps",
    async run(store, others = []) {
      await store.deleteExpiredSessions(2000, 10_000);
      await times(60, () => add(store, { expiresAt: 1500 }));
      const swept = await race([store, ...others], 10, (each) => each.deleteExpiredSessions(2000, 10));
      equal(swept.reduce((sum, count) => sum + count, 0) + (await store.deleteExpiredSessions(2000, 10_000)), 60);
      ok(Math.max(...swept) <= 10);
    },
  },
];
