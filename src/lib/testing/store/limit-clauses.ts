import { deepStrictEqual as same, ok, strictEqual as equal } from "node:assert";
import { CHANGES } from "./change-clauses.ts";
import { add, ALL, countTrue, find, handlesOf, race, type StoreClause, times } from "./clause.ts";
import { newHandle } from "../../session/handle.ts";
import { decideLimit } from "../../session/session-limit.ts";
import { newRecord, newUser, T0 } from "./rows.ts";

export const limitClauses: readonly StoreClause[] = [
  {
    id: "limit-1",
    name: 'MUST write nothing at the limit with "refuse", and say so',
    async run(store) {
      const userKey = newUser();
      const limit = { max: 2, onLimit: "refuse" } as const;
      const rows = [0, 1].map((index) => newRecord({ userKey, createdAt: T0 + index }));
      for (const row of rows)
        same(await store.createSession(row, limit), { created: true, ended: [], replaced: false });
      const third = newRecord({ userKey, createdAt: T0 + 2 });
      same(await store.createSession(third, limit), { created: false, ended: [], replaced: false });
      equal(await find(store, third.handle), undefined);
      same(await handlesOf(store, userKey), rows.map((row) => row.handle).toReversed());
    },
  },
  {
    id: "limit-2",
    name: 'MUST end the oldest by createdAt with "end-oldest", as many as it takes, and name them',
    async run(store) {
      const userKey = newUser();
      const [second, fourth, first, third] = [2, 4, 1, 3].map((age) => newRecord({ userKey, createdAt: T0 + age }));
      ok(first && second && third && fourth);
      for (const row of [second, fourth, first, third]) await store.createSession(row, undefined);
      const newest = newRecord({ userKey, createdAt: T0 + 5 });
      const { created, ended } = await store.createSession(newest, { max: 2, onLimit: "end-oldest" });
      same(
        { created, ended: ended.toSorted() },
        { created, ended: [first, second, third].map((r) => r.handle).toSorted() },
      );
      equal(created, true);
      same(await handlesOf(store, userKey), [newest.handle, fourth.handle]);
      for (const row of [first, second, third]) equal(await find(store, row.handle), undefined);
    },
  },
  {
    id: "limit-3",
    name: "MUST count only sessions of that user that are live at the createdAt of the new one",
    async run(store) {
      const userKey = newUser();
      const expired = await add(store, { userKey, createdAt: T0 - 9, expiresAt: T0 });
      const stranger = await add(store, { createdAt: T0 - 9 });
      const own = await add(store, { userKey, createdAt: T0 - 5, expiresAt: T0 + 1 });
      const refuse = { max: 2, onLimit: "refuse" } as const;
      same(await store.createSession(newRecord({ userKey }), refuse), { created: true, ended: [], replaced: false });
      equal((await store.createSession(newRecord({ userKey }), refuse)).created, false);
      const next = await store.createSession(newRecord({ userKey }), { max: 2, onLimit: "end-oldest" });
      same(next, { created: true, ended: [own.handle], replaced: false });
      same(await find(store, expired.handle), expired);
      same(await find(store, stranger.handle), stranger);
    },
  },
  {
    id: "limit-4",
    name: 'MUST let exactly max of 20 parallel sign-ins through with "refuse"',
    async run(store, others = []) {
      const userKey = newUser();
      const outcomes = await race([store, ...others], 20, (each) =>
        each.createSession(newRecord({ userKey }), { max: 3, onLimit: "refuse" }),
      );
      equal(countTrue(outcomes.map((outcome) => outcome.created)), 3);
      equal((await handlesOf(store, userKey)).length, 3);
    },
  },
  {
    id: "limit-5",
    name: 'MUST leave exactly max sessions after 20 parallel sign-ins with "end-oldest", and name each ended one once',
    async run(store, others = []) {
      const userKey = newUser();
      const rows = Array.from({ length: 20 }, (_, index) => newRecord({ userKey, createdAt: T0 + index }));
      const outcomes = await race([store, ...others], rows.length, (each, index) =>
        each.createSession(rows[index] ?? newRecord(), { max: 3, onLimit: "end-oldest" }),
      );
      ok(outcomes.every((outcome) => outcome.created));
      const left = await handlesOf(store, userKey);
      equal(left.length, 3);
      const ended = outcomes.flatMap((outcome) => outcome.ended);
      same([...ended, ...left].toSorted(), rows.map((row) => row.handle).toSorted());
    },
  },
  {
    id: "limit-6",
    name: 'MUST end with "trim" the oldest live sessions that are too many, name them, and count no other row',
    async run(store) {
      const userKey = newUser();
      const soft = { max: 3, onLimit: "trim", atOnce: 10 } as const;
      const rows = [];
      for (const age of [2, 0, 3, 1, 4]) rows.push(await add(store, { userKey, createdAt: T0 - 9 + age }));
      const [third, first, fourth, second, fifth] = rows;
      const expired = await add(store, { userKey, createdAt: T0 - 20, expiresAt: T0 });
      const stranger = await add(store, { createdAt: T0 - 20 });
      const newest = newRecord({ userKey });
      const { ended, ...outcome } = await store.createSession(newest, soft);
      same(outcome, { created: true, replaced: false });
      same(ended.toSorted(), [first, second, third].map((row) => row?.handle ?? "").toSorted());
      same(await handlesOf(store, userKey), [newest.handle, fifth?.handle, fourth?.handle]);
      same(await find(store, expired.handle), expired);
      same(await find(store, stranger.handle), stranger);
    },
  },
  {
    id: "limit-7",
    name: 'MUST end with "trim" at most as many sessions as it is told, the oldest first, and the rest later',
    async run(store) {
      const userKey = newUser();
      const soft = { max: 2, onLimit: "trim", atOnce: 3 } as const;
      const rows = [];
      for (let age = 0; age < 7; age += 1) rows.push(await add(store, { userKey, createdAt: T0 - 100 + age }));
      const order = rows.map(({ handle }) => handle);
      // Seven sessions with a limit of one, then five, three and two.
      for (const [from, to] of [
        [0, 3],
        [3, 6],
        [6, 8],
        [8, 9],
      ]) {
        const next = newRecord({ userKey, createdAt: T0 + order.length });
        const { created, ended } = await store.createSession(next, soft);
        same([created, ended.toSorted()], [true, order.slice(from, to).toSorted()]);
        order.push(next.handle);
      }
      same(await handlesOf(store, userKey), order.slice(-2).toReversed());
    },
  },
  {
    id: "limit-8",
    name: 'MUST let 20 parallel sign-ins through with "trim", name each ended session once, and be at the limit after one more',
    async run(store, others = []) {
      const userKey = newUser();
      const soft = { max: 3, onLimit: "trim", atOnce: 50 } as const;
      const before = [];
      for (let age = 0; age < 5; age += 1) before.push(await add(store, { userKey, createdAt: T0 - 9 + age }));
      const rows = Array.from({ length: 20 }, (_, index) => newRecord({ userKey, createdAt: T0 + index }));
      const outcomes = await race([store, ...others], rows.length, (each, index) =>
        each.createSession(rows[index] ?? newRecord(), soft),
      );
      ok(outcomes.every((outcome) => outcome.created));
      const last = newRecord({ userKey, createdAt: T0 + 100 });
      const { ended } = await store.createSession(last, soft);
      const left = await handlesOf(store, userKey);
      ok(left.length <= 3 && left[0] === last.handle);
      const all = [...before, ...rows, last].map((row) => row.handle);
      same([...outcomes.flatMap((outcome) => outcome.ended), ...ended, ...left].toSorted(), all.toSorted());
    },
  },
  {
    id: "limit-9",
    name: 'MUST with "trim" remove the session that is replaced, of whichever user, and neither count nor name it',
    async run(store) {
      const soft = { max: 2, onLimit: "trim", atOnce: 10 } as const;
      for (const isOwn of [true, false]) {
        const userKey = newUser();
        const others = [
          await add(store, { userKey, createdAt: T0 - 8 }),
          await add(store, { userKey, createdAt: T0 - 7 }),
        ];
        const old = await add(store, { ...(isOwn ? { userKey } : {}), createdAt: T0 - 9 });
        const next = newRecord({ userKey });
        const outcome = await store.createSession(next, soft, old.handle);
        same(outcome, { created: true, ended: [others[0]?.handle], replaced: true });
        equal(await find(store, old.handle), undefined);
        same(await handlesOf(store, userKey), [next.handle, others[1]?.handle]);
        const again = newRecord({ userKey, createdAt: T0 + 1 });
        const unreplaced = await store.createSession(again, soft, old.handle);
        same(unreplaced, { created: true, ended: [others[1]?.handle], replaced: false });
      }
    },
  },
  {
    id: "limit-11",
    name: "MUST refuse a sign-in, or end as many sessions, as the library decides for each number about the limit",
    async run(store) {
      for (const max of [1, 2]) {
        const exact = (["refuse", "end-oldest"] as const).map((onLimit) => ({ max, onLimit }));
        for (const limit of [...exact, { max, onLimit: "trim", atOnce: 2 } as const]) {
          for (let count = 0; count < max + 4; count += 1) {
            const userKey = newUser();
            const rows = await times(count, (age) => add(store, { userKey, createdAt: T0 - 9 + age }));
            const { oldest, next } = decideLimit(limit, Math.max(0, count - (max - 1)));
            const { created, ended } = await store.createSession(newRecord({ userKey }), limit);
            const expected = rows.slice(0, oldest).map(({ handle }) => handle);
            same(
              { limit, count, created, ended: ended.toSorted() },
              {
                limit,
                count,
                created: next === "add",
                ended: expected.toSorted(),
              },
            );
          }
        }
      }
    },
  },
  {
    id: "replace-1",
    name: "MUST remove the session that a new one replaces, of whichever user, and say so once",
    async run(store) {
      const [old, bystander] = [newRecord({ userKey: newUser() }), newRecord({ userKey: newUser() })];
      await store.createSession(old, undefined);
      await store.createSession(bystander, undefined);
      const next = newRecord({ userKey: newUser() });
      same(await store.createSession(next, undefined, old.handle), { created: true, ended: [], replaced: true });
      equal(await store.findSession(old.handle), undefined);
      ok((await store.findSession(bystander.handle)) !== undefined);
      const last = newRecord({ userKey: newUser() });
      same(await store.createSession(last, undefined, old.handle), { created: true, ended: [], replaced: false });
      ok((await store.findSession(last.handle)) !== undefined);
    },
  },
  {
    id: "replace-2",
    name: "MUST not count the session that is replaced, nor name it as ended",
    async run(store) {
      for (const onLimit of ["refuse", "end-oldest"] as const) {
        const userKey = newUser();
        const [old, other] = [newRecord({ userKey }), newRecord({ userKey, createdAt: T0 + 1 })];
        await store.createSession(old, undefined);
        await store.createSession(other, undefined);
        const next = newRecord({ userKey, createdAt: T0 + 2 });
        const outcome = await store.createSession(next, { max: 2, onLimit }, old.handle);
        same(outcome, { created: true, ended: [], replaced: true });
        same((await handlesOf(store, userKey)).toSorted(), [other.handle, next.handle].toSorted());
      }
    },
  },
  {
    id: "replaced-1",
    name: "MUST remember what was replaced until the time that it is told, now < until, and nothing else",
    async run(store) {
      const [handle, other] = [newHandle(newUser()), newHandle(newUser())];
      await store.rememberReplaced(handle, T0 + 10);
      same(await Promise.all([T0, T0 + 9, T0 + 10, T0 + 11].map((now) => store.wasReplaced(handle, now))), [
        true,
        true,
        false,
        false,
      ]);
      equal(await store.wasReplaced(other, T0), false);
      equal(await store.wasReplaced(`${handle} `, T0), false);
    },
  },
  {
    id: "replaced-2",
    name: "MUST take the newer end when it is told again, and keep it through a sweep of before",
    async run(store) {
      const handle = newHandle(newUser());
      for (const until of [T0 + 10, T0 + 30, T0 + 20]) await store.rememberReplaced(handle, until);
      await store.deleteExpiredSessions(1000, 10);
      same(await Promise.all([T0 + 19, T0 + 20].map((now) => store.wasReplaced(handle, now))), [true, false]);
    },
  },
  {
    id: "replaced-3",
    name: "MUST let exactly one of many calls, from several processes, use a name for the first time",
    async run(store, others = []) {
      for (let round = 0; round < 5; round += 1) {
        const [once, other] = [newHandle(newUser()), newHandle(newUser())];
        const uses: readonly boolean[] = await race([store, ...others], 12, (one) => one.rememberOnce(once, T0 + 10));
        equal(countTrue(uses), 1);
        equal(await store.rememberOnce(once, T0 + 20), false);
        equal(await store.rememberOnce(other, T0 + 10), true);
        equal(await store.wasReplaced(once, T0 + 10), false);
      }
    },
  },
  {
    id: "replace-3",
    name: 'MUST leave the session that was to be replaced when "refuse" refuses',
    async run(store) {
      const userKey = newUser();
      const [mine, theirs] = [newRecord({ userKey }), newRecord({ userKey: newUser() })];
      await store.createSession(mine, undefined);
      await store.createSession(theirs, undefined);
      const refused = await store.createSession(newRecord({ userKey }), { max: 1, onLimit: "refuse" }, theirs.handle);
      same(refused, { created: false, ended: [], replaced: false });
      ok((await store.findSession(theirs.handle)) !== undefined);
    },
  },
  {
    id: "replace-4",
    name: "MUST keep what a sign-in says of the session that it replaced, at every way of creating, through all changes",
    async run(store) {
      for (const limit of [undefined, { max: 2, onLimit: "refuse" }, { max: 1, onLimit: "end-oldest" }] as const) {
        for (const isThere of [true, false]) {
          const old = newRecord();
          if (isThere) await store.createSession(old, undefined);
          const next = newRecord({ replacedHandle: old.handle });
          const { created, replaced } = await store.createSession(next, limit, old.handle);
          same([created, replaced, await find(store, next.handle)], [true, isThere, next]);
          for (const { apply } of CHANGES) {
            const { version = 0 } = (await store.findSession(next.handle)) ?? {};
            equal(await apply(store, next.handle, version), true);
          }
          equal((await store.findSession(next.handle))?.replacedHandle, old.handle);
          const [listed] = await store.listSessionsOfUser(next.userKey, T0, ALL);
          equal(listed?.replacedHandle, old.handle);
        }
      }
    },
  },
];
