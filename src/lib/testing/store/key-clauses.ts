import { deepStrictEqual as same, strictEqual as equal } from "node:assert";
import type { KeyRecord } from "../../key/key-record.ts";
import type { SessionStore } from "../../session/session-store.ts";
import { countTrue, plain, race, type StoreClause } from "./clause.ts";
import { newKey, randomName, T0 } from "./rows.ts";

const keyOf = async (store: SessionStore, kid: string): Promise<KeyRecord | undefined> =>
  plain((await store.listKeys()).find((key) => key.kid === kid));

export const keyClauses: readonly StoreClause[] = [
  {
    id: "key-1",
    name: "MUST list all keys as they are, by ascending sequence",
    async run(store) {
      const keys = [newKey(), newKey({ algorithm: "ES256" }), newKey({ algorithm: "EdDSA", activatesAt: T0 + 9 })];
      for (const key of [keys[1], keys[2], keys[0]]) equal(key !== undefined && (await store.insertKey(key)), true);
      const listed = (await store.listKeys()).filter(({ kid }) => keys.some((key) => key.kid === kid));
      same(listed.map(plain), keys);
      for (const key of keys) await store.deleteKey(key.kid);
    },
  },
  {
    id: "key-2",
    name: "MUST refuse a key whose sequence is taken, and write nothing",
    async run(store) {
      const first = newKey();
      const second = newKey({ sequence: first.sequence, algorithm: "ES256" });
      same([await store.insertKey(first), await store.insertKey(second)], [true, false]);
      same([await keyOf(store, first.kid), await keyOf(store, second.kid)], [first, undefined]);
    },
  },
  {
    id: "key-3",
    name: "MUST take exactly one of 50 parallel keys with one sequence",
    async run(store, others = []) {
      const { sequence } = newKey();
      const rivals = Array.from({ length: 50 }, () => newKey({ sequence }));
      const taken = await race([store, ...others], 50, (each, index) => each.insertKey(rivals[index] ?? newKey()));
      equal(countTrue(taken), 1);
      const listed = (await store.listKeys()).filter((key) => key.sequence === sequence);
      same(listed.map(plain), [rivals[taken.indexOf(true)]]);
    },
  },
  {
    id: "key-4",
    name: "MUST rewrap a key only while its seed is the expected one, and change nothing else",
    async run(store) {
      const [key, bystander] = [newKey(), newKey()];
      for (const each of [key, bystander]) await store.insertKey(each);
      equal(await store.rewrapKey(key.kid, `${key.wrappedSeed} `, "new"), false);
      equal(await store.rewrapKey(key.kid, bystander.wrappedSeed, "new"), false);
      equal(await store.rewrapKey(randomName(8), key.wrappedSeed, "new"), false);
      same(await keyOf(store, key.kid), key);
      equal(await store.rewrapKey(key.kid, key.wrappedSeed, "new"), true);
      same(await keyOf(store, key.kid), { ...key, wrappedSeed: "new" });
      same(await keyOf(store, bystander.kid), bystander);
    },
  },
  {
    id: "key-5",
    name: "MUST let exactly one of 50 parallel rewraps of a seed win",
    async run(store, others = []) {
      const { kid, wrappedSeed } = newKey();
      await store.insertKey(newKey({ kid, wrappedSeed }));
      const won = await race([store, ...others], 50, (each, index) =>
        each.rewrapKey(kid, wrappedSeed, `seed ${index}`),
      );
      equal(countTrue(won), 1);
      equal((await keyOf(store, kid))?.wrappedSeed, `seed ${won.indexOf(true)}`);
    },
  },
  {
    id: "key-6",
    name: "MUST remove the key that is named, byte by byte, and do nothing when there is none",
    async run(store) {
      const tail = randomName(7);
      const [lower, upper] = [newKey({ kid: `a${tail}` }), newKey({ kid: `A${tail}` })];
      for (const key of [lower, upper]) equal(await store.insertKey(key), true);
      await store.deleteKey(lower.kid);
      await store.deleteKey(lower.kid);
      same([await keyOf(store, lower.kid), await keyOf(store, upper.kid)], [undefined, upper]);
      equal(await store.insertKey(lower), true);
    },
  },
];
