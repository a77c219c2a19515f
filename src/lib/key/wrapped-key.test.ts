import { expect, test } from "vitest";
import { SECRET } from "../../../test/fixtures/constants.ts";
import { kidsOf, World } from "../../../test/fixtures/key-world.ts";
import { createSecrets } from "../crypto/secret.ts";
import { rewrapKeys } from "./wrapped-key.ts";

const NEW = "a new secret for tests, of 32 characters or more";
const BOTH = createSecrets([NEW, SECRET]);

async function twoKeys(): Promise<World> {
  const world = new World();
  const ring = world.ring();
  await ring.load();
  await ring.rotate();
  return world;
}

test("encrypts every key with the first secret, once", async () => {
  const world = await twoKeys();
  const before = await world.store.listKeys();
  expect(await rewrapKeys(world.store, BOTH)).toEqual({ rewrapped: 2, total: 2 });
  const after = await world.store.listKeys();
  expect(kidsOf(after)).toEqual(kidsOf(before));
  expect(await rewrapKeys(world.store, BOTH)).toEqual({ rewrapped: 0, total: 2 });
  expect(await world.store.listKeys()).toEqual(after);
  await expect(world.ring({}, [NEW]).load()).resolves.toBeUndefined();
});

test("writes nothing if it cannot decrypt all of them", async () => {
  const world = await twoKeys();
  const third = createSecrets(["a third secret for tests, of 32 characters", SECRET]);
  await rewrapKeys({ ...world.store, listKeys: async () => (await world.store.listKeys()).slice(0, 1) }, third);
  const before = await world.store.listKeys();
  await expect(rewrapKeys(world.store, BOTH)).rejects.toMatchObject({ code: "SECRET_MISMATCH" });
  expect(await world.store.listKeys()).toEqual(before);
});

test("encrypts once more what another process has changed meanwhile", async () => {
  const world = await twoKeys();
  const back = createSecrets([SECRET, NEW]);
  let isDisturbed = false;
  const store: typeof world.store = {
    ...world.store,
    async rewrapKey(...given) {
      const isDone = await world.store.rewrapKey(...given);
      if (!isDisturbed) {
        isDisturbed = true;
        await rewrapKeys(world.store, back);
      }
      return isDone;
    },
  };
  expect(await rewrapKeys(store, BOTH)).toEqual({ rewrapped: 3, total: 2 });
  expect(await rewrapKeys(world.store, BOTH)).toEqual({ rewrapped: 0, total: 2 });
});

test("gives up, and says why, if the other process does so without end", async () => {
  const world = await twoKeys();
  const store: typeof world.store = { ...world.store, rewrapKey: async () => false };
  await expect(rewrapKeys(store, BOTH)).rejects.toMatchObject({
    code: "STORE_BUSY",
    detail: expect.stringContaining("put the new secret first"),
  });
});
