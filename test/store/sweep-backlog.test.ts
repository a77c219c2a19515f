/**
 * A sweep that has much to do on a real server: where it looks, and the command that does it all at
 * once.
 */
import { afterAll, expect, test } from "vitest";
import { createMysqlDriver } from "../../src/lib/store/sql/mysql-driver.ts";
import { createPostgresDriver } from "../../src/lib/store/sql/postgres-driver.ts";
import type { SqlValue } from "../../src/lib/store/sql/sql-statements.ts";
import { createSqlStore } from "../../src/lib/store/sql/sql-store.ts";
import { newRecord, T0 } from "../../src/lib/testing/store/rows.ts";
import { databases, describeDatabase, removeDatabases } from "./databases.ts";
import { counterfoil, storeArguments } from "../fixtures/command.ts";
import { openStore } from "./open-store.ts";
import { describeSqlServers } from "./sql-drivers.ts";

afterAll(removeDatabases);

for (const database of databases.filter(({ name }) =>
  /^(SQLite|MariaDB, mysql2|PostgreSQL, pg|Redis, node)/.test(name),
)) {
  describeDatabase(database, () => {
    test("counterfoil sweep removes all that has expired, and says how many", async () => {
      const address = (await database.makeEmpty())(0);
      const store = await openStore(address);
      await store.prepare();
      const live = newRecord({ expiresAt: Date.now() + 3_600_000 });
      await store.createSession(live, undefined);
      for (let made = 0; made < 120; made += 1) await store.createSession(newRecord({ expiresAt: T0 }), undefined);
      const [option = "", place = "", ...more] = storeArguments(address);
      const first = await counterfoil(["sweep", option, place, ...more]);
      expect(first).toEqual({ status: 0, stdout: "removed 120 expired sessions\n", stderr: "" });
      expect(await store.findSession(live.handle)).toMatchObject({ handle: live.handle });
      const again = await counterfoil(["sweep", ...more], { COUNTERFOIL_STORE: place });
      expect(again).toEqual({ status: 0, stdout: "removed 0 expired sessions\n", stderr: "" });
      await store.close();
    });
  });
}

test.each([
  { args: ["--store", "postgres://app:geheim@127.0.0.1:1/app"], status: 1, says: "STORE_UNAVAILABLE" },
  { args: ["--store", "redis://:geheim@127.0.0.1:1"], status: 1, says: "STORE_UNAVAILABLE" },
  { args: ["--store", "oracle://app:geheim@127.0.0.1/app"], status: 2, says: "no store is known by oracle://" },
  { args: ["--store", "constructor://app:geheim@127.0.0.1/app"], status: 2, says: "no store is known by" },
  { args: ["--store", "no-such.db"], status: 2, says: "there is no such file" },
  { args: ["--store", "package.json"], status: 2, says: "has no sessions" },
  { args: ["--store", "x.db", "--prefix", "a; DROP"], status: 2, says: "--prefix is not" },
  { args: ["--store", "mysql://127.0.0.1/app", "--prefix", "a; DROP"], status: 2, says: "tablePrefix" },
  { args: [], status: 2, says: "name the database" },
  { args: ["postgres://app:geheim@127.0.0.1/app"], status: 2, says: "--store <address>" },
])("$args: $status", async ({ args, status, says }) => {
  const outcome = await counterfoil(["sweep", ...args]);
  expect(outcome).toMatchObject({ status, stdout: "" });
  expect(outcome.stderr).toContain(says);
  expect(outcome.stderr).not.toContain("geheim");
  if (status === 1) expect(outcome.stderr).not.toContain("Usage:");
});

describeSqlServers((kind, [driver], server) => {
  if (driver === undefined) throw new Error("there is no driver");

  test("a step looks from where the one before has stopped, and at the end from the start", async () => {
    const pool = driver.makePool(server().connectionOptions(await server().createDatabase()));
    const end = async (): Promise<void> => void (await pool.end());
    const get = async (): Promise<never> => pool as never;
    const inner =
      kind === "postgres" ? createPostgresDriver({ pool: get, end, prepare: true }) : createMysqlDriver(get, end);
    /** From where the first statement of each step looks, and up to where. */
    const looks: (readonly SqlValue[])[] = [];
    const store = createSqlStore({
      driver: {
        ...inner,
        async connect() {
          const connection = await inner.connect();
          return {
            ...connection,
            async run(statement, values) {
              if (statement.text.includes("DELETE") && statement.text.includes("expires_at >=")) looks.push(values);
              return connection.run(statement, values);
            },
          };
        },
      },
      inspect: async () => kind,
      prefix: "counterfoil_",
      migrate: true,
      timeout: 120_000,
    });
    await store.prepare();
    for (let made = 1; made <= 25; made += 1) await store.createSession(newRecord({ expiresAt: made }), undefined);
    const removed: number[] = [];
    for (let step = 0; step < 4; step += 1) removed.push(await store.deleteExpiredSessions(1000, 10));
    expect(removed).toEqual([10, 10, 5, 0]);
    const [first, second, third, ...rest] = looks;
    expect([first, second, third]).toEqual([
      [0, 10],
      [10, 20],
      [20, 1000],
    ]);
    // Once more from the start, for what was passed over; then nothing is known of any more.
    expect(rest).toEqual([
      [0, 1000],
      [0, 1000],
    ]);
    await store.close();
  });
});
