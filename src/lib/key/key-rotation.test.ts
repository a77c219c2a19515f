import { decodeProtectedHeader } from "jose";
import { describe, expect, test } from "vitest";
import { DAY, HOUR, MINUTE, START } from "../../../test/fixtures/constants.ts";
import { kidsOf, POLICY, SKEW, World } from "../../../test/fixtures/key-world.ts";
import { memory } from "../../memory.ts";

const LONG = { accessToken: { validity: "1h" } } as const;

describe("rotation", () => {
  test("takes a key from pending to active to retired to dropped", async () => {
    const world = new World();
    const ring = world.ring();
    await ring.load();
    const old = ring.active();
    const next = await ring.rotate();
    expect(next.activatesAt).toBe(START + POLICY.publishAhead);
    const stages = [
      { at: START, active: old.kid, published: [old.kid, next.kid] },
      { at: next.activatesAt - 1, active: old.kid, published: [old.kid, next.kid] },
      { at: next.activatesAt, active: next.kid, published: [old.kid, next.kid] },
      { at: next.activatesAt + 15 * MINUTE + SKEW - 1, active: next.kid, published: [old.kid, next.kid] },
      { at: next.activatesAt + 15 * MINUTE + SKEW, active: next.kid, published: [next.kid] },
    ];
    for (const { at, active, published } of stages) {
      world.now = at;
      expect([ring.active().kid, kidsOf(ring.published())]).toEqual([active, published]);
      expect(ring.findByKid(old.kid)).toBe(old);
      expect(ring.findByHeader(old.headerSegment)).toBe(old);
    }
    // Only retirement is looked at here, so that no further rotation falls due.
    const idle = world.ring({ rotateEvery: 1000 * DAY });
    world.now = next.activatesAt + POLICY.longestToken + SKEW - 1;
    await idle.load();
    await idle.tend();
    expect(kidsOf(await world.store.listKeys())).toEqual([old.kid, next.kid]);
    const epoch = idle.epoch();
    world.now += MINUTE;
    await idle.tend();
    expect(kidsOf(await world.store.listKeys())).toEqual([next.kid]);
    expect([idle.findByKid(old.kid), idle.findByHeader(old.headerSegment)]).toEqual([undefined, undefined]);
    expect(idle.epoch()).toBeGreaterThan(epoch);
  });

  test("asked for twice, or in two processes at once, gives the same pending key", async () => {
    const world = new World();
    const [a, b] = [world.ring(), world.ring()];
    await Promise.all([a.load(), b.load()]);
    const answers = await Promise.all([a.rotate(), b.rotate(), a.rotate()]);
    world.now += POLICY.publishAhead - 1;
    answers.push(await b.rotate());
    expect(new Set(kidsOf(answers)).size).toBe(1);
    expect(kidsOf(world.rotations).slice(1)).toEqual([answers[0]?.kid]);
    world.now += 1;
    expect((await b.rotate()).kid).not.toBe(answers[0]?.kid);
  });

  test("is scheduled, ahead of time and with a jitter of up to a tenth that all processes share", async () => {
    const world = new World();
    const [a, b] = [world.ring(), world.ring()];
    await Promise.all([a.load(), b.load()]);
    const jitters: number[] = [];
    for (let turn = 0; turn < 20; turn += 1) {
      const { activatesAt, jitter } = a.active();
      jitters.push(jitter);
      const due = Math.ceil(activatesAt + POLICY.rotateEvery * (1 - jitter / 10) - POLICY.publishAhead);
      const count = world.rotations.length;
      world.now = due - 1;
      await Promise.all([a.tend(), b.tend()]);
      expect(world.rotations).toHaveLength(count);
      world.now = due + MINUTE;
      await Promise.all([a.tend(), b.tend()]);
      expect(world.rotations).toHaveLength(count + 1);
      expect(world.rotations.at(-1)?.activatesAt).toBe(world.now + POLICY.publishAhead);
      world.now += POLICY.publishAhead;
      expect(a.active().kid).toBe(world.rotations.at(-1)?.kid);
      expect(b.active().kid).toBe(a.active().kid);
    }
    expect(jitters.every((jitter) => jitter >= 0 && jitter < 1)).toBe(true);
    expect(Math.max(...jitters) - Math.min(...jitters)).toBeGreaterThan(0.2);
  });

  test("goes on with the keys at hand while the store is down", async () => {
    let down = false;
    const store = memory();
    const world = new World({
      ...store,
      listKeys: async () => (down ? Promise.reject(new Error("down")) : store.listKeys()),
    });
    const ring = world.ring();
    await ring.load();
    const { kid } = ring.active();
    down = true;
    world.now += 40 * DAY;
    await ring.tend();
    expect(ring.active().kid).toBe(kid);
    down = false;
    world.now += MINUTE;
    await ring.tend();
    expect(await store.listKeys()).toHaveLength(2);
  });

  test("logs nobody out: tokens of any age keep working across five rotations", async () => {
    const world = new World();
    const sessions = world.sessions({ session: { idleTimeout: "100d" }, tokens: { accessToken: { validity: "1d" } } });
    const { accessToken, refreshToken } = await sessions.createNewSession("alice");
    for (let turn = 0; turn < 5; turn += 1) {
      await sessions.rotateSigningKey();
      world.now += 4 * HOUR;
      await sessions.createNewSession("bob");
      await expect(sessions.getSession(accessToken.value)).resolves.toMatchObject({ session: { userId: "alice" } });
    }
    world.now = START + 100 * DAY - 1;
    await sessions.createNewSession("carol");
    const { newAccessToken } = await sessions.refreshSession(refreshToken.value);
    const [before, after] = [accessToken.value, newAccessToken.value].map((token) => decodeProtectedHeader(token).kid);
    expect(after).not.toBe(before);
  });

  test("logs nobody out whose last answer was lost", async () => {
    const world = new World();
    const sessions = world.sessions({ session: { idleTimeout: "1h" } });
    await sessions.createNewSession("bob");
    await sessions.rotateSigningKey();
    world.now += 9 * MINUTE;
    const { refreshToken } = await sessions.createNewSession("alice");
    world.now += 59 * MINUTE;
    await sessions.refreshSession(refreshToken.value); // and the answer is lost
    world.now += 4 * MINUTE;
    await sessions.createNewSession("bob"); // does the upkeep
    expect(await sessions.getAllSessionHandlesForUser("alice")).toHaveLength(1);
    await expect(sessions.refreshSession(refreshToken.value)).resolves.toMatchObject({ session: { userId: "alice" } });
  });
});

test("another signing algorithm in the config is published, then signs, and the old tokens stay good", async () => {
  const world = new World();
  const { accessToken, refreshToken } = await world.sessions({ tokens: LONG }).createNewSession("alice");
  let before = "HS256";
  for (const signing of ["EdDSA", "ES256", "HS256"] as const) {
    const sessions = world.sessions({ tokens: { accessToken: { ...LONG.accessToken, signing } } });
    await expect(sessions.getSession(accessToken.value)).resolves.toMatchObject({ session: { userId: "alice" } });
    for (const wait of [POLICY.publishAhead - 1, 1]) {
      world.now += wait;
      const { newAccessToken } = await sessions.refreshSession(refreshToken.value);
      expect(decodeProtectedHeader(newAccessToken.value).alg).toBe(wait === 1 ? signing : before);
    }
    before = signing;
  }
  expect((await world.store.listKeys()).map(({ algorithm }) => algorithm)).toEqual([
    "HS256",
    "EdDSA",
    "ES256",
    "HS256",
  ]);
});
