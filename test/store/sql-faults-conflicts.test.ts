/**
 * Rivals for the same rows: what the database refuses for the sake of another is tried again, and
 * nobody is refused or accused.
 */
import { createConnection } from "mysql2/promise";
import pg from "pg";
import { describe, expect, onTestFinished, test } from "vitest";
import { shardOfUser } from "../../src/lib/session/handle.ts";
import { toUserKey } from "../../src/lib/session/user-id.ts";
import { bound } from "../fixtures/bounds.ts";
import { PATIENT } from "../fixtures/constants.ts";
import type { ConnectionOptions } from "../servers/mariadb.ts";
import { until } from "../servers/until.ts";
import { outcomeOf } from "./fixtures.ts";
import {
  atMost,
  describeOwnSqlServers,
  openStore,
  type SqlDriverUnderTest,
  type SqlKind,
  watch,
} from "./sql-drivers.ts";

const OK = "ok";

/** A connection of the test's own. */
async function connect(kind: SqlKind, place: ConnectionOptions): Promise<(sql: string) => Promise<unknown>> {
  if (kind === "mariadb") {
    const connection = await createConnection(place);
    onTestFinished(() => connection.destroy());
    return (sql) => connection.query(sql);
  }
  const client = new pg.Client(place).on("error", () => undefined);
  await client.connect();
  onTestFinished(() => client.end());
  return (sql) => client.query(sql);
}

const settings = {
  mariadb: { args: ["--innodb-lock-wait-timeout=1"] },
  postgres: { config: ["deadlock_timeout = 400"] },
};

const LEVELS: Readonly<Record<SqlKind, readonly string[]>> = {
  mariadb: ["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"],
  postgres: ["REPEATABLE READ", "SERIALIZABLE"],
};

/** For connections that are made from now on. */
const setDefault = (kind: SqlKind, database: string, level: string): string =>
  kind === "mariadb"
    ? `SET GLOBAL TRANSACTION ISOLATION LEVEL ${level}`
    : `ALTER DATABASE ${database} SET default_transaction_isolation = '${level.toLowerCase()}'`;

describeOwnSqlServers(settings, (kind, drivers, server) => {
  const readStatus = async (name: string): Promise<number> => {
    const [row] = await server().admin(
      `SELECT variable_value AS n FROM information_schema.global_status WHERE variable_name = '${name}'`,
    );
    return Number(row?.["n"]);
  };
  /**
   * Which statement waits for a row at this moment: something that differs from one wait to the
   * next.
   */
  async function readWait(): Promise<string | undefined> {
    if (kind === "mariadb") {
      // Counters, since information_schema.innodb_trx shows nothing new to a client that reads it
      // more often than every 100 ms.
      const isWaiting = (await readStatus("INNODB_ROW_LOCK_CURRENT_WAITS")) > 0;
      return isWaiting ? `wait ${await readStatus("INNODB_ROW_LOCK_WAITS")}` : undefined;
    }
    const [row] = await server().admin(
      "SELECT query_start::text AS since FROM pg_stat_activity WHERE wait_event_type = 'Lock'",
    );
    return row === undefined ? undefined : String(row["since"]);
  }
  /**
   * On PostgreSQL, where neither side gives up waiting here, none would be needed to show that
   * there was one.
   */
  const countDeadlocks = async (): Promise<number> => (kind === "postgres" ? 1 : readStatus("INNODB_DEADLOCKS"));

  /**
   * @param lockTimeout how long PostgreSQL lets the store wait for a row, in ms; 0: for ever. On
   *   MariaDB it is a second
   */
  async function openRivals(driver: SqlDriverUnderTest, options: object = {}, lockTimeout = 0) {
    const database = await server().createDatabase();
    const place = server().connectionOptions(database);
    const alter = async (change: string): Promise<void> => {
      if (kind === "postgres") await server().admin(`ALTER DATABASE ${database} ${change}`);
    };
    // PostgreSQL undoes the transaction that looks for deadlocks and finds one: not the rival,
    // which looks late.
    await alter("SET deadlock_timeout = '20s'");
    const rival = await connect(kind, place);
    await alter("RESET deadlock_timeout");
    await alter(`SET lock_timeout = ${lockTimeout}`);
    const store = openStore(driver, driver.makePool(place), options);
    const { sessions, alarms } = watch(store, { session: { maxPerUser: 2 } });
    const { session, refreshToken } = await sessions.createNewSession("alice");
    const lockSession = `SELECT handle FROM counterfoil_session WHERE handle = '${session.handle}' FOR UPDATE`;
    return { sessions, alarms, session, token: refreshToken.value, rival, lockSession };
  }

  describe.each(drivers)("$name", (driver) => {
    test("a row that is locked for longer than the server waits, and then free", async () => {
      const { sessions, alarms, token, rival, lockSession } = await openRivals(driver, {}, 200);
      await rival("BEGIN");
      await rival(lockSession);
      const refreshing = outcomeOf(sessions.refreshSession(token));
      const first = await until("the refresh waits", readWait);
      await until("it waits anew", async () => ![undefined, first].includes(await readWait()));
      await rival("COMMIT");
      expect(await refreshing).toBe(OK);
      expect(alarms).toEqual([]);
    });

    if (kind === "mariadb")
      // A node of a Galera cluster does so by itself, when another changes a table.
      test("a statement that the server kills while it waits for a row", async () => {
        const { sessions, alarms, token, rival, lockSession } = await openRivals(driver);
        await rival("BEGIN");
        await rival(lockSession);
        const refreshing = outcomeOf(sessions.refreshSession(token));
        const first = await until("the refresh waits", readWait);
        const [running] = await server().admin(
          `SELECT id FROM information_schema.processlist WHERE info LIKE 'UPDATE counterfoil_session%'`,
        );
        await server().admin(`KILL QUERY ${String(running?.["id"])}`);
        const again = until("it waits anew", async () => ![undefined, first].includes(await readWait()));
        await Promise.race([refreshing, again]);
        await rival("COMMIT");
        expect(await refreshing).toBe(OK);
        expect(alarms).toEqual([]);
      });

    test("a row that is locked for longer than the store waits: a fault, and the client's next try goes on", async () => {
      const { sessions, alarms, token, rival, lockSession } = await openRivals(driver, { timeout: "1s" });
      await rival("BEGIN");
      await rival(lockSession);
      // While the row is locked, so it is the store that ends the call.
      expect(await outcomeOf(sessions.refreshSession(token))).toBe("GENERAL_ERROR/STORE_UNAVAILABLE");
      await rival("COMMIT");
      await expect.poll(() => outcomeOf(sessions.refreshSession(token))).toBe(OK);
      expect(alarms).toEqual([]);
    });

    test("a deadlock whose victim is the sign-in: it goes through", async () => {
      const { sessions, session, rival, lockSession } = await openRivals(driver);
      await sessions.createNewSession("alice");
      await rival("CREATE TABLE heavy (n INT)");
      let wins = 0;
      for (let attempt = 0; wins === 0 && attempt < 20; attempt += 1) {
        await rival("BEGIN");
        // MariaDB undoes the transaction that has written less.
        await rival(`INSERT INTO heavy VALUES ${Array.from({ length: 50 }, () => "(1)").join()}`);
        const [oldest = session.handle] = (await sessions.getAllSessionHandlesForUser("alice")).slice(-1);
        await rival(lockSession.replace(session.handle, oldest));
        const signingIn = outcomeOf(sessions.createNewSession("alice"));
        await until("the sign-in waits", readWait);
        const place = `place-${shardOfUser(toUserKey("alice"))}`;
        const outcome = await rival(`UPDATE counterfoil_lease SET turn = turn + 1 WHERE name = '${place}'`).then(
          () => "wins",
          () => "loses",
        );
        await rival(outcome === "wins" ? "COMMIT" : "ROLLBACK");
        expect(await signingIn).toBe(OK);
        expect((await sessions.getAllSessionHandlesForUser("alice")).length).toBe(2);
        if (outcome === "wins") wins += 1;
      }
      expect(wins).toBe(1);
      expect(await countDeadlocks()).toBeGreaterThan(0);
    });

    // The server's level is the server's; each driver has its own way to say which one a
    // transaction has.
    const levels = driver === drivers[0] ? LEVELS[kind] : bound(LEVELS[kind].slice(-1), LEVELS[kind]);
    test.each(levels)("the server's isolation is %s", async (level) => {
      const database = await server().createDatabase();
      await server().admin(setDefault(kind, database, level));
      if (kind === "mariadb")
        // The default of servers that are newer than the one of the tests.
        await server().admin(`SET GLOBAL innodb_snapshot_isolation = ${level === "REPEATABLE READ" ? "ON" : "OFF"}`);
      const place = server().connectionOptions(database);
      const instances = Array.from({ length: 5 }, () =>
        watch(openStore(driver, driver.makePool(place, atMost(driver, 4)), PATIENT), { session: { maxPerUser: 3 } }),
      );
      const [first] = instances;
      if (first === undefined) throw new Error("there are none");
      const { refreshToken } = await first.sessions.createNewSession("alice");
      await Promise.all(instances.map(({ sessions }) => sessions.ready()));

      const all = <T>(count: number, call: (index: number) => Promise<T>): Promise<string[]> =>
        Promise.all(Array.from({ length: count }, (_, index) => outcomeOf(call(index))));
      const at = (index: number) => (instances[index % instances.length] ?? first).sessions;
      const outcomes = await Promise.all([
        all(50, (index) => at(index).refreshSession(refreshToken.value)),
        all(20, (index) => at(index).createNewSession("bob")),
        all(10, (index) => at(index).createNewSession(`user ${index}`)),
        all(5, (index) => at(index).revokeAllSessionsForUser(`nobody ${index}`)),
      ]);
      expect(new Set(outcomes.flat())).toEqual(new Set([OK]));
      expect((await first.sessions.getAllSessionHandlesForUser("bob")).length).toBe(3);
      expect(instances.flatMap(({ alarms }) => alarms)).toEqual([]);
    });
  });
});
