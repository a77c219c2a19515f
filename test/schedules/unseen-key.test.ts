/**
 * P6, rotating a key logs nobody out: found by the random schedules in parallel on two instances,
 * when one of them had not been asked since the other one made a key. Both tests state what must
 * hold, and fail today.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSessions, type Sessions } from "counterfoil";
import { sqlite, type SessionStore } from "counterfoil/sqlite";
import { expect, onTestFinished, test } from "vitest";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

interface Pair {
  readonly idle: Sessions;
  /** Refresh tokens that are signed with a key that `idle` has not seen. */
  readonly tokens: readonly [string, string];
}

async function rotateUnseen(wrapIdle: (store: SessionStore) => SessionStore): Promise<Pair> {
  const folder = mkdtempSync(join(tmpdir(), "counterfoil-unseen-key-"));
  let now = DAY;
  const open = (wrap: (store: SessionStore) => SessionStore): Sessions =>
    createSessions({
      secret: "a secret for tests, and only for tests",
      store: wrap(sqlite({ path: join(folder, "sessions.db"), synchronous: "normal" })),
      clock: () => now,
    });
  const busy = open((store) => store);
  const idle = open(wrapIdle);
  onTestFinished(async () => {
    await busy.close();
    await idle.close();
    rmSync(folder, { recursive: true });
  });

  await busy.ready();
  await idle.ready();
  now += 31 * DAY;
  await busy.createNewSession("whose sign-in publishes the next key");
  now += 11 * MINUTE;
  const { refreshToken: one } = await busy.createNewSession("alice");
  const { refreshToken: two } = await busy.createNewSession("bob");
  return { idle, tokens: [one.value, two.value] };
}

test("two users refresh at once on an instance that has not seen the new key", async () => {
  const { idle, tokens } = await rotateUnseen((store) => store);
  const answers = await Promise.allSettled(tokens.map((token) => idle.refreshSession(token)));
  expect(answers.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled"]);
});

test("an outage while the new key is looked for ends nobody's session", async () => {
  let down = false;
  const { idle, tokens } = await rotateUnseen((store) => ({
    ...store,
    listKeys: () => (down ? Promise.reject(new Error("down")) : store.listKeys()),
  }));
  down = true;
  for (const token of tokens)
    await expect(idle.refreshSession(token)).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
});
