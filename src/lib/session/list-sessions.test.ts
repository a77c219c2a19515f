import { describe, expect, expectTypeOf, test } from "vitest";
import { MINUTE } from "../../../test/fixtures/constants.ts";
import { refused, World } from "../../../test/fixtures/session-world.ts";
import {
  Error as AuthError,
  type HandlePage,
  type PageOptions,
  type SessionInfo,
  type SessionPage,
} from "../../index.ts";
import { parseSessionCursor } from "../../protocol.ts";

/** Handles of the sessions that alice has made, newest first. */
async function signInOften(world: World, count: number): Promise<string[]> {
  const handles: string[] = [];
  for (let index = 0; index < count; index += 1) {
    world.now += 1;
    handles.unshift((await world.signIn()).session.handle);
  }
  return handles;
}

const unlimited = { session: { maxPerUser: false } } as const;

describe("the list of a user's sessions", () => {
  test("without options is complete, however long, and read in parts", async () => {
    const world = new World(unlimited);
    const limits: number[] = [];
    const list = world.store.listSessionsOfUser.bind(world.store);
    world.store.listSessionsOfUser = (userKey, now, page) => (limits.push(page.limit), list(userKey, now, page));
    const handles = await signInOften(world, 501);
    const found = await world.sessions.getAllSessionHandlesForUser("alice");
    expectTypeOf(found).toEqualTypeOf<string[]>();
    expect(found).toEqual(handles);
    const sessions = await world.sessions.getSessionsForUser("alice");
    expectTypeOf(sessions).toEqualTypeOf<SessionInfo[]>();
    expect(sessions.map(({ handle }) => handle)).toEqual(handles);
    expect([limits.length, Math.max(...limits)]).toEqual([6, 251]);
  });

  test("comes in pages with a limit, and each page says where the next begins", async () => {
    const world = new World(unlimited);
    const handles = await signInOften(world, 7);
    const first = await world.sessions.getAllSessionHandlesForUser("alice", { limit: 3 });
    expectTypeOf(first).toEqualTypeOf<HandlePage>();
    expect(first.handles).toEqual(handles.slice(0, 3));
    expect(parseSessionCursor(first.next ?? "")?.handle).toBe(handles[2]);
    // What ends or begins meanwhile moves nothing.
    await world.sessions.revokeSessionUsingSessionHandle(handles[2] ?? "");
    world.now += 1;
    await world.signIn();
    const second = await world.sessions.getSessionsForUser("alice", { limit: 4, after: first.next });
    expectTypeOf(second).toEqualTypeOf<SessionPage>();
    expect(second.sessions.map(({ handle }) => handle)).toEqual(handles.slice(3));
    expect(second.next, "an exact multiple has no further page").toBeUndefined();
  });

  test("may have a short page and a next one, when a timeout was made shorter", async () => {
    const world = new World({ session: { ...unlimited.session, idleTimeout: "1h" } });
    const [last] = await signInOften(world, 1);
    world.now += 30 * MINUTE;
    await signInOften(world, 2);
    const strict = world.another({ session: { idleTimeout: "20m" } });
    world.now += 20 * MINUTE;
    const page = await strict.getAllSessionHandlesForUser("alice", { limit: 2 });
    expect(page).toEqual({ handles: [], next: expect.any(String) as string });
    expect(last).toBeDefined();
    expect(await strict.getAllSessionHandlesForUser("alice", { limit: 2, after: page.next })).toEqual({ handles: [] });
  });

  test.each<unknown>([
    {},
    { limit: 0 },
    { limit: 1001 },
    { limit: 1.5 },
    { limit: "10" },
    { limit: 1, after: "x" },
    { limit: 1, after: `1.${"A".repeat(25)}` },
    { limit: 1, after: null },
    { after: `1.${"A".repeat(24)}` },
    null,
    0,
    "x",
  ])("refuses %j as a page", async (page) => {
    const { sessions } = new World();
    const fault = refused(AuthError.GENERAL_ERROR, "ARGUMENT_INVALID");
    await expect(sessions.getSessionsForUser("alice", page as PageOptions)).rejects.toEqual(fault);
    await expect(sessions.getAllSessionHandlesForUser("alice", page as PageOptions)).rejects.toEqual(fault);
  });
});

test("the end of many sessions goes in parts, each with its event", async () => {
  const world = new World(unlimited);
  const handles = await signInOften(world, 450);
  expect(await world.sessions.revokeAllSessionsForUser("alice", { except: handles[0] ?? "" })).toBe(449);
  const ended = world.events.filter(([name]) => name === "session-revoked").map(([, event]) => event);
  expect(ended).toMatchObject(Array.from({ length: 3 }, () => ({ userId: "alice", reason: "revoked" })));
  const named = ended.map((event) => (event as { handles: string[] }).handles);
  expect(named.map(({ length }) => length)).toEqual([200, 200, 49]);
  expect(named.flat().toSorted()).toEqual(handles.slice(1).toSorted());
  expect(await world.sessions.getAllSessionHandlesForUser("alice")).toEqual(handles.slice(0, 1));
});
