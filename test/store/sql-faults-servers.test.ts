/**
 * Servers and databases on which sessions cannot be kept, or no longer: refused with what to
 * change, and nobody is logged out.
 */
import { expect, test } from "vitest";
import { DEFAULT_PREFIX, tableNames } from "../../src/lib/store/migrations.ts";
import type { ConnectionOptions } from "../servers/mariadb.ts";
import { caught, outcomeOf } from "./fixtures.ts";
import { openStore as openSqlStore } from "./open-store.ts";
import { describeOwnSqlServers, makeStore, openStore, type SqlServer, watch } from "./sql-drivers.ts";

const OK = "ok";
const DOWN = "GENERAL_ERROR/STORE_UNAVAILABLE";
const TABLES = [...tableNames(DEFAULT_PREFIX), `${DEFAULT_PREFIX}migration`];

describeOwnSqlServers({}, (kind, drivers, server) => {
  const mariadb = kind === "mariadb";

  /**
   * A user who may use the tables of a database, and make them; nothing on the server is theirs to
   * decide.
   */
  async function createUser(database: string): Promise<ConnectionOptions> {
    const place = { ...server().connectionOptions(database), user: `user_of_${database}` };
    if (mariadb) {
      await server().admin(`CREATE USER ${place.user} IDENTIFIED BY '${place.password}'`);
      await server().admin(
        `GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX ON ${database}.* TO ${place.user}`,
      );
    } else {
      await server().admin(`CREATE ROLE ${place.user} LOGIN PASSWORD '${place.password}'`);
      await server().admin(`GRANT CREATE ON SCHEMA public TO ${place.user}`, database);
    }
    return place;
  }

  /**
   * Makes the server read-only for those who may not decide that, as a replica is, or ends that.
   */
  async function setReadOnly(isReadOnly: boolean): Promise<void> {
    if (mariadb) {
      await server().admin(`SET GLOBAL read_only = ${isReadOnly ? 1 : 0}`);
    } else {
      await server().admin(`ALTER SYSTEM SET default_transaction_read_only = ${isReadOnly}`);
      await server().admin("SELECT pg_reload_conf()");
    }
  }

  test.each(drivers)(
    "a primary that becomes a replica, and a replica in the primary's place: $name",
    async (driver) => {
      const place = await createUser(await server().createDatabase());
      const { sessions, alarms } = watch(openStore(driver, driver.makePool(place)));
      const { refreshToken } = await sessions.createNewSession("alice");
      const refresh = (): Promise<string> => outcomeOf(sessions.refreshSession(refreshToken.value));

      await setReadOnly(true);
      await expect.poll(refresh).toBe(DOWN);
      const { sessions: late } = watch(openStore(driver, driver.makePool(place)));
      const calls = [() => sessions.refreshSession(refreshToken.value), () => late.ready(), () => late.getJwks()];
      for (const call of calls) {
        const { code, message } = await caught(call());
        expect(code).toBe("STORE_UNAVAILABLE");
        expect(message).toMatch(/the database is read-only, as replicas are; give the primary; sessions are untouched/);
      }
      await setReadOnly(false);
      await expect.poll(refresh).toBe(OK);
      await expect.poll(() => outcomeOf(late.refreshSession(refreshToken.value))).toBe(OK);
      expect(alarms).toEqual([]);
    },
  );

  test.each(drivers)("tables that are taken away, and put back: $name", async (driver) => {
    const database = await server().createDatabase();
    const { sessions, alarms } = watch(openStore(driver, driver.makePool(server().connectionOptions(database))));
    const { session, refreshToken } = await sessions.createNewSession("alice");
    const rename = async (from: string, to: string): Promise<void> => {
      await server().admin(
        mariadb
          ? `RENAME TABLE ${database}.${from}counterfoil_session TO ${database}.${to}counterfoil_session`
          : `ALTER TABLE ${from}counterfoil_session RENAME TO ${to}counterfoil_session`,
        database,
      );
    };
    await rename("", "old_");
    for (const call of [() => sessions.refreshSession(refreshToken.value), () => sessions.createNewSession("bob")]) {
      const { code, message } = await caught(call());
      expect(code).toBe("SCHEMA_MISSING");
      expect(message).toMatch(/tables of counterfoil are not in this database.*npx counterfoil migrate --print/);
    }
    await rename("old_", "");
    expect((await sessions.refreshSession(refreshToken.value)).session.handle).toBe(session.handle);

    for (const table of TABLES) await server().admin(`DROP TABLE ${mariadb ? `${database}.` : ""}${table}`, database);
    expect(await outcomeOf(sessions.createNewSession("bob"))).toBe("GENERAL_ERROR/SCHEMA_MISSING");
    // Where the store may, it makes them anew.
    expect(await outcomeOf(sessions.createNewSession("bob"))).toBe(OK);
    expect(alarms).toEqual([]);
  });

  test.each(drivers)("a right that is taken away, and given back: $name", async (driver) => {
    const database = await server().createDatabase();
    const place = await createUser(database);
    const { sessions, alarms } = watch(openStore(driver, driver.makePool(place)));
    const { refreshToken } = await sessions.createNewSession("alice");
    const set = async (change: "GRANT" | "REVOKE"): Promise<void> => {
      const [on, to] = [mariadb ? `${database}.*` : "counterfoil_session", change === "GRANT" ? "TO" : "FROM"];
      await server().admin(`${change} UPDATE ON ${on} ${to} ${place.user}`, database);
      // A connection of MariaDB keeps the rights on the database that it has chosen.
      if (mariadb) await server().admin(`KILL USER ${place.user}`);
    };
    const refresh = (): Promise<string> => outcomeOf(sessions.refreshSession(refreshToken.value));
    await set("REVOKE");
    await expect.poll(refresh).toBe("GENERAL_ERROR/STORE_UNSUITABLE");
    const error = await caught(sessions.refreshSession(refreshToken.value));
    expect(error.code).toBe("STORE_UNSUITABLE");
    expect(error.message).toMatch(
      /lacks a right on the tables of counterfoil; grant SELECT, INSERT, UPDATE and DELETE/,
    );
    await set("GRANT");
    await expect.poll(refresh).toBe(OK);
    expect(alarms).toEqual([]);
  });

  if (mariadb) {
    test.each(drivers)("a connection without a database: $name", async (driver) => {
      const { database: _, ...place } = server().connectionOptions("none");
      const pool = driver.makePool(place as ConnectionOptions);
      const error = await caught(watch(openStore(driver, pool)).sessions.ready());
      expect(error.message).toMatch(/no database is named; write it behind the host in url, or as the option database/);
    });
  }

  test("a user who may not use the database", async () => {
    const [own, other] = [await server().createDatabase(), await server().createDatabase()];
    const place = { ...(await createUser(own)), database: other };
    if (!mariadb) await server().admin(`REVOKE CONNECT ON DATABASE ${other} FROM PUBLIC`);
    const error = await caught(watch(makeStore(kind, place)).sessions.ready());
    expect(error.message).toMatch(
      mariadb
        ? /no database of this name, or the user may not use it; check the option database, or grant rights on it/
        : /lacks a right/,
    );
  });

  if (mariadb) {
    test.each([...drivers.map(({ name }) => name), "mysql dialect"] as const)(
      "what decides is not read from a server that others may not write to, though this user may: %s",
      async (name) => {
        const url = server().url(await server().createDatabase());
        const by = name as "mysql2" | "mariadb" | "mysql dialect";
        const store = await openSqlStore({ by, url });
        const { sessions } = watch(store, { tokens: { accessToken: { revocation: "store" } } });
        const { accessToken, antiCsrfToken, refreshToken } = await sessions.createNewSession("alice");
        const verify = (): Promise<unknown> => sessions.getSession(accessToken.value, antiCsrfToken);
        const calls = [
          verify,
          () => sessions.refreshSession(refreshToken.value),
          () => sessions.getSessionsForUser("alice"),
          () => sessions.getAllSessionHandlesForUser("nobody"),
          () => store.findSession("h"),
          () => store.wasReplaced("h", 0),
          () => store.listKeys(),
          // MySQL cannot name what it removes, and so looks first.
          ...(by === "mysql dialect" ? [() => sessions.revokeAllSessionsForUser("nobody")] : []),
        ];
        await setReadOnly(true);
        const faults = await Promise.all(calls.map((call) => caught(call())));
        const late = await caught(watch(await openSqlStore({ by, url })).sessions.ready());
        await setReadOnly(false);
        for (const { code, message } of by === "mysql dialect" ? faults : [...faults, late]) {
          expect(code).toBe("STORE_UNAVAILABLE");
          expect(message).toMatch(/the database is read-only, as replicas are; give the primary/);
        }
        expect(await outcomeOf(verify())).toBe(OK);
      },
    );

    test.each(drivers)("autocommit off: $name", async (driver) => {
      const place = server().connectionOptions(await server().createDatabase());
      await server().admin("SET GLOBAL autocommit = 0");
      const settings = driver.name === "mariadb" ? { initSql: "SET autocommit = 0" } : {};
      const { sessions } = watch(openStore(driver, driver.makePool(place, settings)));
      const error = await caught(sessions.ready());
      await server().admin("SET GLOBAL autocommit = 1");
      expect(error.code).toBe("STORE_UNSUITABLE");
      expect(error.message).toMatch(/autocommit off, so that nothing would be kept; give a pool that leaves it on/);
    });

    test.each(drivers)("sql_mode with EMPTY_STRING_IS_NULL: $name", async (driver) => {
      const place = server().connectionOptions(await server().createDatabase());
      const [row] = await server().admin("SELECT @@global.sql_mode AS modes");
      await server().admin("SET GLOBAL sql_mode = CONCAT(@@global.sql_mode, ',EMPTY_STRING_IS_NULL')");
      const error = await caught(watch(openStore(driver, driver.makePool(place))).sessions.ready());
      await server().admin(`SET GLOBAL sql_mode = '${String(row?.["modes"])}'`);
      expect(error.code).toBe("STORE_UNSUITABLE");
      expect(error.message).toMatch(/EMPTY_STRING_IS_NULL in their sql_mode/);
    });

    test.each(drivers)("completion_type CHAIN, which undoes writes, and RELEASE: $name", async (driver) => {
      const place = server().connectionOptions(await server().createDatabase());
      const setType = (type: string): Promise<unknown> => server().admin(`SET GLOBAL completion_type = '${type}'`);
      await setType("CHAIN");
      const error = await caught(watch(openStore(driver, driver.makePool(place))).sessions.ready());
      await setType("RELEASE");
      const { sessions } = watch(openStore(driver, driver.makePool(place)), { session: { maxPerUser: 2 } });
      const outcomes: string[] = [];
      for (let turn = 0; turn < 4; turn += 1) outcomes.push(await outcomeOf(sessions.createNewSession("alice")));
      const count = (await sessions.getAllSessionHandlesForUser("alice")).length;
      await setType("NO_CHAIN");
      expect([error.code, outcomes, count]).toEqual(["STORE_UNSUITABLE", [OK, OK, OK, OK], 2]);
      expect(error.message).toMatch(/completion_type CHAIN, with which a write may be undone.*NO_CHAIN/);
    });
  } else {
    test.each(drivers)("a search_path that names nothing: $name", async (driver) => {
      const place = server().connectionOptions(await server().createDatabase());
      const settings = {
        pg: { options: "-c search_path=nosuch" },
        "postgres.js": { connection: { search_path: "nosuch" } },
      };
      const pool = driver.makePool(place, settings[driver.name as "pg"]);
      const error = await caught(watch(openStore(driver, pool)).sessions.ready());
      expect(error.message).toMatch(/no schema of the connection's search_path is there.*correct search_path/);
    });

    test.each(drivers)("row level security without a policy: $name", async (driver) => {
      const database = await server().createDatabase();
      const { sessions } = watch(openStore(driver, driver.makePool(await createUser(database))));
      await sessions.ready();
      for (const state of ["ENABLE", "FORCE"])
        await server().admin(`ALTER TABLE counterfoil_session ${state} ROW LEVEL SECURITY`, database);
      const error = await caught(sessions.createNewSession("alice"));
      expect(error.message).toMatch(/row level security keeps the user from the tables.*BYPASSRLS/);
    });

    test.each(drivers)("a database with another encoding: $name", async (driver) => {
      await createLatin1(server(), driver.name.replace(".", ""));
      const place = server().connectionOptions(`latin1_${driver.name.replace(".", "")}`);
      const error = await caught(watch(openStore(driver, driver.makePool(place))).sessions.ready());
      expect(error.code).toBe("STORE_UNSUITABLE");
      expect(error.message).toMatch(/encoding LATIN1, which cannot hold every name; make one with ENCODING 'UTF8'/);
    });
  }
});

const createLatin1 = (server: SqlServer, name: string): Promise<unknown> =>
  server.admin(`CREATE DATABASE latin1_${name} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0`);
