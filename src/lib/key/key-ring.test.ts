import { randomBytes } from "node:crypto";
import { decodeProtectedHeader } from "jose";
import { describe, expect, test } from "vitest";
import { createSessions, type CounterfoilConfig, type Sessions } from "../../index.ts";
import { memory } from "../../memory.ts";
import type { SessionStore } from "../store/session-store.ts";
import { createSecrets } from "../token/secret.ts";
import { createKeyRing, type KeyPolicy, type KeyRing, type PendingKey } from "./key-ring.ts";

const SECRET = "a secret for tests, of 32 characters and more";
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const SKEW = MINUTE;
const START = 1_790_000_000_000;

const LONG = { accessToken: { validity: "1h" } } as const;
const POLICY: KeyPolicy = {
  signing: "HS256",
  rotateEvery: 30 * DAY,
  publishAhead: 10 * MINUTE,
  accessValidity: 15 * MINUTE,
  longestToken: 100 * DAY,
};

/** Any number of processes on one store and one clock. */
class World {
  now = START;
  readonly rotations: PendingKey[] = [];
  readonly store: SessionStore;

  constructor(store: SessionStore = memory()) {
    this.store = store;
  }

  ring(policy: Partial<KeyPolicy> = {}, secrets: readonly [string, ...string[]] = [SECRET], behind = 0): KeyRing {
    const derived = createSecrets(secrets);
    return createKeyRing({
      store: this.store,
      secrets: () => derived,
      policy: { ...POLICY, ...policy },
      now: () => this.now - behind,
      onRotated: (key) => void this.rotations.push(key),
    });
  }

  sessions(config: CounterfoilConfig = {}): Sessions {
    return createSessions({ store: this.store, secret: SECRET, clock: () => this.now, ...config });
  }
}

const kidsOf = (keys: readonly { readonly kid: string }[]): string[] => keys.map(({ kid }) => kid);

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

describe("unknown keys", () => {
  test("of 100,000 tokens cost one reload per interval and no other call", async () => {
    const store = memory();
    const calls: string[] = [];
    const counting = new Proxy(store, {
      get: (target, name: keyof SessionStore) => (calls.push(name), target[name]),
    });
    const world = new World(counting);
    const sessions = world.sessions();
    const { refreshToken } = await sessions.createNewSession("alice");
    world.now += 30_000;
    calls.length = 0;
    const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
    for (let turn = 0; turn < 50_000; turn += 1) {
      const kid = randomBytes(8);
      const token = `${encode({ alg: "HS256", kid: kid.toString("base64url"), typ: "at+jwt" })}.e30.AAAA`;
      await expect(sessions.getSession(token)).rejects.toMatchObject({ code: "ACCESS_TOKEN_INVALID" });
      const body = Buffer.concat([kid, Buffer.from(refreshToken.value.slice(5), "base64url").subarray(8)]);
      const refresh = sessions.refreshSession(`cfr1.${body.toString("base64url")}`);
      await expect(refresh).rejects.toMatchObject({ code: "REFRESH_TOKEN_INVALID" });
      if (turn % 10_000 === 9_999) {
        expect(calls).toEqual(["listKeys"]);
        calls.length = 0;
        world.now += 10_000;
      }
    }
  });

  test("are looked up, so that a process that slept through a rotation accepts its tokens", async () => {
    const world = new World();
    const [a, b] = [world.sessions(), world.sessions()];
    await Promise.all([a.ready(), b.ready()]);
    const { activatesAt } = await a.rotateSigningKey();
    world.now = activatesAt;
    const { accessToken, refreshToken } = await a.createNewSession("alice");
    await expect(b.getSession(accessToken.value)).resolves.toMatchObject({ session: { userId: "alice" } });
    await expect(b.refreshSession(refreshToken.value)).resolves.toMatchObject({ session: { userId: "alice" } });
  });

  test("are no reason to refuse a token while the store cannot be asked, and are looked up a second later", async () => {
    let down = false;
    const store = memory();
    const listKeys: SessionStore["listKeys"] = () => (down ? Promise.reject(new Error("down")) : store.listKeys());
    const world = new World({ ...store, listKeys });
    const [a, b] = [world.sessions(), world.sessions()];
    await Promise.all([a.ready(), b.ready()]);
    world.now = (await a.rotateSigningKey()).activatesAt;
    const { refreshToken } = await a.createNewSession("alice");
    down = true;
    for (const wait of [0, 999]) {
      world.now += wait;
      await expect(b.refreshSession(refreshToken.value)).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    }
    down = false;
    world.now += 1;
    await expect(b.refreshSession(refreshToken.value)).resolves.toMatchObject({ session: { userId: "alice" } });
  });

  test("are looked up once for all who ask at the same time", async () => {
    const world = new World();
    const [a, b] = [world.sessions(), world.sessions()];
    await Promise.all([a.ready(), b.ready()]);
    world.now = (await a.rotateSigningKey()).activatesAt;
    const created = await Promise.all(["alice", "bob", "carol"].map((user) => a.createNewSession(user)));
    const refreshed = created.map(({ refreshToken }) => b.refreshSession(refreshToken.value));
    await expect(Promise.all(refreshed)).resolves.toHaveLength(3);
  });

  test("log nobody out while the signing algorithm changes process by process", async () => {
    const world = new World();
    const before = world.sessions();
    const { refreshToken } = await before.createNewSession("alice");
    const unknown = `cfr1.AAAAAAAAAAA${refreshToken.value.slice(16)}`;
    await expect(before.refreshSession(unknown)).rejects.toMatchObject({ code: "REFRESH_TOKEN_INVALID" });
    world.now += 1000;
    const after = world.sessions({ tokens: { accessToken: { signing: "EdDSA" } } });
    const { newRefreshToken } = await after.refreshSession(refreshToken.value);
    await expect(before.refreshSession(newRefreshToken.value)).resolves.toMatchObject({ session: { userId: "alice" } });
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

describe("the secret", () => {
  const NEW = "a new secret for tests, of 32 characters or more";

  test("is rotated by a list: the start rewraps the keys, and then the old one can go", async () => {
    const world = new World();
    const { accessToken, refreshToken, antiCsrfToken } = await world.sessions().createNewSession("alice");
    const [before] = await world.store.listKeys();
    await world.sessions({ secret: [SECRET, NEW] }).ready();
    expect(await world.store.listKeys()).toEqual([before]);
    await expect(world.sessions({ secret: NEW }).ready()).rejects.toMatchObject({ code: "SECRET_MISMATCH" });

    const both = world.sessions({ secret: [NEW, SECRET] });
    await expect(both.getSession(accessToken.value, antiCsrfToken)).resolves.toBeDefined();
    const [after] = await world.store.listKeys();
    expect(after).toEqual({ ...before, wrappedSeed: expect.not.stringMatching(before?.wrappedSeed ?? "") as string });

    await expect(world.sessions().ready()).rejects.toMatchObject({ code: "SECRET_MISMATCH" });
    const only = world.sessions({ secret: NEW });
    await expect(only.getSession(accessToken.value)).resolves.toMatchObject({ session: { userId: "alice" } });
    await expect(only.refreshSession(refreshToken.value)).resolves.toMatchObject({ session: { userId: "alice" } });
    expect(await world.store.listKeys()).toEqual([after]);
  });

  test("that does not fit is refused with the key's name and what to write, and without the secret", async () => {
    const world = new World();
    await world.sessions().ready();
    const [key] = await world.store.listKeys();
    const error: unknown = await world
      .sessions({ secret: NEW })
      .createNewSession("alice")
      .catch((fault: unknown) => fault);
    expect(error).toMatchObject({ errType: 1000, code: "SECRET_MISMATCH" });
    const message = String(error);
    expect(message).toContain(key?.kid);
    expect(message).toContain("secret: [current, earlier]");
    expect(message).not.toContain(NEW);
  });

  test.each(["kid", "algorithm"] as const)("authenticates the %s of a key along with its seed", async (field) => {
    const world = new World();
    await world.ring().load();
    const [key] = await world.store.listKeys();
    if (key === undefined) expect.fail("there is no key");
    await world.store.deleteKey(key.kid);
    await world.store.insertKey({ ...key, [field]: field === "kid" ? "AAAAAAAAAAA" : "ES256" });
    await expect(world.ring().load()).rejects.toMatchObject({ code: "SECRET_MISMATCH" });
  });
});

test("an access token that was seen to expire stays expired when the clock jumps back an hour", async () => {
  const world = new World();
  const sessions = world.sessions();
  const { accessToken } = await sessions.createNewSession("alice");
  world.now = accessToken.expires;
  await expect(sessions.getSession(accessToken.value)).rejects.toMatchObject({ code: "ACCESS_TOKEN_EXPIRED" });
  world.now -= HOUR;
  await expect(sessions.getSession(accessToken.value)).rejects.toMatchObject({ code: "ACCESS_TOKEN_EXPIRED" });
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
