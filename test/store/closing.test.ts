/**
 * `close()` beside calls of several steps, on every database: those that have begun end well, those
 * that come later are refused.
 */
import { createSessions } from "counterfoil";
import { memory } from "counterfoil/memory";
import { afterAll, expect, test } from "vitest";
import type { SessionStore } from "../../src/lib/session/session-store.ts";
import { databases, describeDatabase, removeDatabases } from "./databases.ts";
import { outcomeOf, SECRET } from "./fixtures.ts";
import { openStore } from "./open-store.ts";

afterAll(removeDatabases);

const CALLS = 10;

async function closeAmongCalls(store: SessionStore): Promise<void> {
  const sessions = createSessions({ store, secret: SECRET });
  const users = Array.from({ length: CALLS }, (_, index) => `user ${index}`);
  const created = await Promise.all(users.map((userId) => sessions.createNewSession(userId)));
  const calls = created.flatMap(({ session, refreshToken }) => [
    outcomeOf(sessions.refreshSession(refreshToken.value)),
    outcomeOf(sessions.updateSessionData(session.handle, { seen: true })),
  ]);
  const closing = sessions.close();
  const later = outcomeOf(sessions.createNewSession("late"));
  expect(await Promise.all(calls)).toEqual(calls.map(() => "ok"));
  await closing;
  expect(await later).toBe("GENERAL_ERROR/CLOSED");
}

test("memory", () => closeAmongCalls(memory()));

for (const database of databases) {
  describeDatabase(database, () => {
    test("calls that have begun end well", async () => {
      await closeAmongCalls(await openStore((await database.makeEmpty())(0)));
    });
  });
}
