/**
 * Somebody else is at the tables when a server of the app starts: another that makes them, or a
 * migration of the app's own.
 */
import { createConnection } from "mysql2/promise";
import pg from "pg";
import { expect, onTestFinished, test } from "vitest";
import type { ConnectionOptions } from "../servers/mariadb.ts";
import { until } from "../servers/until.ts";
import { describeOwnSqlServers, openStore, type SqlKind } from "./sql-drivers.ts";

/** How long a statement waits for a table, of which the servers begin anew with each. */
const settings = {
  mariadb: { args: ["--lock-wait-timeout=1"], log: true },
  postgres: { config: ["lock_timeout = 200"], log: true },
};

/** Locks the table of versions; what it returns gives it back. */
async function lockSchema(kind: SqlKind, place: ConnectionOptions): Promise<() => Promise<unknown>> {
  if (kind === "mariadb") {
    const connection = await createConnection(place);
    onTestFinished(() => connection.destroy());
    await connection.query("LOCK TABLES counterfoil_migration WRITE");
    return () => connection.query("UNLOCK TABLES");
  }
  const client = new pg.Client(place);
  await client.connect();
  onTestFinished(() => client.end());
  await client.query("BEGIN");
  await client.query("LOCK TABLE counterfoil_migration");
  return () => client.query("COMMIT");
}

describeOwnSqlServers(settings, (kind, drivers, server) => {
  test.each(drivers)(
    "$name: a start goes on when tables are free that were locked for longer than it waits",
    async (driver) => {
      const place = server().connectionOptions(await server().createDatabase());
      await openStore(driver, driver.makePool(place)).prepare();
      const unlock = await lockSchema(kind, place);
      await server().takeLog();
      const starting = openStore(driver, driver.makePool(place))
        .prepare()
        .then(() => "started", String);
      let attempts = 0;
      await until("it is tried again", async () => {
        attempts += (await server().takeLog()).filter((line) =>
          /SELECT \* FROM counterfoil_migration/.test(line),
        ).length;
        return attempts > 1;
      });
      await unlock();
      expect(await starting).toBe("started");
    },
  );
});
