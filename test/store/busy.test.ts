/**
 * More calls than connections: those that have begun go first, the others wait in order, and what
 * cannot be served is told so.
 */
import { expect, onTestFinished, test } from "vitest";
import { createSessions, type SessionError, type Sessions } from "../../src/index.ts";
import { createMysqlDriver, type MysqlPool } from "../../src/lib/store/sql/mysql-driver.ts";
import { createPostgresDriver } from "../../src/lib/store/sql/postgres-driver.ts";
import type { PostgresPool } from "../../src/lib/store/sql/postgres-pool.ts";
import type { SqlDriver } from "../../src/lib/store/sql/sql-driver.ts";
import { inspectMysql, inspectPostgres } from "../../src/lib/store/sql/sql-servers.ts";
import { createSqlStore } from "../../src/lib/store/sql/sql-store.ts";
import { SECRET } from "./fixtures.ts";
import { atMost, describeSqlServers, type Pool, type SharedSqlServer, type SqlDriverUnderTest } from "./sql-drivers.ts";

const CONNECTIONS = 2;

/** Holds each statement of a refresh until it is let go. */
interface Gate {
  /** What was asked, in order: the statement, and the handle of the session. */
  readonly asked: string[];
  close(): void;
  /** Lets go those that are held. */
  next(): void;
  open(): void;
}

/** What a call fails with; the stores' fixtures know the errors of the built package. */
const caught = (call: Promise<unknown>): Promise<SessionError> =>
  call.then(
    () => expect.fail("nothing was thrown"),
    (error: unknown) => error as SessionError,
  );

interface Scene {
  readonly sessions: Sessions;
  readonly gate: Gate;
  readonly pool: Pool;
  /** Refresh tokens of sessions, one of each. */
  readonly tokens: readonly string[];
  readonly refreshAll: () => Promise<unknown>[];
}

function driverOf(kind: "mariadb" | "postgres", pool: Pool): SqlDriver {
  const end = async (): Promise<void> => undefined;
  return kind === "mariadb"
    ? createMysqlDriver(async () => pool as unknown as MysqlPool, end)
    : createPostgresDriver({ pool: async () => pool as unknown as PostgresPool, end, prepare: true });
}

function gated(inner: SqlDriver): { readonly driver: SqlDriver; readonly gate: Gate } {
  let isClosed = false;
  let held: (() => void)[] = [];
  const next = (): void => held.splice(0).forEach((pass) => pass());
  const gate: Gate = {
    asked: [],
    close: () => void (isClosed = true),
    next,
    open() {
      isClosed = false;
      next();
    },
  };
  const driver: SqlDriver = {
    ...inner,
    async connect() {
      const connection = await inner.connect();
      return {
        ...connection,
        async run(statement, values) {
          const name = statement.name.replace("counterfoil_", "");
          // What is done in passing goes by.
          if (name !== "find" && name !== "commit_refresh") return connection.run(statement, values);
          gate.asked.push(name);
          if (isClosed) await new Promise<void>((pass) => held.push(pass));
          return connection.run(statement, values);
        },
      };
    },
  };
  return { driver, gate };
}

describeSqlServers((kind, drivers, server) => {
  let database: string | undefined;

  async function setScene(
    driver: SqlDriverUnderTest,
    calls: number,
    options: { readonly timeout?: number; readonly queueLimit?: number } = {},
  ): Promise<Scene> {
    const shared: SharedSqlServer = server();
    database ??= await shared.createDatabase();
    const pool = driver.makePool(shared.connectionOptions(database), atMost(driver, CONNECTIONS));
    const { driver: held, gate } = gated(driverOf(kind, pool));
    const inspect = kind === "mariadb" ? inspectMysql : inspectPostgres;
    const open = (settings: typeof options): Sessions => {
      const common = { driver: held, inspect, prefix: "counterfoil_", migrate: true, timeout: 120_000 };
      return createSessions({ store: createSqlStore({ ...common, ...settings }), secret: SECRET });
    };
    const [sessions, patient] = [open(options), open({})];
    onTestFinished(async () => {
      gate.open();
      await Promise.all([sessions.close(), patient.close()]);
      await pool.end().catch(() => undefined);
    });
    const tokens: string[] = [];
    for (let user = 0; user < calls; user += 1)
      tokens.push((await patient.createNewSession(`user ${user}`)).refreshToken.value);
    // With what an instance does in passing the first time. In a hurry that may take several
    // attempts on a busy machine.
    const begin = () => sessions.createNewSession("first").then(() => "ok", String);
    await expect.poll(begin, { timeout: 30_000 }).toBe("ok");
    // The sweep that they have begun would wait among the calls.
    await Promise.all([sessions.sweep(), patient.sweep()]);
    gate.asked.length = 0;
    const refreshAll = (): Promise<unknown>[] => tokens.map((token) => sessions.refreshSession(token));
    return { sessions, gate, pool, tokens, refreshAll };
  }

  test.each(drivers)("$name: a call that has begun goes on before another begins", async (driver) => {
    const { gate, refreshAll } = await setScene(driver, 6);
    gate.close();
    const refreshed = Promise.all(refreshAll());
    const batches: string[][] = [];
    for (let batch = 0; batch < 6; batch += 1) {
      await expect.poll(() => gate.asked.length, { timeout: 30_000 }).toBe(CONNECTIONS);
      batches.push(gate.asked.splice(0));
      gate.next();
    }
    await refreshed;
    const [finds, commits] = [
      ["find", "find"],
      ["commit_refresh", "commit_refresh"],
    ];
    expect(batches).toEqual([finds, commits, finds, commits, finds, commits]);
  });

  test.each(drivers)("$name: beyond the bound a call is told at once, and nothing was asked for it", async (driver) => {
    const { gate, refreshAll } = await setScene(driver, 8, { queueLimit: 3 });
    gate.close();
    const outcomes = refreshAll().map((call) =>
      call.then(
        () => undefined,
        (error: unknown) => error as SessionError,
      ),
    );
    // While nobody is served: two are asked, three wait.
    for (const error of await Promise.all(outcomes.slice(CONNECTIONS + 3))) {
      expect(error).toMatchObject({ code: "STORE_BUSY", status: 503, headers: { "retry-after": "1" } });
      expect(error?.message).toMatch(/too many calls wait for a connection to the database; sessions are untouched/);
    }
    gate.open();
    expect(await Promise.all(outcomes.slice(0, CONNECTIONS + 3))).toEqual(Array(CONNECTIONS + 3).fill(undefined));
    expect(gate.asked.length).toBe(2 * (CONNECTIONS + 3));
  });

  test.each(drivers)("$name: who waits in vain leaves the queue, and the pool serves on", async (driver) => {
    const { sessions, gate, refreshAll } = await setScene(driver, 6, { timeout: 400 });
    gate.close();
    const errors = await Promise.all(refreshAll().map(caught));
    const codes = errors.map(({ code }) => code);
    expect(codes).toEqual(["STORE_UNAVAILABLE", "STORE_UNAVAILABLE", ...Array<string>(4).fill("STORE_BUSY")]);
    expect(gate.asked.length).toBeLessThanOrEqual(CONNECTIONS);
    const { length } = gate.asked;
    gate.open();
    await expect.poll(() => sessions.createNewSession("late").then(() => "ok", String), { timeout: 30_000 }).toBe("ok");
    expect(gate.asked.filter((name) => name === "find").length).toBe(length);
  });

  test.each(drivers)("$name: a pool that the app has closed is named", async (driver) => {
    const { sessions, pool, tokens } = await setScene(driver, 1);
    await pool.end();
    for (const call of [() => sessions.refreshSession(tokens[0] ?? ""), () => sessions.createNewSession("bob")]) {
      const error = await caught(call());
      expect(error.code).toBe("STORE_UNAVAILABLE");
      expect(error.message).toMatch(/the pool has been closed by the app.*; sessions are untouched/);
    }
  });
});
