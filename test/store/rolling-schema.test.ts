/**
 * A deployment that rolls: code of the version before starts and works beside the new one, on
 * tables that the new one has brought up to date.
 */
import { createSessions, type Sessions } from "counterfoil";
import { afterAll, expect, onTestFinished, test } from "vitest";
import type { SessionStore } from "../../src/lib/session/session-store.ts";
import { databases, describeDatabase, removeDatabases } from "./databases.ts";
import { caught, SECRET } from "./fixtures.ts";
import { openStore } from "./open-store.ts";
import { openStoreOfTomorrow } from "./store-of-tomorrow.ts";

afterAll(removeDatabases);

function start(store: SessionStore): Sessions {
  const sessions = createSessions({ store, secret: SECRET });
  onTestFinished(async () => {
    await sessions.close();
    await store.close();
  });
  return sessions;
}

for (const database of databases) {
  describeDatabase(database, () => {
    test("code of the version before is restarted beside the new one, and each goes on with sessions of the other", async () => {
      const addressOf = await database.makeEmpty();
      const before = start(await openStore(addressOf(0)));
      const old = await before.createNewSession("alice");
      const next = start(await openStoreOfTomorrow(addressOf(1), "adds"));
      await next.ready();
      await before.close();
      const again = start(await openStore(addressOf(2)));
      const refreshed = await again.refreshSession(old.refreshToken.value);
      expect((await next.refreshSession(refreshed.newRefreshToken.value)).session.userId).toBe("alice");
      const made = await next.createNewSession("bob");
      expect((await again.refreshSession(made.refreshToken.value)).session.userId).toBe("bob");
      expect(await again.revokeAllSessionsForUser("alice")).toBe(1);
      expect(await next.getAllSessionHandlesForUser("alice")).toEqual([]);
    });

    test("code that the new version rules out is refused at its start, and the new one goes on", async () => {
      const addressOf = await database.makeEmpty();
      const next = start(await openStoreOfTomorrow(addressOf(0), "breaks"));
      const { refreshToken } = await next.createNewSession("alice");
      const older = start(await openStore(addressOf(1)));
      const error = await caught(older.ready());
      expect(error.code).toBe("SCHEMA_TOO_NEW");
      expect(error.message).toMatch(/schema version (\d+), for which code must know version \1.*update the package/);
      expect((await next.refreshSession(refreshToken.value)).session.userId).toBe("alice");
    });
  });
}
