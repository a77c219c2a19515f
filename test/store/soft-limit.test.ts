/**
 * The default limit of sessions under parallel sign-ins: nobody waits for the users of others, and
 * nothing deadlocks.
 */
import { createConnection } from "mysql2/promise";
import pg from "pg";
import { describe, expect, onTestFinished, test } from "vitest";
import { bound } from "../fixtures/bounds.ts";
import { PATIENT } from "../fixtures/constants.ts";
import { outcomeOf } from "./fixtures.ts";
import { describeOwnSqlServers, openStore, type SqlKind, watch } from "./sql-drivers.ts";
import type { ConnectionOptions } from "../servers/mariadb.ts";

/** A connection of the test's own. */
async function connect(kind: SqlKind, place: ConnectionOptions): Promise<(sql: string) => Promise<unknown>> {
  if (kind === "mariadb") {
    const connection = await createConnection(place);
    onTestFinished(() => connection.destroy());
    return (sql) => connection.query(sql);
  }
  const client = new pg.Client(place);
  await client.connect();
  onTestFinished(() => client.end());
  return (sql) => client.query(sql);
}

describeOwnSqlServers({ mariadb: { args: ["--innodb-lock-wait-timeout=50"] } }, (kind, drivers, server) => {
  /**
   * Deadlocks that the server has resolved, and row locks for which somebody waited where it counts
   * those.
   */
  async function readStatus(database: string): Promise<{ readonly deadlocks: number; readonly waits: number }> {
    const read = async (sql: string): Promise<number> => Number((await server().admin(sql))[0]?.["n"]);
    if (kind === "postgres")
      return {
        deadlocks: await read(`SELECT deadlocks AS n FROM pg_stat_database WHERE datname = '${database}'`),
        waits: 0,
      };
    const status = (name: string): Promise<number> =>
      read(`SELECT variable_value AS n FROM information_schema.global_status WHERE variable_name = '${name}'`);
    return { deadlocks: await status("INNODB_DEADLOCKS"), waits: await status("INNODB_ROW_LOCK_WAITS") };
  }

  describe.each(drivers)("$name", (driver) => {
    test("50 parallel sign-ins of a user at the limit: all pass, none deadlocks, each ended session is named once", async () => {
      const database = await server().createDatabase();
      const place = server().connectionOptions(database);
      const servers = [0, 1].map(() => watch(openStore(driver, driver.makePool(place), PATIENT)).sessions);
      const [first] = servers;
      if (first === undefined) throw new Error("there is none");
      const ended: string[] = [];
      for (const sessions of servers)
        sessions.on(
          "session-revoked",
          ({ handles, reason }) => void ended.push(...handles.map((h) => `${reason} ${h}`)),
        );
      const made = await Promise.all(
        Array.from({ length: 100 }, async () => (await first.createNewSession("alice")).session.handle),
      );
      const before = await readStatus(database);
      const signIns = Array.from({ length: 50 }, async (_, index) => {
        const sessions = servers[index % 2] ?? first;
        const [{ session }] = await Promise.all([
          sessions.createNewSession("alice"),
          sessions.createNewSession(`user ${index}`),
        ]);
        return session.handle;
      });
      made.push(...(await Promise.all(signIns)));
      expect((await readStatus(database)).deadlocks).toBe(before.deadlocks);
      made.push((await first.createNewSession("alice")).session.handle);
      const left = await first.getAllSessionHandlesForUser("alice");
      expect(left.length).toBeLessThanOrEqual(100);
      expect([...ended, ...left.map((handle) => `limit ${handle}`)].toSorted()).toEqual(
        made.map((handle) => `limit ${handle}`).toSorted(),
      );
    });

    test("a session that somebody has locked keeps no sign-in of another user waiting", async () => {
      const database = await server().createDatabase();
      const place = server().connectionOptions(database);
      const { sessions } = watch(openStore(driver, driver.makePool(place), PATIENT));
      await Promise.all(Array.from({ length: 100 }, () => sessions.createNewSession("alice")));
      const oldest = (await sessions.getAllSessionHandlesForUser("alice")).at(-1) ?? "";
      const rival = await connect(kind, place);
      await rival("BEGIN");
      await rival(`SELECT handle FROM counterfoil_session WHERE handle = '${oldest}' FOR UPDATE`);
      const own = outcomeOf(sessions.createNewSession("alice"));
      const before = await readStatus(database);
      for (let index = 0; index < bound(15, 50); index += 1) await sessions.createNewSession(`user ${index}`);
      // Of alice's own sign-in at most.
      expect((await readStatus(database)).waits - before.waits).toBeLessThanOrEqual(1);
      await rival("COMMIT");
      expect(await own).toBe("ok");
      expect((await sessions.getAllSessionHandlesForUser("alice")).length).toBe(100);
    });
  });
});
