/** An exception that is no handle spares nothing: in the store, and in other processes. */
import { afterAll, expect, test } from "vitest";
import { openAt, openSide } from "../control/scene.ts";
import { databases, describeDatabase, removeDatabases } from "./databases.ts";

afterAll(removeDatabases);

const ODD = ["", "|", "a|b|c", "x".repeat(256), "\0", "a\uD800", "öffentlich"] as const;

for (const database of databases) {
  describeDatabase(database, () => {
    test("an exception that is no handle spares no session, here or in a process that follows the log", async () => {
      const open = openAt(await database.makeEmpty());
      const follower = await openSide(open, 0, { tokens: { accessToken: { revocation: "feed" } } });
      const other = await openSide(open, 1, {});
      try {
        for (const [index, except] of ODD.entries()) {
          const userId = `user ${index}|${index}`;
          const { accessToken } = await follower.sessions.createNewSession(userId);
          const ask = (): Promise<unknown> => follower.sessions.getSession(accessToken.value);
          await ask();
          expect(await other.sessions.revokeAllSessionsForUser(userId, { except })).toBe(1);
          follower.advance(2000);
          // The first request reads the log, and the next one relies on what was read.
          for (const request of [1, 2])
            await expect(ask(), `${JSON.stringify(except)}, request ${request}`).rejects.toMatchObject({
              code: "SESSION_NOT_FOUND",
            });
        }
      } finally {
        await follower.close();
        await other.close();
      }
    });
  });
}
