import { expect, expectTypeOf, test } from "vitest";
import { DAY, MINUTE, SECOND, START } from "../../../test/fixtures/constants.ts";
import { EVIDENCE, FIREFOX, supersede } from "../../../test/fixtures/superseded-session.ts";
import { type Claims, refused, withStore, World } from "../../../test/fixtures/session-world.ts";
import { Error as AuthError, type SessionError, TokenTheftError } from "../../index.ts";
import { memory } from "../../memory.ts";
import { parseMarker } from "../../protocol.ts";
import type { SessionStore } from "./session-store.ts";

test("a session is refreshed into new tokens with the same anti-CSRF token", async () => {
  const { sessions, events } = new World();
  const created = await sessions.createNewSession("alice", { role: "member" }, { count: 0 });
  const refreshed = await sessions.refreshSession(created.refreshToken.value);
  expectTypeOf(refreshed.session.jwtPayload).toEqualTypeOf<Claims>();
  expect(refreshed.session).toEqual(created.session);
  expect(refreshed.newAntiCsrfToken).toBe(created.antiCsrfToken);
  expect(refreshed.newRefreshToken.value).not.toBe(created.refreshToken.value);
  expect(parseMarker(refreshed.newIdRefreshToken.value)?.generation).toBe(2);
  await expect(sessions.getSession(refreshed.newAccessToken.value, created.antiCsrfToken)).resolves.toBeDefined();
  const { handle } = created.session;
  const event = { handle, userId: "alice", outcome: "mint", generation: 2, device: {} };
  expect(events.at(-1)).toEqual(["session-refreshed", event]);
});

// Each step: seconds since the start, token presented, outcome, and a name for the token of the
// answer.
const YOUNG = "0 a mint b, 6 b renew";
const SIBLINGS = "0 a mint b, 0 a mint c, 30 b confirm d, 31 b mint e";
const ONE_TICK = "0 a mint b, 0 b confirm c, 0 c confirm d";
const SUPERSEDED = "REFRESH_TOKEN_SUPERSEDED";
const THEFT = "TOKEN_THEFT_DETECTED";

test.each([
  ["a lost answer is asked for again and again", "10s", "0 a mint b, 5 a mint c, 9000 a mint d, 9030 b confirm e"],
  ["a child settles for three windows", "10s", `${YOUNG}, 29.999 b renew, 30 b confirm c, 31 b mint d`],
  ["a younger sibling puts the settling off", "10s", "0 a mint b, 20 a mint c, 30 b renew, 50 b confirm d"],
  [
    "the parent works for a window after its child was seen",
    "10s",
    `${YOUNG}, 12 b renew, 16 a mint c, 16.001 a ${THEFT}`,
  ],
  ["the parent is refused softly for a window", "10s", `${SIBLINGS}, 40 a ${SUPERSEDED}, 40.001 a ${THEFT}`],
  ["the sibling is refused softly for a window", "10s", `${SIBLINGS}, 40 c ${SUPERSEDED}, 40.001 c ${THEFT}`],
  [
    "two confirmations old is reuse at once",
    "10s",
    `${SIBLINGS}, 61 e confirm f, 61 a ${THEFT}, 61 f SESSION_NOT_FOUND`,
  ],
  ["the parent's sibling is reuse at once", "10s", `${SIBLINGS}, 61 e confirm f, 61 b ${SUPERSEDED}, 61 c ${THEFT}`],
  ["the loser of two lines ends the session", "10s", `0 a mint v, 1 a mint t, 900 t confirm u, 1800 v ${THEFT}`],
  ["without a window three rotations in one tick are three", "0s", `${ONE_TICK}, 3600 d confirm e`],
  ["without a window a parent is reuse in the very tick of its child", "0s", `0 a mint b, 0 a ${THEFT}`],
  ["without a window a parent is reuse an hour later, though no child was seen", "0s", `0 a mint b, 3600 a ${THEFT}`],
  ["without a window a confirmed child is spent at once", "0s", `${ONE_TICK}, 0 c ${THEFT}, 0 d SESSION_NOT_FOUND`],
  ["without a window a superseded token is reuse at once", "0s", `${ONE_TICK}, 0 b ${THEFT}`],
  ["without a window the first token is reuse for ever", "0s", `${ONE_TICK}, 9000 a ${THEFT}`],
] as const)("%s", async (_, window, steps) => {
  const world = new World({ rotation: { window } });
  const created = await world.signIn();
  const tokens = new Map([["a", created.refreshToken.value]]);
  for (const step of steps.split(", ")) {
    const [second, presented = "", expected = "", answer = presented] = step.split(" ");
    world.now = START + Number(second) * SECOND;
    const value = tokens.get(presented) ?? expect.fail(`no token ${presented}`);
    const outcome = await world.sessions.refreshSession(value).then(
      ({ newRefreshToken, newAccessToken, newIdRefreshToken }) => {
        const [name, event] = world.events.at(-1) ?? [];
        const generation = parseMarker(newIdRefreshToken.value)?.generation;
        expect([name, event]).toEqual(["session-refreshed", expect.objectContaining({ userId: "alice", generation })]);
        const known = [...tokens].find(([, token]) => token === newRefreshToken.value)?.[0];
        expect(known).toBe(answer === presented ? presented : undefined);
        expect(newAccessToken.expires).toBe(world.now + 15 * MINUTE);
        expect(newRefreshToken.expires).toBe(world.now + 100 * DAY);
        tokens.set(answer, newRefreshToken.value);
        return (event as { outcome: string }).outcome;
      },
      (error: unknown) => (error as SessionError).code,
    );
    expect([step, outcome]).toEqual([step, expected]);
    const lives = outcome !== THEFT && outcome !== "SESSION_NOT_FOUND";
    expect(await world.sessions.getAllSessionHandlesForUser("alice")).toHaveLength(lives ? 1 : 0);
  }
});

test("reuse ends the session and says whose it was, with the evidence of both sides", async () => {
  const world = new World(withStore);
  const {
    session: { handle },
    refreshToken,
    accessToken,
  } = await supersede(world);
  const presented = world.sessions.refreshSession(refreshToken.value, { device: FIREFOX });
  await expect(presented).rejects.toEqual(refused(AuthError.TOKEN_THEFT_DETECTED, "TOKEN_THEFT_DETECTED"));
  await expect(presented).rejects.toBeInstanceOf(TokenTheftError);
  await expect(presented).rejects.toMatchObject({
    sessionHandle: handle,
    userId: "alice",
    err: { sessionHandle: handle, userId: "alice" },
  });
  expect(world.events).toEqual([
    ["reuse-detected", { ...EVIDENCE, handle, revoked: true }],
    ["session-revoked", { handles: [handle], userId: "alice", reason: "reuse" }],
  ]);
  await expect(world.sessions.getSession(accessToken.value)).rejects.toMatchObject({ code: "SESSION_NOT_FOUND" });
});

test("reuse of a token that is still the current one, because its child has not settled, is told apart", async () => {
  const world = new World({ rotation: { window: "5m" } });
  const { refreshToken } = await world.signIn();
  const { newRefreshToken } = await world.sessions.refreshSession(refreshToken.value);
  await world.sessions.refreshSession(newRefreshToken.value);
  world.now += 5 * MINUTE + 1;
  await expect(world.sessions.refreshSession(refreshToken.value)).rejects.toMatchObject({ code: THEFT });
  const since = { sinceConfirmation: null, sinceChildSeen: 5 * MINUTE + 1 };
  const generations = { presented: "current", presentedGeneration: 1, currentGeneration: 1 };
  expect(world.events.at(-2)).toEqual(["reuse-detected", expect.objectContaining({ ...since, ...generations })]);
});

test("without a window a clock that is behind that of the server before uses no token twice", async () => {
  const world = new World({ rotation: { window: "0s", clock: "process" } });
  const behind = world.another({ rotation: { window: "0s", clock: "process" }, clock: () => world.now - MINUTE });
  const { refreshToken } = await world.signIn();
  const { newRefreshToken: child } = await world.sessions.refreshSession(refreshToken.value);
  const { newRefreshToken: grandchild } = await behind.refreshSession(child.value);
  expect(grandchild.value).not.toBe(child.value);
  await expect(behind.refreshSession(child.value)).rejects.toMatchObject({ code: THEFT });
});

test("without a window one of 50 parallel refreshes on two instances succeeds, and the next is reuse", async () => {
  const world = new World({ rotation: { window: "0s" } });
  const other = world.another({ rotation: { window: "0s" } });
  const { refreshToken } = await world.signIn();
  const codes = await Promise.all(
    Array.from({ length: 50 }, (_, index) =>
      (index % 2 === 0 ? world.sessions : other).refreshSession(refreshToken.value).then(
        () => "ok",
        (error: unknown) => (error as SessionError).code,
      ),
    ),
  );
  expect(codes.toSorted()).toEqual([...Array<string>(48).fill("SESSION_NOT_FOUND"), THEFT, "ok"]);
});

test("a client that is ahead of a restored store is refused without an alarm", async () => {
  const world = new World({ rotation: { window: "0s" } });
  const {
    session: { handle },
    refreshToken,
  } = await world.signIn();
  const backup = (await world.store.findSession(handle)) ?? expect.fail("there is no row");
  let token = refreshToken.value;
  for (let turn = 0; turn < 4; turn += 1) token = (await world.sessions.refreshSession(token)).newRefreshToken.value;
  await world.store.deleteSession(handle);
  await world.store.createSession(backup, undefined);
  world.events.length = 0;
  const presented = world.sessions.refreshSession(token);
  await expect(presented).rejects.toEqual(refused(AuthError.UNAUTHORISED, "STORE_BEHIND"));
  expect(world.events).toEqual([
    ["store-behind", { handle, userId: "alice", presentedGeneration: 5, storedGeneration: 1 }],
  ]);
  await expect(world.sessions.refreshSession(refreshToken.value)).resolves.toMatchObject({ session: { handle } });
});

test("reuse ends the session also when something changes it at the same moment, with one alarm", async () => {
  const store = memory();
  let changes = 0;
  const deleteSessionAtVersion: SessionStore["deleteSessionAtVersion"] = async (handle, version) => {
    if ((changes += 1) <= 2) await store.replaceData(handle, version, "{}");
    return store.deleteSessionAtVersion(handle, version);
  };
  const world = new World({ store: { ...store, deleteSessionAtVersion } });
  const { session, refreshToken } = await supersede(world);
  await expect(world.sessions.refreshSession(refreshToken.value)).rejects.toMatchObject({ code: THEFT });
  expect(changes).toBe(3);
  expect(world.events.map(([name]) => name)).toEqual(["reuse-detected", "session-revoked"]);
  expect(await store.findSession(session.handle)).toBeUndefined();
});
