import { describe, expect, test } from "vitest";
import { MINUTE, SECRET, START } from "../../../test/fixtures/constants.ts";
import { kidsOf, SKEW, World } from "../../../test/fixtures/key-world.ts";
import type { CounterfoilConfig } from "../../index.ts";
import { memory } from "../../memory.ts";

describe("the first start", () => {
  test("makes one key, which signs at once and which every later start uses", async () => {
    const world = new World();
    const ring = world.ring();
    expect(() => ring.active()).toThrow("the signing keys have not been loaded");
    await ring.load();
    await ring.load();
    const later = world.ring();
    await later.load();
    expect(await world.store.listKeys()).toMatchObject([{ sequence: 1, algorithm: "HS256", activatesAt: START }]);
    expect(later.active().kid).toBe(ring.active().kid);
    expect(world.rotations).toHaveLength(1);
  });

  test("of eight processes at once makes one key, also where clocks are a minute apart", async () => {
    const world = new World();
    const rings = Array.from({ length: 8 }, (_, index) => world.ring({}, [SECRET], (index % 2) * SKEW));
    await Promise.all(rings.map((ring) => ring.load()));
    expect(await world.store.listKeys()).toHaveLength(1);
    expect(new Set(rings.map((ring) => ring.active().kid)).size).toBe(1);
  });
});

test("a key that somebody removed from the store is replaced by one that signs at once", async () => {
  const world = new World();
  const ring = world.ring();
  await ring.load();
  const { kid } = ring.active();
  await world.store.deleteKey(kid);
  world.now += MINUTE;
  await ring.tend();
  expect(ring.active().activatesAt).toBe(world.now);
  expect(kidsOf(await world.store.listKeys())).toEqual([ring.active().kid]);
  expect(ring.findByKid(kid)).toBeUndefined();
});

test("tending costs one look at the store a minute", async () => {
  const store = memory();
  let looks = 0;
  const world = new World({ ...store, listKeys: () => ((looks += 1), store.listKeys()) });
  const ring = world.ring();
  await ring.load();
  looks = 0;
  for (let second = 0; second < 300; second += 1) {
    world.now += 1000;
    await ring.tend();
  }
  expect(looks).toBe(5);
});

test("the JWKS shows public halves of the pending, the active and the still valid retired keys only", async () => {
  const world = new World();
  const config: CounterfoilConfig = { tokens: { accessToken: { signing: "EdDSA" } } };
  expect(await new World().sessions().getJwks()).toEqual({ keys: [] });
  const sessions = world.sessions(config);
  const members = ["alg", "crv", "kid", "kty", "use", "x"];
  const shown = async (): Promise<string[]> => {
    const { keys } = await sessions.getJwks();
    for (const key of keys) expect(Object.keys(key).sort()).toEqual(members);
    return kidsOf(keys);
  };
  const [first = ""] = await shown();
  const second = await sessions.rotateSigningKey();
  expect(await shown()).toEqual([first, second.kid]);
  world.now = second.activatesAt + 15 * MINUTE + SKEW - 1;
  expect(await shown()).toEqual([first, second.kid]);
  world.now += 1;
  const third = await sessions.rotateSigningKey();
  expect(await shown()).toEqual([second.kid, third.kid]);
  expect(await world.store.listKeys()).toHaveLength(3);
});

describe("revokeAllSessions", () => {
  test("ends everything of everybody, and leaves a ring that works", async () => {
    const world = new World();
    const [a, b] = [world.sessions(), world.sessions()];
    const created = await Promise.all(["alice", "bob", 3].map((user) => a.createNewSession(user)));
    await b.getSession(created[0]?.accessToken.value ?? "");
    const before = kidsOf(await world.store.listKeys());
    expect(await a.revokeAllSessions()).toBe(3);
    world.now += MINUTE;
    await b.createNewSession("dave"); // does the upkeep of the other process
    for (const sessions of [a, b]) {
      for (const { session, accessToken, refreshToken } of created) {
        await expect(sessions.getSession(accessToken.value)).rejects.toMatchObject({ code: "ACCESS_TOKEN_INVALID" });
        await expect(sessions.refreshSession(refreshToken.value)).rejects.toMatchObject({ errType: 2000 });
        await expect(sessions.getSessionData(session.handle)).rejects.toMatchObject({ code: "SESSION_NOT_FOUND" });
        expect(await sessions.getAllSessionHandlesForUser(session.userId)).toEqual([]);
      }
    }
    expect(kidsOf(await world.store.listKeys()).filter((kid) => before.includes(kid))).toEqual([]);
    const { accessToken, refreshToken } = await a.createNewSession("alice");
    await expect(b.getSession(accessToken.value)).resolves.toMatchObject({ session: { userId: "alice" } });
    await expect(b.refreshSession(refreshToken.value)).resolves.toMatchObject({ session: { userId: "alice" } });
  });

  test("is followed within a minute by a process that only verifies", async () => {
    const world = new World();
    const [a, b] = [world.sessions(), world.sessions()];
    const { accessToken } = await a.createNewSession("alice");
    await b.getSession(accessToken.value);
    await a.revokeAllSessions();
    for (let second = 0; second < 120; second += 1) {
      world.now += 1000;
      await b.getSession(accessToken.value).catch(() => undefined);
    }
    await expect(b.getSession(accessToken.value)).rejects.toMatchObject({ code: "ACCESS_TOKEN_INVALID" });
  });

  test("is not undone by a reload that was under way", async () => {
    const store = memory();
    let openGate = (): void => undefined;
    const gate = new Promise<void>((resolve) => (openGate = resolve));
    let slow = false;
    const world = new World({
      ...store,
      async listKeys() {
        const answer = await store.listKeys();
        if (slow) {
          slow = false;
          await gate;
        }
        return answer;
      },
    });
    const ring = world.ring();
    await ring.load();
    const { kid } = ring.active();
    world.now += 2 * MINUTE;
    slow = true;
    const tending = ring.tend();
    await ring.replaceAll();
    openGate();
    await tending;
    expect(ring.findByKid(kid)).toBeUndefined();
    expect([ring.active().kid]).toEqual(kidsOf(await store.listKeys()));
  });
});
