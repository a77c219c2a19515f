import { expect, test } from "vitest";
import { MINUTE } from "../../../test/fixtures/constants.ts";
import { World } from "../../../test/fixtures/key-world.ts";
import { activeKey, keyStates } from "./key-state.ts";

const keys = [100, 200, 300].map((activatesAt) => ({ activatesAt }));

test.each([
  { time: 50, states: ["active", "pending", "pending"] },
  { time: 100, states: ["active", "pending", "pending"] },
  { time: 199, states: ["active", "pending", "pending"] },
  { time: 200, states: ["retired", "active", "pending"] },
  { time: 999, states: ["retired", "retired", "active"] },
])("at $time: $states", ({ time, states }) => {
  expect(keyStates(keys, time)).toEqual(states);
});

test("without keys there is no active one", () => {
  expect(activeKey([], 0)).toBeUndefined();
  expect(keyStates([], 0)).toEqual([]);
});

test("the active key is the one that a ring signs with, before and after a rotation", async () => {
  const world = new World();
  const ring = world.ring();
  await ring.load();
  await ring.rotate();
  const records = await world.store.listKeys();
  for (const states of [
    ["active", "pending"],
    ["retired", "active"],
  ]) {
    expect(keyStates(records, world.now)).toEqual(states);
    expect(records[states.indexOf("active")]?.kid).toBe(ring.active().kid);
    world.now += 10 * MINUTE;
  }
});
