/** Old entries of the log of revocations go with the sweep; those that still count stay. */
import { describe, expect, test } from "vitest";
import { T0 } from "../../src/lib/testing/store/rows.ts";
import { describeSqlServers, openStore } from "./sql-drivers.ts";

const HOUR = 3_600_000;

describeSqlServers((kind, drivers, server) => {
  describe.each(drivers)("$name", (driver) => {
    test("the sweep forgets what is old and no longer counts", async () => {
      const database = await server().createDatabase();
      const place = server().connectionOptions(database);
      const store = openStore(driver, driver.makePool(place));
      await store.prepare();
      const { storeTime } = await store.readLog(0, 1);
      const log = kind === "postgres" ? "counterfoil_revocation" : `${database}.counterfoil_revocation`;
      const entries = [
        ["old", storeTime - 3 * HOUR, storeTime - HOUR],
        ["kept for long", storeTime - 3 * HOUR, storeTime + HOUR],
        ["young", storeTime - 1000, storeTime + HOUR],
      ] as const;
      for (const [id, logged, expires] of entries)
        await server().admin(
          `INSERT INTO ${log} (logged_at, id, kind, subject, expires_at) VALUES (${logged}, '${id}', 1, '${id}', ${expires})`,
          database,
        );
      await store.deleteExpiredSessions(T0, 10);
      const rows = await server().admin(`SELECT id FROM ${log} ORDER BY id`, database);
      expect(rows.map((row) => String(row["id"]))).toEqual(["kept for long", "young"]);
    });
  });
});
