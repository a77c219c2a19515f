import { expect, test } from "vitest";
import { MINUTE, SECOND } from "../../../test/fixtures/constants.ts";
import { refused, withStore, World } from "../../../test/fixtures/session-world.ts";
import { type CounterfoilConfig, type CreatedSession, Error as AuthError, type SessionEvents } from "../../index.ts";

const signIn = (world: World, options: object = {}): Promise<CreatedSession> =>
  world.sessions.createNewSession("alice", { role: "member" }, { count: 0 }, options);

const fresh = { maxAuthAge: "1m", requireAmr: ["mfa"] } as const;
const STALE = refused(AuthError.STEP_UP_REQUIRED, "STEP_UP_REQUIRED");

test("the sign-in is renewed in the same session, and tokens of before keep the old one", async () => {
  const world = new World(withStore);
  const told: SessionEvents["session-reauthenticated"][] = [];
  world.sessions.on("session-reauthenticated", (event) => void told.push(event));
  const created = await signIn(world, { amr: ["pwd"] });
  const { handle } = created.session;
  world.now += 5 * MINUTE;
  const renewed = await world.sessions.reauthenticate(handle, { amr: ["pwd", "mfa"] });
  expect(renewed).toEqual({
    session: created.session,
    newAccessToken: { value: expect.any(String) as string, expires: world.now + 15 * MINUTE },
    newRefreshToken: undefined,
    newIdRefreshToken: undefined,
  });
  await expect(world.sessions.getSession(renewed.newAccessToken.value, null, fresh)).resolves.toBeDefined();
  await expect(world.sessions.getSession(created.accessToken.value, null, fresh)).rejects.toEqual(STALE);
  // Newer claims come with the sign-in of the token.
  await world.sessions.updateJwtPayload(handle, { role: "admin" });
  const { newAccessToken } = await world.sessions.getSession(created.accessToken.value, null);
  await expect(world.sessions.getSession(newAccessToken?.value ?? "", null, fresh)).rejects.toEqual(STALE);
  const { newAccessToken: next } = await world.sessions.refreshSession(created.refreshToken.value);
  await expect(world.sessions.getSession(next.value, null, fresh)).resolves.toBeDefined();
  expect(told).toEqual([{ handle, userId: "alice", authTime: world.now, amr: ["pwd", "mfa"], previousAmr: ["pwd"] }]);
  await world.sessions.reauthenticate(handle, { authTime: world.now - MINUTE });
  expect(told[1]).toEqual({ handle, userId: "alice", authTime: world.now - MINUTE, previousAmr: ["pwd", "mfa"] });
  expect(await world.store.findSession(handle)).toMatchObject({
    amr: null,
    authTime: world.now - MINUTE,
    generation: 1,
  });
  expect(await world.sessions.getAllSessionHandlesForUser("alice")).toEqual([handle]);
});

const alarmsOf = (world: World): number => world.events.filter(([name]) => name === "reuse-detected").length;

test("a refresh token that comes along is rotated, and what a refresh would refuse is left alone", async () => {
  const world = new World();
  const { session, refreshToken: first } = await signIn(world);
  const again = (refreshToken: string): ReturnType<typeof world.sessions.reauthenticate> =>
    world.sessions.reauthenticate(session.handle, { refreshToken });
  const second = (await again(first.value)).newRefreshToken;
  expect([second?.value === first.value, second?.value.length]).toEqual([false, first.value.length]);
  // The answer is lost: the token of before is still good.
  const third = (await again(first.value)).newRefreshToken;
  expect(third?.value).not.toBe(second?.value);
  expect((await again(third?.value ?? "")).newRefreshToken?.value, "it has not settled").toBe(third?.value);
  world.now += 30 * SECOND;
  const fourth = (await again(third?.value ?? "")).newRefreshToken;
  expect(fourth?.value).not.toBe(third?.value);
  for (const wait of [0, 11 * SECOND, 60 * MINUTE]) {
    world.now += wait;
    for (const old of [first.value, second?.value ?? ""]) {
      const late = await again(old);
      expect([late.newRefreshToken, late.newIdRefreshToken, alarmsOf(world)]).toEqual([undefined, undefined, 0]);
    }
  }
  await expect(world.sessions.refreshSession(fourth?.value ?? "")).resolves.toBeDefined();
  await expect(world.sessions.refreshSession(first.value)).rejects.toMatchObject({ code: "TOKEN_THEFT_DETECTED" });
});

test.each<readonly [string, CounterfoilConfig]>([
  ["with single use", { rotation: { window: "0s" } }],
  ["that is of another session", {}],
  ["that is not ours", {}],
])("a refresh token %s is not rotated", async (what, config) => {
  const world = new World(config);
  const [own, other] = [await signIn(world), await signIn(world)];
  const { value } = what === "that is of another session" ? other.refreshToken : own.refreshToken;
  const refreshToken = what === "that is not ours" ? `${value.slice(0, -4)}AAAA` : value;
  const renewed = await world.sessions.reauthenticate(own.session.handle, { refreshToken });
  expect(renewed.newRefreshToken).toBeUndefined();
  for (const { refreshToken: left } of [own, other])
    await expect(world.sessions.refreshSession(left.value)).resolves.toBeDefined();
  expect(alarmsOf(world)).toBe(0);
});

test("where reuse is reported, a late token raises no report either", async () => {
  const world = new World({ rotation: { onReuse: "report" } });
  const { session, refreshToken } = await signIn(world);
  const { newRefreshToken } = await world.sessions.refreshSession(refreshToken.value);
  world.now += MINUTE;
  await world.sessions.refreshSession(newRefreshToken.value);
  world.now += MINUTE;
  const late = await world.sessions.reauthenticate(session.handle, { refreshToken: refreshToken.value });
  expect([late.newRefreshToken, alarmsOf(world)]).toEqual([undefined, 0]);
});

test("a session that has ended, and one in which somebody acts for the user, are refused", async () => {
  const world = new World();
  const { session } = await signIn(world);
  const acting = await world.sessions.createNewSession("bob", { role: "member" }, { count: 0 }, { actor: session });
  const acts = world.sessions.reauthenticate(acting.session.handle);
  await expect(acts).rejects.toEqual(refused(AuthError.GENERAL_ERROR, "ACTOR_REFUSED"));
  await world.sessions.revokeSessionUsingSessionHandle(session.handle);
  const gone = world.sessions.reauthenticate(session.handle);
  await expect(gone).rejects.toEqual(refused(AuthError.UNAUTHORISED, "SESSION_NOT_FOUND"));
});

test.each([{ amr: [] }, { amr: "mfa" }, { authTime: -1 }, { authTime: Number.MAX_SAFE_INTEGER }, { other: 1 }])(
  "%j is refused, and nothing is written",
  async (options) => {
    const world = new World();
    const { session } = await signIn(world);
    const renewed = world.sessions.reauthenticate(session.handle, options as object);
    await expect(renewed).rejects.toEqual(refused(AuthError.GENERAL_ERROR, "ARGUMENT_INVALID"));
    expect((await world.store.findSession(session.handle))?.version).toBe(1);
  },
);

test("a session that ends between the new sign-in and the rotation yields no token", async () => {
  const world = new World();
  const { session, refreshToken } = await signIn(world);
  const { store } = world;
  const commit = store.commitRefresh.bind(store);
  store.commitRefresh = async (handle, ...rest) => {
    await store.deleteSession(handle);
    return commit(handle, ...rest);
  };
  const renewed = world.sessions.reauthenticate(session.handle, { refreshToken: refreshToken.value });
  await expect(renewed).rejects.toEqual(refused(AuthError.UNAUTHORISED, "SESSION_NOT_FOUND"));
});
