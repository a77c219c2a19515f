import { describe, expect, expectTypeOf, test } from "vitest";
import { DAY, MINUTE, SECOND, START } from "../../../test/fixtures/constants.ts";
import { type Data, refused, World } from "../../../test/fixtures/session-world.ts";
import { Error as AuthError, type UserId } from "../../index.ts";
import type { SessionRecord } from "./record.ts";

test("a session is renamed: the name stays over a refresh, and a row of earlier code loses its own", async () => {
  const world = new World();
  const { sessions, store } = world;
  const device = { userAgent: "curl/8", label: "Laptop" };
  const created = await sessions.createNewSession("alice", { role: "member" }, { count: 0 }, { device });
  const { handle } = created.session;
  const labelOf = async (): Promise<unknown> => (await sessions.getSessionsForUser("alice"))[0]?.device.label;
  const row = await store.findSession(handle);
  expect([row?.label, row?.device, await labelOf()]).toEqual(["Laptop", '{"userAgent":"curl"}', "Laptop"]);
  expect(await sessions.renameSession(handle, "Desk")).toBe("Desk");
  await sessions.refreshSession(created.refreshToken.value, { device: { label: "another" } });
  expect(await labelOf()).toBe("Desk");
  expect(world.events.at(-1)).toEqual([
    "session-refreshed",
    expect.objectContaining({ device: { userAgent: "curl", label: "Desk" } }),
  ]);
  for (const none of [null, ""]) {
    expect([await sessions.renameSession(handle, "x"), await labelOf()]).toEqual(["x", "x"]);
    expect([await sessions.renameSession(handle, none), await labelOf()]).toEqual([null, undefined]);
  }

  const bob = await sessions.createNewSession("bob", { role: "member" }, { count: 0 });
  const earlier = await store.findSession(bob.session.handle);
  await store.deleteSession(bob.session.handle);
  await store.createSession({ ...(earlier as SessionRecord), device: JSON.stringify(device) }, undefined);
  const bobs = async (): Promise<unknown> => (await sessions.getSessionsForUser("bob"))[0]?.device;
  expect(await bobs()).toEqual(device);
  await sessions.renameSession(bob.session.handle, null);
  expect(await bobs()).toEqual({ userAgent: "curl/8" });
});

test.each([undefined, 5, {}, ["x"]])("the name %j is refused", async (label) => {
  const { sessions } = new World();
  const { session } = await sessions.createNewSession("alice", { role: "member" }, { count: 0 });
  const renamed = sessions.renameSession(session.handle, label as string);
  await expect(renamed).rejects.toEqual(refused(AuthError.GENERAL_ERROR, "ARGUMENT_INVALID"));
});

describe("a session", () => {
  test("is listed with its times and device, newest first, and ends when it is revoked", async () => {
    const world = new World();
    const { sessions } = world;
    const device = { ip: "203.0.113.7", userAgent: "curl/8", label: "Laptop" };
    const first = await sessions.createNewSession(
      42,
      { role: "member" },
      { count: 0 },
      { device, authTime: START - MINUTE },
    );
    world.now += SECOND;
    const second = await sessions.createNewSession(42, { role: "member" }, { count: 0 });
    world.now += SECOND;
    await sessions.refreshSession(first.refreshToken.value, { device: { ip: "::1" } });
    expect(await sessions.getAllSessionHandlesForUser(42)).toEqual([second.session.handle, first.session.handle]);
    expect((await sessions.getSessionsForUser(42))[1]).toEqual({
      handle: first.session.handle,
      userId: 42,
      createdAt: START,
      lastSeenAt: START + 2 * SECOND,
      expiresAt: START + 2 * SECOND + 100 * DAY,
      authTime: START - MINUTE,
      device: { ip: "::/48", userAgent: "curl", label: "Laptop" },
      binding: null,
    });
    const { handle } = first.session;
    expect(await sessions.revokeSessionUsingSessionHandle(handle)).toBe(true);
    expect(await sessions.revokeSessionUsingSessionHandle(handle)).toBe(false);
    expect(world.events.at(-1)).toEqual(["session-revoked", { handles: [handle], reason: "revoked" }]);
    expect(await sessions.getAllSessionHandlesForUser(42)).toEqual([second.session.handle]);
    const gone = refused(AuthError.UNAUTHORISED, "SESSION_NOT_FOUND");
    await expect(sessions.refreshSession(first.refreshToken.value)).rejects.toEqual(gone);
    await expect(sessions.getSessionData(handle)).rejects.toEqual(gone);
    await expect(sessions.updateSessionData(handle, { count: 1 })).rejects.toEqual(gone);
    await expect(sessions.updateJwtPayload(handle, { role: "x" })).rejects.toEqual(gone);
  });

  test("belongs to exactly the user that was given", async () => {
    const { sessions, events } = new World();
    const users: UserId[] = ["alice", "ALICE", "Alicé", "alice ", "42", 42, -0, 0];
    for (const user of users) await sessions.createNewSession(user, { role: "member" }, { count: 0 });
    for (const user of users) {
      const [info, ...more] = await sessions.getSessionsForUser(user);
      expect([Object.is(info?.userId, user), more]).toEqual([true, []]);
    }
    const kept = await sessions.createNewSession("42", { role: "member" }, { count: 0 });
    expect(await sessions.revokeAllSessionsForUser("42", { except: kept.session.handle })).toBe(1);
    expect(events.at(-1)).toEqual([
      "session-revoked",
      { handles: [expect.any(String)], userId: "42", reason: "revoked" },
    ]);
    expect(await sessions.revokeAllSessionsForUser("42")).toBe(1);
    expect(await sessions.revokeAllSessionsForUser("42")).toBe(0);
    expect(await sessions.getAllSessionHandlesForUser(42)).toHaveLength(1);
  });
});

describe("an update", () => {
  test("in the form of a function loses none of 20 at once, also beside refreshes", async () => {
    const { sessions } = new World();
    const {
      session: { handle },
      refreshToken,
    } = await sessions.createNewSession("alice", { role: "" }, { count: 0 });
    const times = Array.from({ length: 20 });
    await Promise.all([
      ...times.map(() => sessions.updateSessionData(handle, async ({ count }) => ({ count: count + 1 }))),
      ...times.map(() => sessions.updateJwtPayload(handle, ({ role }) => ({ role: `${role}x` }))),
      ...times.map(() => sessions.refreshSession(refreshToken.value)),
    ]);
    expectTypeOf(await sessions.getSessionData(handle)).toEqualTypeOf<Data>();
    expect(await sessions.getSessionData(handle)).toEqual({ count: 20 });
    expect(await sessions.getSessionInfo(handle)).toEqual({ count: 20 });
    const { session } = await sessions.refreshSession(refreshToken.value);
    expect(session.jwtPayload).toEqual({ role: "x".repeat(20) });
    expect(await sessions.updateSessionInfo(handle, { count: -1 })).toEqual({ count: -1 });
    expect(await sessions.getSessionData(handle)).toEqual({ count: -1 });
  });

  test("that is refused, or whose function throws, changes nothing", async () => {
    const { sessions, store } = new World();
    const {
      session: { handle },
    } = await sessions.createNewSession("alice", { role: "member" }, { count: 0 });
    const before = await store.findSession(handle);
    const refusals: [() => Promise<unknown>, unknown][] = [
      [() => sessions.updateJwtPayload(handle, { role: "x".repeat(4000) }), refused(1000, "TOKEN_TOO_LARGE")],
      [() => sessions.updateJwtPayload(handle, { role: 1n as unknown as string }), refused(1000, "VALUE_NOT_JSON")],
      [() => sessions.updateSessionData(handle, { count: Number.NaN }), refused(1000, "VALUE_NOT_JSON")],
      [() => sessions.updateSessionData(handle, () => Promise.reject(new RangeError("mine"))), new RangeError("mine")],
      [() => sessions.updateSessionData("x".repeat(257), { count: 1 }), refused(1000, "ARGUMENT_INVALID")],
      [
        () => sessions.updateSessionData(undefined as unknown as string, { count: 1 }),
        refused(1000, "ARGUMENT_INVALID"),
      ],
    ];
    for (const [operation, error] of refusals) await expect(operation()).rejects.toEqual(error);
    expect(await store.findSession(handle)).toEqual(before);
  });
});

test.each(["", "nobody", "a|b", "x".repeat(256), "\0"])(
  "a handle to spare that is none (%j) spares nobody",
  async (except) => {
    const world = new World();
    const { session } = await world.signIn();
    const { storeTime } = await world.store.readLog(0, 1);
    expect(await world.sessions.revokeAllSessionsForUser("alice", { except })).toBe(1);
    const { entries } = await world.store.readLog(storeTime, 10);
    expect(entries).toEqual([expect.objectContaining({ kind: "user", userKey: '"alice"', except: null })]);
    expect(await world.sessions.revokeSessionUsingSessionHandle(session.handle)).toBe(false);
  },
);
