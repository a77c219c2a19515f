/**
 * What is wrong with the way to the database when an instance starts: it says what, and what to do
 * about it, and goes on by itself.
 */
import { inspect } from "node:util";
import { createConnection } from "mysql2/promise";
import pg from "pg";
import { Error as AuthError, type SessionError } from "counterfoil";
import { describe, expect, onTestFinished, test } from "vitest";
import type { ConnectionOptions } from "../servers/mariadb.ts";
import { startProxy } from "../servers/proxy.ts";
import { caught, outcomeOf } from "./fixtures.ts";
import { atMost, describeOwnSqlServers, impatient, makeStore, openStore, type SqlKind, watch } from "./sql-drivers.ts";

const DOWN = "GENERAL_ERROR/STORE_UNAVAILABLE";
const WRONG: readonly { what: string; change: Partial<ConnectionOptions>; says: RegExp }[] = [
  {
    what: "a wrong password",
    change: { password: "mistyped-passphrase" },
    says: /refused the user name or the password; check the connection's options/,
  },
  { what: "an unknown user", change: { user: "nobody" }, says: /refused the user name or the password/ },
  {
    what: "an unknown database",
    change: { database: "nowhere" },
    says: /no database of this name on the server; create it, or check the option database/,
  },
  {
    what: "a port where nobody listens",
    change: { port: 1 },
    says: /cannot be reached \(ECONNREFUSED\); check host and port, and whether it is running/,
  },
  { what: "an unknown host", change: { host: "nowhere.invalid" }, says: /cannot be reached \(E[A-Z_]+\); check host/ },
];

function expectClear(error: SessionError, says: RegExp, secrets: readonly string[]): void {
  expect(error).toMatchObject({ errType: AuthError.GENERAL_ERROR, code: "STORE_UNAVAILABLE" });
  expect(error.message, inspect(error.cause)).toMatch(says);
  expect(error.message).toMatch(/sessions are untouched/);
  expect(error.cause).toBeInstanceOf(Error);
  const everything = inspect(error, { depth: 12, showHidden: true });
  for (const secret of secrets) expect(everything).not.toContain(secret);
}

/** Takes connections until there is none left. The way to give them back. */
async function takeAll(kind: SqlKind, place: ConnectionOptions): Promise<() => Promise<unknown>> {
  const taken: { end(): Promise<unknown> }[] = [];
  for (;;) {
    try {
      if (kind === "mariadb") {
        taken.push(await createConnection(place));
      } else {
        const client = new pg.Client(place);
        await client.connect();
        taken.push(client);
      }
    } catch (error) {
      expect(error).toMatchObject({ code: kind === "mariadb" ? "ER_CON_COUNT_ERROR" : "53300" });
      return () => Promise.all(taken.map((connection) => connection.end()));
    }
  }
}

const FEW = { mariadb: { args: ["--max-connections=24"] }, postgres: { config: ["max_connections = 24"] } };

describeOwnSqlServers(FEW, (kind, drivers, server) => {
  test("a pool of the store's own: a wrong password, and then a URL with the right one", async () => {
    const database = await server().createDatabase();
    const wrong = new URL(server().url(database));
    wrong.password = "mistyped-passphrase";
    const failing = watch(makeStore(kind, { url: wrong.href, timeout: "5s" })).sessions;
    expectClear(await caught(failing.ready()), /refused the user name or the password/, ["mistyped-passphrase"]);
    const { sessions } = watch(makeStore(kind, { url: server().url(database) }));
    expect(await outcomeOf(sessions.createNewSession("alice"))).toBe("ok");
  });

  if (kind === "mariadb") {
    test("a pool of mariadb that tries for longer than the store waits", async () => {
      const driver = drivers.find(({ name }) => name === "mariadb");
      const place = { ...server().connectionOptions(await server().createDatabase()), password: "mistyped-passphrase" };
      if (driver === undefined) throw new Error("there is no such driver");
      const { sessions } = watch(openStore(driver, driver.makePool(place), { timeout: "700ms" }));
      expectClear(await caught(sessions.ready()), /refused the user name or the password/, [place.password]);
    });
  }

  describe.each(drivers)("$name", (driver) => {
    test.each(WRONG)("$what", async ({ change, says }) => {
      const place = { ...server().connectionOptions(await server().createDatabase()), ...change };
      const { sessions } = watch(openStore(driver, driver.makePool(place, impatient(driver)), { timeout: "5s" }));
      for (const call of [() => sessions.ready(), () => sessions.createNewSession("alice")])
        expectClear(await caught(call()), says, [place.password]);
    });

    test("a server that takes connections and never answers, until it does", async () => {
      const proxy = await startProxy(server());
      onTestFinished(() => proxy.close());
      const place = { ...server().connectionOptions(await server().createDatabase()), port: proxy.port };
      const { sessions } = watch(openStore(driver, driver.makePool(place, atMost(driver, 2)), { timeout: "1s" }));
      proxy.hold();
      for (let attempt = 0; attempt < 2; attempt += 1) {
        // While nothing is answered, so it is the store that ends the call.
        const { code, message } = await caught(sessions.createNewSession("alice"));
        expect(code).toBe("STORE_UNAVAILABLE");
        expect(message).toMatch(/gave no (connection|answer) within 1000 ms; sessions are untouched/);
      }
      proxy.release();
      await expect.poll(() => outcomeOf(sessions.createNewSession("alice"))).toBe("ok");
    });

    test("a server that is down at the start, and then up: the same instance works", async () => {
      const proxy = await startProxy(server());
      onTestFinished(() => proxy.close());
      const place = { ...server().connectionOptions(await server().createDatabase()), port: proxy.port };
      const { sessions } = watch(openStore(driver, driver.makePool(place), { timeout: "1s" }));
      proxy.refuse();
      const calls = [sessions.ready(), sessions.createNewSession("alice"), sessions.refreshSession("garbage")];
      expect(await Promise.all(calls.map(outcomeOf))).toEqual([DOWN, DOWN, DOWN]);
      await proxy.accept();
      await expect.poll(() => outcomeOf(sessions.createNewSession("alice"))).toBe("ok");
      expect((await sessions.getAllSessionHandlesForUser("alice")).length).toBe(1);
    });

    test("a server without a connection to spare, until it has one", async () => {
      const place = server().connectionOptions(await server().createDatabase());
      const giveBack = await takeAll(kind, place);
      const pool = driver.makePool(place, impatient(driver));
      const { sessions } = watch(openStore(driver, pool, { timeout: "5s" }));
      const error = await caught(sessions.createNewSession("alice"));
      await giveBack();
      expectClear(error, /no connection to spare; raise max_connections, or make the pools smaller/, [place.password]);
      await expect.poll(() => outcomeOf(sessions.createNewSession("alice"))).toBe("ok");
    });
  });
});
