/**
 * A guard with `revocation: "feed"`: what another process ends closes the sockets of this one, and
 * a check costs one read of the log, however many sockets there are.
 */
import { createSessions, type Sessions } from "counterfoil";
import { memory } from "counterfoil/memory";
import { createSocketGuard, type SocketGuard } from "counterfoil/websocket";
import { describe, expect, onTestFinished, test } from "vitest";
import { DAY, SECRET } from "../fixtures/constants.ts";
import { switchable, type SwitchableStore } from "../store/switchable-store.ts";

/** Longer than the clocks may differ, so that the log alone decides. */
const A_WHILE = 10 * 60_000;

interface Scene {
  readonly store: SwitchableStore;
  readonly sessions: Sessions;
  /** Another process on the same store, whose own config has no feed. */
  readonly elsewhere: Sessions;
  readonly guard: SocketGuard;
  /** Names of the sockets that were closed. */
  readonly closed: string[];
  /** Added to the time of both processes, in ms. At first it is a while behind the store's. */
  readonly clock: { offset: number };
  /** Signs in, and opens a socket that the guard has asked the store about. */
  readonly open: (name: string, userId: string) => Promise<string>;
  /** The operations of a check. */
  readonly check: () => Promise<readonly string[]>;
}

function setScene(mode: "feed" | "off" = "feed"): Scene {
  const store = switchable(memory());
  const clock = { offset: -A_WHILE };
  const make = (revocation: "feed" | "off"): Sessions =>
    createSessions({
      store: store.store,
      secret: SECRET,
      clock: () => Date.now() + clock.offset,
      tokens: { accessToken: { revocation, feed: { bound: "10s" } } },
      session: { idleTimeout: "30d" },
    });
  const [sessions, elsewhere] = [make(mode), make("off")];
  const guard = createSocketGuard({ sessions });
  onTestFinished(async () => {
    guard.stop();
    await elsewhere.close();
    await sessions.close();
  });
  const closed: string[] = [];
  const check = async (): Promise<readonly string[]> => {
    store.takeCalls();
    await guard.check();
    return store.takeCalls();
  };
  return {
    store,
    sessions,
    elsewhere,
    guard,
    closed,
    clock,
    check,
    async open(name, userId) {
      const { session } = await sessions.createNewSession(userId);
      guard.add(session.handle, () => void closed.push(name));
      await guard.check();
      return session.handle;
    },
  };
}

describe("another process ends", () => {
  test("a session: its socket is closed by one read of the log", async () => {
    const { elsewhere, closed, open, check } = setScene();
    await open("other", "alice");
    const handle = await open("ended", "alice");
    await elsewhere.revokeSessionUsingSessionHandle(handle);
    expect(await check()).toEqual(["readLog"]);
    expect(closed).toEqual(["ended"]);
  });

  test("all sessions of a user but one: the others' and later ones stay open", async () => {
    const { elsewhere, closed, clock, open, check } = setScene();
    const except = await open("spared", "alice");
    await open("ended", "alice");
    await open("of another", "bob");
    await elsewhere.revokeAllSessionsForUser("alice", { except });
    expect(await check()).toEqual(["readLog"]);
    expect(closed).toEqual(["ended"]);
    clock.offset = A_WHILE;
    await open("later", "alice");
    expect(await check()).toEqual(["readLog"]);
    expect(closed).toEqual(["ended"]);
  });

  test("all sessions of a user a moment after a sign-in: the store decides", async () => {
    const { elsewhere, guard, sessions, closed, clock, open, check } = setScene();
    clock.offset = 0;
    await open("ended", "alice");
    await elsewhere.revokeAllSessionsForUser("alice");
    const { session } = await sessions.createNewSession("alice");
    guard.add(session.handle, () => void closed.push("later"));
    await check();
    await expect.poll(() => closed).toEqual(["ended"]);
    // What spared it once is not asked about again.
    expect(await check()).toEqual(["readLog"]);
    expect(closed).toEqual(["ended"]);
  });

  test("all sessions of a user while the store fails: the next check asks again", async () => {
    const { store, elsewhere, closed, clock, open, check } = setScene();
    clock.offset = 0;
    await open("ended", "alice");
    await elsewhere.revokeAllSessionsForUser("alice");
    store.setFaults((operation) => (operation === "findSession" ? "before" : undefined));
    await check();
    expect(closed).toEqual([]);
    store.up();
    await check();
    expect(closed).toEqual(["ended"]);
  });

  test("all sessions of everybody", async () => {
    const { elsewhere, closed, open, check } = setScene();
    await open("alice's", "alice");
    await open("bob's", "bob");
    await elsewhere.revokeAllSessions();
    await check();
    await expect.poll(() => closed).toEqual(["alice's", "bob's"]);
  });

  test.each([
    ["session", (elsewhere: Sessions, handle: string) => elsewhere.revokeSessionUsingSessionHandle(handle)],
    ["sessions", (elsewhere: Sessions) => elsewhere.revokeAllSessionsForUser("support")],
  ])("the %s of an actor: so does the one in which the actor acts", async (_, end) => {
    const { sessions, elsewhere, guard, closed, open, check } = setScene();
    const actor = await sessions.createNewSession("support");
    const { session } = await sessions.createNewSession(
      "alice",
      {},
      {},
      {
        actor: { userId: "support", handle: actor.session.handle },
      },
    );
    guard.add(session.handle, () => void closed.push("acting"));
    await guard.check();
    await open("alice's own", "alice");
    await end(elsewhere, actor.session.handle);
    expect(await check()).toEqual(["readLog"]);
    expect(closed).toEqual(["acting"]);
  });

  test("a session, and the log wakes the guard without a check", async () => {
    const store = memory();
    const make = (): Sessions =>
      createSessions({
        store,
        secret: SECRET,
        tokens: { accessToken: { revocation: "feed", feed: { bound: "60s", listen: true } } },
      });
    const [sessions, elsewhere] = [make(), make()];
    const guard = createSocketGuard({ sessions });
    onTestFinished(async () => {
      guard.stop();
      await elsewhere.close();
      await sessions.close();
    });
    const { session } = await sessions.createNewSession("alice");
    const closed = new Promise((resolve) => guard.add(session.handle, () => resolve("closed")));
    await guard.check();
    await elsewhere.revokeSessionUsingSessionHandle(session.handle);
    expect(await closed).toBe("closed");
  });
});

describe("a check", () => {
  test("reads the log once for any number of sockets, and nothing without any", async () => {
    const { open, check } = setScene();
    expect(await check()).toEqual([]);
    for (let n = 0; n < 20; n += 1) await open("socket", `user-${n}`);
    expect(await check()).toEqual(["readLog"]);
  });

  test("without a feed asks about each session, as ever", async () => {
    const { elsewhere, closed, open, check } = setScene("off");
    await open("other", "alice");
    const handle = await open("ended", "alice");
    expect(await check()).toEqual(["findSession", "findSession"]);
    await elsewhere.revokeSessionUsingSessionHandle(handle);
    await check();
    expect(closed).toEqual(["ended"]);
  });

  test("asks about each session while the log cannot be read", async () => {
    const { store, elsewhere, closed, open, check } = setScene();
    await open("other", "alice");
    const handle = await open("ended", "alice");
    await elsewhere.revokeSessionUsingSessionHandle(handle);
    store.setFaults((operation) => (operation === "readLog" ? "before" : undefined));
    expect(await check()).toEqual(["readLog", "findSession", "findSession"]);
    expect(closed).toEqual(["ended"]);
  });

  test("closes what was ended before the log could first be read", async () => {
    const { store, elsewhere, closed, open, check } = setScene();
    store.setFaults((operation) => (operation === "readLog" ? "before" : undefined));
    const handle = await open("ended", "alice");
    await elsewhere.revokeSessionUsingSessionHandle(handle);
    store.up();
    await check();
    expect(closed).toEqual(["ended"]);
  });

  test("asks about a session once its row has expired: one that was refreshed elsewhere lives on", async () => {
    const { sessions, elsewhere, guard, closed, clock, open, check } = setScene();
    const { session, refreshToken } = await sessions.createNewSession("bob");
    guard.add(session.handle, () => void closed.push("refreshed"));
    await open("expired", "alice");
    clock.offset = 20 * DAY;
    await elsewhere.refreshSession(refreshToken.value);
    expect(await check()).toEqual(["readLog"]);
    clock.offset = 31 * DAY;
    expect(await check()).toEqual(["readLog", "findSession", "findSession"]);
    expect(closed).toEqual(["expired"]);
    expect(await check()).toEqual(["readLog"]);
  });
});

test("an epoch that becomes visible after the session's row was read, with an earlier time, ends it all the same", async () => {
  const { store, elsewhere, closed, clock, open, check } = setScene();
  clock.offset = 0;
  await open("ended", "alice");
  // A transaction that began before the guard asked, and commits now.
  const { storeTime } = await store.store.readLog(0, 1);
  await elsewhere.revokeAllSessionsForUser("alice");
  const inner = store.store.readLog.bind(store.store);
  onTestFinished(() => void Object.assign(store.store, { readLog: inner }));
  Object.assign(store.store, {
    readLog: async (since: number, limit: number) => {
      const page = await inner(since, limit);
      const entries = page.entries.map((entry) => (entry.kind === "user" ? { ...entry, at: storeTime - 5000 } : entry));
      return { ...page, entries };
    },
  });
  await check();
  await expect.poll(() => closed).toEqual(["ended"]);
});
