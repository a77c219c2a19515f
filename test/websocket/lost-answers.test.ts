/**
 * The answer to a revocation gets lost: sockets are closed all the same, or the store is asked
 * about them.
 */
import { createSessions, type Sessions } from "counterfoil";
import { memory } from "counterfoil/memory";
import { createSocketGuard } from "counterfoil/websocket";
import { expect, onTestFinished, test } from "vitest";
import { SECRET, START } from "../fixtures/constants.ts";
import { outcomeOf } from "../store/fixtures.ts";
import { type OperationName, switchable, type SwitchableStore } from "../store/switchable-store.ts";

const LOST = "GENERAL_ERROR/STORE_UNAVAILABLE";

interface Scene {
  readonly store: SwitchableStore;
  readonly sessions: Sessions;
  /** Names of the sockets that were closed. */
  readonly closed: string[];
  /** Signs in, and opens a socket that the guard knows the user of. */
  readonly open: (name: string, userId: string) => Promise<string>;
  readonly loseAnswerOf: (operation: OperationName) => void;
}

function setScene(maxPerUser: number): Scene {
  const store = switchable(memory());
  let now = START;
  // No two sessions begin at the same time, so that it is certain which is the oldest.
  const sessions = createSessions({
    store: store.store,
    secret: SECRET,
    clock: () => (now += 1),
    session: { maxPerUser },
  });
  const guard = createSocketGuard({ sessions });
  onTestFinished(async () => {
    guard.stop();
    await sessions.close();
  });
  const closed: string[] = [];
  return {
    store,
    sessions,
    closed,
    async open(name, userId) {
      const { session } = await sessions.createNewSession(userId);
      guard.add(session.handle, () => void closed.push(name));
      await guard.check();
      return session.handle;
    },
    loseAnswerOf: (lost) => store.setFaults((operation) => (operation === lost ? "after" : undefined)),
  };
}

test("of all sessions of a user: theirs are closed, but for the one that is spared", async () => {
  const { sessions, closed, open, loseAnswerOf } = setScene(10);
  const except = await open("spared", "alice");
  await open("ended", "alice");
  await open("of another", "bob");
  loseAnswerOf("deleteSessionsOfUser");
  expect(await outcomeOf(sessions.revokeAllSessionsForUser("alice", { except }))).toBe(LOST);
  expect(closed).toEqual(["ended"]);
});

test("of one session: its socket is closed", async () => {
  const { sessions, closed, open, loseAnswerOf } = setScene(10);
  const handle = await open("ended", "alice");
  await open("of another", "alice");
  loseAnswerOf("deleteSession");
  expect(await outcomeOf(sessions.revokeSessionUsingSessionHandle(handle))).toBe(LOST);
  expect(closed).toEqual(["ended"]);
});

test("at a limit: the store is asked which are over, as soon as it answers", async () => {
  const { store, sessions, closed, open } = setScene(2);
  await open("oldest", "alice");
  await open("newest", "alice");
  let isDown = false;
  store.setFaults((operation) => {
    if (operation === "createSession" && !isDown) {
      isDown = true;
      return "after";
    }
    return isDown ? "before" : undefined;
  });
  expect(await outcomeOf(sessions.createNewSession("alice"))).toBe(LOST);
  expect(closed).toEqual([]);
  store.up();
  // Anybody's.
  await sessions.createNewSession("bob");
  await expect.poll(() => closed, { timeout: 30_000 }).toEqual(["oldest"]);
});
