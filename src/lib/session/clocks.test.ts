/**
 * The process's clock beside the store's: who of them ends a session. The databases themselves are
 * in test/store/wrong-clocks.test.ts.
 */
import { expect, test } from "vitest";
import { DAY, HOUR, MINUTE, SECRET } from "../../../test/fixtures/constants.ts";
import { kidsOf, POLICY } from "../../../test/fixtures/key-world.ts";
import { parseConfig } from "../config/parse-config.ts";
import { createSessions, type Sessions } from "../../index.ts";
import { memory } from "../../memory.ts";
import { createKeyRing } from "../key/key-ring.ts";
import { makeKeyRecord } from "../key/ring-key.ts";
import { createSecrets } from "../crypto/secret.ts";
import type { SessionStore } from "./session-store.ts";
import { createClocks } from "./clocks.ts";

/** A shared database whose clock can be set. */
function clocked(): { readonly store: SessionStore; set: (ahead: number) => void } {
  let ahead = 0;
  const inner = memory();
  const readClock = async (): Promise<number> => Date.now() + ahead;
  return {
    store: {
      ...inner,
      readClock,
      async findSession(handle) {
        const row = await inner.findSession(handle);
        return row === undefined ? undefined : { ...row, storeTime: await readClock() };
      },
    },
    set: (by) => void (ahead = by),
  };
}

const open = (store: SessionStore, ahead: () => number): Sessions =>
  createSessions({
    store,
    secret: SECRET,
    clock: () => Date.now() + ahead(),
    rotation: { clock: "store" },
    session: { idleTimeout: "30m" },
  });

test.each([
  { process: 0, database: 0, outcome: undefined },
  { process: HOUR, database: 0, outcome: "CLOCKS_DISAGREE" },
  { process: 101 * DAY, database: 0, outcome: "CLOCKS_DISAGREE" },
  { process: 0, database: HOUR, outcome: "CLOCKS_DISAGREE" },
  { process: 0, database: 101 * DAY, outcome: "CLOCKS_DISAGREE" },
  // It revives nobody.
  { process: HOUR, database: -HOUR, outcome: "CLOCKS_DISAGREE" },
  { process: -HOUR, database: HOUR, outcome: "CLOCKS_DISAGREE" },
  { process: HOUR, database: HOUR, outcome: "SESSION_EXPIRED" },
  { process: -HOUR, database: -HOUR, outcome: undefined },
])("a refresh with the process $process ms and the database $database ms ahead: $outcome", async (clocks) => {
  const { store, set } = clocked();
  let ahead = 0;
  const sessions = open(store, () => ahead);
  const { refreshToken, session } = await sessions.createNewSession("alice");
  const before = await store.findSession(session.handle);
  ahead = clocks.process;
  set(clocks.database);
  const outcome = await sessions.refreshSession(refreshToken.value).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (clocks.outcome === undefined) expect(outcome).toBeUndefined();
  else expect(outcome).toMatchObject({ code: clocks.outcome });
  if (clocks.outcome !== "CLOCKS_DISAGREE") return;
  expect(outcome).toMatchObject({ status: 503, headers: { "retry-after": "1" } });
  set(0);
  expect(await store.findSession(session.handle)).toMatchObject({ version: before?.version });
});

test("a session that is over by both clocks is removed", async () => {
  const { store, set } = clocked();
  let ahead = 0;
  const sessions = open(store, () => ahead);
  const { refreshToken, session } = await sessions.createNewSession("alice");
  ahead = HOUR;
  set(HOUR);
  await expect(sessions.refreshSession(refreshToken.value)).rejects.toMatchObject({ code: "SESSION_EXPIRED" });
  expect(await store.findSession(session.handle)).toBeUndefined();
});

test.each([
  { ahead: 61_000, told: 1 },
  { ahead: -61_000, told: 1 },
  { ahead: 59_000, told: 0 },
])("a difference of $ahead ms is told $told times, whichever session refreshes", async ({ ahead, told }) => {
  const { store } = clocked();
  const sessions = open(store, () => ahead);
  const events: object[] = [];
  sessions.on("clock-skew", (event) => void events.push(event));
  for (const user of ["alice", "bob"]) {
    const { refreshToken } = await sessions.createNewSession(user);
    await sessions.refreshSession(refreshToken.value);
  }
  expect(events).toHaveLength(told);
  for (const event of events) expect(event).toEqual({ processTime: expect.any(Number), storeTime: expect.any(Number) });
});

test("an app's clock is believed, whatever the machine's and the database's say", async () => {
  const { store, set } = clocked();
  set(DAY);
  let now = Date.parse("2275-01-01");
  const sessions = createSessions({ store, secret: SECRET, clock: () => now, session: { idleTimeout: "30m" } });
  const { refreshToken } = await sessions.createNewSession("alice");
  const { newRefreshToken } = await sessions.refreshSession(refreshToken.value);
  now += HOUR;
  await expect(sessions.refreshSession(newRefreshToken.value)).rejects.toMatchObject({ code: "SESSION_EXPIRED" });
});

test("a key that waits for a time which a wrong clock has named keeps nobody from rotating", async () => {
  const { store } = clocked();
  const secrets = createSecrets([SECRET]);
  const clocks = createClocks({
    policy: parseConfig({ store, secret: SECRET }),
    store,
    now: Date.now,
    emit: () => undefined,
    notify: () => undefined,
  });
  const policy = { ...POLICY, longestToken: DAY };
  const ring = createKeyRing({ store, secrets: () => secrets, policy, clocks, onRotated: () => undefined });
  await ring.load();
  const [first] = await store.listKeys();
  const activatesAt = Date.now() + 101 * DAY;
  const mislaid = makeKeyRecord(secrets, { sequence: 2, algorithm: "HS256", createdAt: Date.now(), activatesAt });
  await store.insertKey(mislaid);
  const next = await ring.rotate();
  expect(Math.abs(next.activatesAt - Date.now() - policy.publishAhead)).toBeLessThan(MINUTE);
  expect(await ring.rotate()).toEqual(next);
  expect(kidsOf(await store.listKeys())).toEqual(kidsOf([first ?? mislaid, mislaid, next]));
  expect(ring.active().kid).toBe(first?.kid);
});
