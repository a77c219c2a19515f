/** `rotation.onReuse: "report"`: reuse is told, and nobody is thrown out. */
import { expect, test } from "vitest";
import { DAY, MINUTE, SECOND, START } from "../../../test/fixtures/constants.ts";
import { withStore, World } from "../../../test/fixtures/session-world.ts";
import { EVIDENCE, FIREFOX, supersede } from "../../../test/fixtures/superseded-session.ts";
import type { CounterfoilConfig, SessionError } from "../../index.ts";
import { memory } from "../../memory.ts";
import { parseMarker } from "../../protocol.ts";
import type { SessionStore } from "./session-store.ts";

const REPORT: CounterfoilConfig = { rotation: { onReuse: "report" } };

const told = ({ events }: World, name = "reuse-detected"): unknown[] =>
  events.filter(([event]) => event === name).map(([, fields]) => fields);

test("a superseded token is renewed: a new access token, and the presented one back", async () => {
  const world = new World({ ...REPORT, ...withStore });
  const { session, refreshToken } = await supersede(world);
  const { handle } = session;
  const before = await world.store.findSession(handle);
  const renewed = await world.sessions.refreshSession(refreshToken.value, { device: FIREFOX });
  expect(renewed.session).toEqual(session);
  expect(renewed.newRefreshToken.value).toBe(refreshToken.value);
  expect(parseMarker(renewed.newIdRefreshToken.value)?.generation).toBe(1);
  await expect(
    world.sessions.getSession(renewed.newAccessToken.value, renewed.newAntiCsrfToken),
  ).resolves.toBeDefined();
  const { presentingDevice: device } = EVIDENCE;
  expect(world.events).toEqual([
    ["reuse-detected", { ...EVIDENCE, handle, revoked: false }],
    ["session-refreshed", { handle, userId: "alice", outcome: "renew", generation: 1, device }],
  ]);
  // Tokens and device of the row stay those of the line that was confirmed.
  const times = { lastSeenAt: world.now, expiresAt: world.now + 100 * DAY };
  const version = (before?.version ?? 0) + 1;
  expect(await world.store.findSession(handle)).toEqual({ ...before, ...times, version });
});

test("a parent whose child has been seen is renewed, too, and mints no second line", async () => {
  const world = new World(REPORT);
  const { refreshToken } = await world.signIn();
  const { newRefreshToken: child } = await world.sessions.refreshSession(refreshToken.value);
  await world.sessions.refreshSession(child.value);
  world.now += 11 * SECOND;
  const renewed = await world.sessions.refreshSession(refreshToken.value);
  expect(renewed.newRefreshToken.value).toBe(refreshToken.value);
  expect(told(world)).toEqual([expect.objectContaining({ presented: "current", revoked: false })]);
});

test("thief and victim both go on, whichever was outrun, to the end of the session and no further", async () => {
  const world = new World(REPORT);
  const { refreshToken } = await supersede(world);
  let thief = refreshToken.value;
  for (let day = 1; day < 365; day += 1) {
    world.now = START + day * DAY;
    thief = (await world.sessions.refreshSession(thief)).newRefreshToken.value;
  }
  expect(thief).toBe(refreshToken.value);
  world.now = START + 365 * DAY;
  await expect(world.sessions.refreshSession(thief)).rejects.toMatchObject({ code: "SESSION_EXPIRED" });
});

test("a superseded token moves the idle timeout as far as any refresh, and revives nothing that is past it", async () => {
  const world = new World(REPORT);
  const { refreshToken } = await supersede(world);
  const { newRefreshToken } = await world.sessions.refreshSession(refreshToken.value);
  expect(newRefreshToken.expires).toBe(world.now + 100 * DAY);
  world.now = newRefreshToken.expires;
  await expect(world.sessions.refreshSession(refreshToken.value)).rejects.toMatchObject({ code: "SESSION_EXPIRED" });
});

test("1000 presentations are one event a minute and session", async () => {
  const world = new World(REPORT);
  const [one, other] = [await supersede(world), await supersede(world)];
  world.events.length = 0;
  for (let turn = 0; turn < 1000; turn += 1) {
    for (const { refreshToken } of [one, other]) await world.sessions.refreshSession(refreshToken.value);
    world.now += 119;
  }
  // 119 s: at 0 s, at 60 s, and not yet again.
  const handles = told(world).map((event) => (event as { handle: string }).handle);
  expect(handles).toEqual([one, other, one, other].map(({ session }) => session.handle));
});

test("1000 presentations of a token that is ahead of the store are one event a minute", async () => {
  const world = new World();
  const { session, refreshToken } = await world.signIn();
  const backup = (await world.store.findSession(session.handle)) ?? expect.fail("there is no row");
  let token = refreshToken.value;
  for (let turn = 0; turn < 2; turn += 1) {
    token = (await world.sessions.refreshSession(token)).newRefreshToken.value;
    world.now += 30 * SECOND;
  }
  await world.store.deleteSession(session.handle);
  await world.store.createSession(backup, undefined);
  for (let turn = 0; turn < 1000; turn += 1) {
    await expect(world.sessions.refreshSession(token)).rejects.toMatchObject({ code: "STORE_BEHIND" });
    world.now += 119;
  }
  expect(told(world, "store-behind")).toHaveLength(2);
});

test("a session that is revoked while a superseded token is renewed yields nothing", async () => {
  const store = memory();
  let revoke = false;
  const commitRefresh: SessionStore["commitRefresh"] = async (handle, version, write) => {
    if (revoke) await store.deleteSession(handle);
    return store.commitRefresh(handle, version, write);
  };
  const world = new World({ ...REPORT, store: { ...store, commitRefresh } });
  const { session, refreshToken } = await supersede(world);
  revoke = true;
  const code = await world.sessions.refreshSession(refreshToken.value).then(
    () => "ok",
    (error: unknown) => (error as SessionError).code,
  );
  expect([code, world.events]).toEqual(["SESSION_NOT_FOUND", []]);
  expect(await store.findSession(session.handle)).toBeUndefined();
});

test("what changes the row at the same moment is not undone, and the event is raised once", async () => {
  const store = memory();
  let changes = 0;
  const commitRefresh: SessionStore["commitRefresh"] = async (handle, version, write) => {
    if ((changes += 1) === 4) await store.replaceData(handle, version, '{"count":7}');
    return store.commitRefresh(handle, version, write);
  };
  const world = new World({ ...REPORT, store: { ...store, commitRefresh } });
  const { session, refreshToken } = await supersede(world);
  await world.sessions.refreshSession(refreshToken.value);
  expect(changes).toBe(5);
  expect(await world.sessions.getSessionData(session.handle)).toEqual({ count: 7 });
  expect(told(world)).toHaveLength(1);
});

test("with strict single use a spent token is renewed, too: report mode ends nothing", async () => {
  const world = new World({ rotation: { window: "0s", onReuse: "report" } });
  const { refreshToken } = await world.signIn();
  await world.sessions.refreshSession(refreshToken.value);
  world.now += MINUTE;
  const again = await world.sessions.refreshSession(refreshToken.value);
  expect(again.newRefreshToken.value).toBe(refreshToken.value);
  expect(told(world)).toHaveLength(1);
});
