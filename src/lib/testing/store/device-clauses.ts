import { deepStrictEqual as same, strictEqual as equal } from "node:assert";
import { add, find, race, type StoreClause } from "./clause.ts";
import { newUser, randomName, T0 } from "./rows.ts";

const END = T0 + 1000;

export const deviceClauses: readonly StoreClause[] = [
  {
    id: "device-1",
    name: "MUST tell a remembered device from another one, byte by byte, and from a user's first one",
    async run(store) {
      const [userKey, device] = [newUser(), randomName(32)];
      equal(await store.rememberDevice(userKey, device, T0, END), undefined);
      for (let turn = 0; turn < 3; turn += 1) equal(await store.rememberDevice(userKey, device, T0, END), true);
      const other = device.toLowerCase() === device ? device.toUpperCase() : device.toLowerCase();
      for (const each of [other, `${device}-`, device.slice(1)]) {
        equal(await store.rememberDevice(userKey, each, T0, END), false);
        equal(await store.rememberDevice(userKey, each, T0 + 1, END), true);
      }
      equal(await store.rememberDevice(newUser(), device, T0, END), undefined);
      equal(await store.rememberDevice(newUser("\u00c9 'quoted\" \\ \0"), device, T0, END), undefined);
      await store.forgetDevices(newUser("\u00c9 'quoted\" \\ \0"));
    },
  },
  {
    id: "device-2",
    name: "MUST remember a device until the end that the last call gives, end > now, and no longer",
    async run(store) {
      const userKey = newUser();
      const at = (now: number, until: number): Promise<boolean | undefined> =>
        store.rememberDevice(userKey, "a", now, until);
      equal(await at(T0, T0 + 10), undefined);
      equal(await at(T0 + 9, T0 + 20), true);
      equal(await at(T0 + 20, T0 + 30), undefined);
      equal(await at(T0 + 21, T0 + 22), true);
      equal(await store.rememberDevice(userKey, "b", T0 + 21, T0 + 50), false);
      equal(await at(T0 + 22, T0 + 23), false);
      equal(await store.rememberDevice(userKey, "b", T0 + 49, T0 + 90), true);
      equal(await at(T0 + 49, T0 + 60), false);
      // Over in the moment in which it begins.
      equal(await at(T0 + 50, T0 + 50), true);
      equal(await at(T0 + 50, T0 + 60), false);
    },
  },
  {
    id: "device-3",
    name: "MUST find a device new in exactly one of 50 parallel calls",
    async run(store, others = []) {
      for (const [expired, isNew] of [
        [false, undefined],
        [true, false],
      ] as const) {
        const [userKey, device] = [newUser(), randomName(32)];
        if (expired) {
          await store.rememberDevice(userKey, device, T0 - 100, T0 - 50);
          await store.rememberDevice(userKey, "another", T0, END);
        }
        const known: readonly (boolean | undefined)[] = await race([store, ...others], 50, (each) =>
          each.rememberDevice(userKey, device, T0, END),
        );
        same(
          known.filter((each) => each !== true),
          [isNew],
        );
        equal(await store.forgetDevices(userKey), expired ? 2 : 1);
      }
    },
  },
  {
    id: "device-4",
    name: "MUST remember 100 devices of a user, and forget those for another one that expire first",
    async run(store) {
      const userKey = newUser();
      for (let index = 0; index < 100; index += 1) await store.rememberDevice(userKey, `${index}`, T0, END + index);
      equal(await store.rememberDevice(userKey, "0", T0, END + 100), true);
      equal(await store.rememberDevice(userKey, "another", T0, END + 50), false);
      equal(await store.rememberDevice(userKey, "2", T0, END + 2), true);
      // This one displaces the third in turn.
      equal(await store.rememberDevice(userKey, "1", T0, END + 1), false);
      for (const [device, isKnown] of [
        ["0", true],
        ["1", true],
        ["3", true],
        ["99", true],
        ["another", true],
      ] as const)
        equal(await store.rememberDevice(userKey, device, T0, END + 100), isKnown, device);
      equal(await store.forgetDevices(userKey), 100);
    },
  },
  {
    id: "device-5",
    name: "MUST forget the devices of a user, count them, and forget nothing else",
    async run(store) {
      const { userKey, handle } = await add(store);
      const stranger = newUser();
      for (const device of ["a", "b", "c", "d", "e"]) await store.rememberDevice(userKey, device, T0, END);
      await store.rememberDevice(stranger, "a", T0, END);
      same([await store.forgetDevices(userKey), await store.forgetDevices(userKey)], [5, 0]);
      equal(await store.rememberDevice(userKey, "a", T0, END), undefined);
      equal(await store.rememberDevice(stranger, "a", T0, END), true);
      equal((await find(store, handle))?.userKey, userKey);
    },
  },
  {
    id: "device-6",
    name: "MUST forget devices in a sweep that leaves nothing to sweep: those that have expired, and no others",
    async run(store) {
      const [userKey, other] = [newUser(), newUser()];
      await store.rememberDevice(userKey, "a", 1000, 1500);
      await store.rememberDevice(other, "a", 1000, 3001);
      await store.deleteExpiredSessions(3000, 10_000);
      equal(await store.forgetDevices(userKey), 0);
      equal(await store.rememberDevice(other, "a", 3000, END), true);
    },
  },
];
