/**
 * What the memory store does for one user costs what that user has, however many others there are.
 */
import { expect, test } from "vitest";
import { createMemoryRows } from "../../src/lib/store/memory-rows.ts";
import { createMemoryStore } from "../../src/lib/store/memory-store.ts";
import { ALL } from "../../src/lib/testing/store/clause.ts";
import { newRecord, newUser, T0 } from "../../src/lib/testing/store/rows.ts";
import type { SessionRecord } from "../../src/lib/session/record.ts";

test("a sign-in with a limit, a list and the end of all of a user look at no row of another", async () => {
  const store = createMemoryStore();
  let looks = 0;
  const counting = (row: SessionRecord): SessionRecord =>
    new Proxy(row, { get: (at, key) => (looks++, Reflect.get(at, key)) });
  for (let count = 0; count < 300; count += 1) await store.createSession(counting(newRecord()), undefined);
  const userKey = newUser();
  const make = (index: number): SessionRecord => newRecord({ userKey, createdAt: T0 + index });
  const [first, second, third, fourth] = [0, 1, 2, 3].map(make) as [
    SessionRecord,
    SessionRecord,
    SessionRecord,
    SessionRecord,
  ];
  await store.createSession(first, undefined);
  looks = 0;
  await store.createSession(second, { max: 2, onLimit: "refuse" });
  expect(await store.createSession(third, { max: 2, onLimit: "end-oldest" })).toMatchObject({ ended: [first.handle] });
  const trimmed = await store.createSession(fourth, { max: 2, onLimit: "trim", atOnce: 9 }, third.handle);
  expect(trimmed).toMatchObject({ ended: [], replaced: true });
  const listed = await store.listSessionsOfUser(userKey, T0, ALL);
  expect(listed.map(({ handle }) => handle)).toEqual([fourth.handle, second.handle]);
  expect(await store.deleteSessionsOfUser(userKey, second.handle, 100)).toEqual([fourth.handle]);
  expect(await store.deleteSession(second.handle)).toBe(true);
  expect(looks).toBe(0);
});

test("users without a session leave nothing behind", () => {
  const byUser = new Map<string, Map<string, SessionRecord>>();
  const rows = createMemoryRows(byUser);
  const [alice, bob] = [newRecord(), newRecord()];
  for (const row of [alice, newRecord({ userKey: alice.userKey }), bob]) rows.put(row);
  rows.put({ ...bob, version: 2 });
  expect([byUser.size, rows.ofUser(bob.userKey)]).toEqual([2, [{ ...bob, version: 2 }]]);
  for (const { handle } of rows.all()) expect(rows.remove(handle)).toBe(true);
  expect([byUser.size, [...rows.all()], rows.remove(bob.handle)]).toEqual([0, [], false]);
});

test("a handle that comes again for another user belongs to that one alone", () => {
  const rows = createMemoryRows();
  const [row, other] = [newRecord(), newUser()];
  rows.put(row);
  rows.put({ ...row, userKey: other });
  expect([rows.ofUser(row.userKey), rows.ofUser(other).length]).toEqual([[], 1]);
});
