/** What a call may take, what it may leave behind, and what `close` waits for. */
import { afterEach, expect, onTestFinished, test, vi } from "vitest";
import { createSessions, type Sessions } from "../../index.ts";
import { memory } from "../../memory.ts";
import { MINUTE, SECRET, START } from "../../../test/fixtures/constants.ts";
import type { KeyRecord } from "../key/key-record.ts";
import type { SessionStore } from "./session-store.ts";

/** Holds all that come, until it is opened. */
function createGate(): {
  readonly pass: () => Promise<void>;
  readonly open: () => void;
  readonly waiting: () => number;
} {
  let release = (): void => undefined;
  let waiting = 0;
  const opened = new Promise<void>((resolve) => (release = resolve));
  const pass = (): Promise<void> => {
    waiting += 1;
    return opened;
  };
  return { pass, open: () => release(), waiting: () => waiting };
}

function open(change: (inner: SessionStore) => Partial<SessionStore>): Sessions {
  const inner = memory();
  const store = { ...inner, ...change(inner) };
  const sessions = createSessions({ store, secret: SECRET, session: { maxPerUser: false } });
  onTestFinished(() => sessions.close());
  return sessions;
}

/** The clock that deadlines go by; stands still until it is moved. */
function stopTime(): (ms: number) => void {
  vi.useFakeTimers({ toFake: ["performance"] });
  return (ms) => void vi.advanceTimersByTime(ms);
}

afterEach(() => void vi.useRealTimers());

const CLOSED = { code: "CLOSED" };
const LATE = {
  code: "STORE_UNAVAILABLE",
  message: expect.stringContaining("all the time that a call may take") as string,
};

test("close waits for calls that take several steps, and refuses those that begin later", async () => {
  const gate = createGate();
  const order: string[] = [];
  const sessions = open((inner) => ({
    findSession: async (handle) => (await gate.pass(), inner.findSession(handle)),
    close: async () => void order.push("store closed"),
  }));
  const { session, refreshToken } = await sessions.createNewSession("alice", {}, { count: 1 });
  const note = (name: string) => (): void => void order.push(name);
  const calls = [
    sessions.refreshSession(refreshToken.value).then(note("refreshed")),
    sessions.updateSessionData(session.handle, { count: 2 }).then(note("updated")),
  ];
  const closing = sessions.close();
  await expect(sessions.getSessionData(session.handle)).rejects.toMatchObject(CLOSED);
  await expect(sessions.ready()).rejects.toMatchObject(CLOSED);
  gate.open();
  await Promise.all(calls);
  await closing;
  expect(order.toSorted()).toEqual(["refreshed", "store closed", "updated"]);
  expect(order.at(-1)).toBe("store closed");
});

test("close waits no longer than a call may take; what is left fails with its next step", async () => {
  // For the deadlines of calls; the time that close waits passes.
  stopTime();
  const gate = createGate();
  const sessions = open((inner) => ({
    timeout: 20,
    findSession: async (handle) => (await gate.pass(), inner.findSession(handle)),
  }));
  const { refreshToken } = await sessions.createNewSession("alice");
  const refreshing = expect(sessions.refreshSession(refreshToken.value)).rejects.toMatchObject(CLOSED);
  await expect.poll(gate.waiting).toBe(1);
  // The store itself waits for its operation, and the call for nobody.
  const closing = sessions.close();
  await new Promise((resolve) => setTimeout(resolve, 40));
  gate.open();
  await closing;
  await refreshing;
});

test("close waits for nothing where nothing is under way, and twice is as once", async () => {
  const sessions = open(() => ({ timeout: 60_000 }));
  await sessions.createNewSession("alice");
  await Promise.all([sessions.close(), sessions.close()]);
});

test("the steps of a call share its time, and none begins when that is over", async () => {
  const pass = stopTime();
  const asked: string[] = [];
  const sessions = open((inner) => ({
    timeout: 1000,
    async findSession(handle) {
      pass(600);
      asked.push("find");
      return inner.findSession(handle);
    },
    async replaceData(...args) {
      asked.push("replace");
      return asked.length < 4 ? false : inner.replaceData(...args);
    },
  }));
  const { session } = await sessions.createNewSession("alice", {}, 1);
  await expect(sessions.updateSessionData(session.handle, 2)).rejects.toMatchObject({
    ...LATE,
    message: expect.stringContaining("sessions are untouched") as string,
  });
  // 600 ms, a race that was lost, 1200 ms: the second write is not begun.
  expect(asked).toEqual(["find", "replace", "find"]);
  await sessions.getSessionData(session.handle);
});

test("what the app's own function takes, and what its listeners ask for, is not in the time of the call", async () => {
  const pass = stopTime();
  const sessions = open(() => ({ timeout: 1000 }));
  const { session, refreshToken } = await sessions.createNewSession("alice", {}, 1);
  const read: Promise<unknown>[] = [];
  sessions.on("session-refreshed", () => {
    pass(5000);
    read.push(sessions.getSessionData(session.handle));
  });
  const doubled = await sessions.updateSessionData(session.handle, async (old) => {
    pass(5000);
    await sessions.getSessionData(session.handle);
    return Number(old) * 2;
  });
  expect(doubled).toBe(2);
  await sessions.refreshSession(refreshToken.value);
  expect(await Promise.all(read)).toEqual([2]);
});

test("each part of a long removal and of a long list has the time of a call", async () => {
  const pass = stopTime();
  let parts = 0;
  const slow = <T>(work: Promise<T>): Promise<T> => {
    pass(900);
    parts += 1;
    return work;
  };
  const sessions = open((inner) => ({
    timeout: 1000,
    listSessionsOfUser: (...args) => slow(inner.listSessionsOfUser(...args)),
    deleteSessionsOfUser: (...args) => slow(inner.deleteSessionsOfUser(...args)),
  }));
  for (let count = 0; count < 600; count += 1) await sessions.createNewSession("alice");
  expect((await sessions.getAllSessionHandlesForUser("alice")).length).toBe(600);
  expect(await sessions.revokeAllSessionsForUser("alice")).toBe(600);
  expect(parts).toBe(7);
});

test("keys that are looked up in passing hold a request for a second, and then it goes on without", async () => {
  const gate = createGate();
  const inner = memory();
  let now = START;
  let isSlow = false;
  const listKeys = async (): Promise<readonly KeyRecord[]> => {
    if (isSlow) await gate.pass();
    return inner.listKeys();
  };
  const sessions = createSessions({ store: { ...inner, listKeys }, secret: SECRET, clock: () => now });
  onTestFinished(() => sessions.close());
  const { accessToken, refreshToken } = await sessions.createNewSession("alice");
  isSlow = true;
  for (const call of [
    () => sessions.getSession(accessToken.value),
    () => sessions.refreshSession(refreshToken.value),
  ]) {
    now += MINUTE;
    const asked = gate.waiting();
    await call();
    expect(gate.waiting()).toBe(asked + 1);
  }
  gate.open();
});
