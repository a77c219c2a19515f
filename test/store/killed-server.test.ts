/**
 * A single server that is killed and started again under load: nothing that was answered is lost,
 * and nobody is accused.
 */
import { createPool } from "mysql2/promise";
import { mysql } from "counterfoil/mysql";
import { postgres } from "counterfoil/postgres";
import { expect, test } from "vitest";
import { describeWithServer } from "../servers/describe-with-server.ts";
import { startMariaDb } from "../servers/mariadb.ts";
import { startPostgres } from "../servers/postgres.ts";
import { describeTally, startLoad, UNHARMED } from "./load.ts";

describeWithServer("mariadb", "MariaDB", () => {
  test("killed twice under load", async () => {
    const server = await startMariaDb();
    const database = await server.createDatabase();
    const pool = createPool({ ...server.connectionOptions(database), connectionLimit: 8 });
    const url = server.url(database);
    const load = await startLoad([mysql({ pool }), mysql({ url })]);
    await load.until(300);
    for (let round = 0; round < 2; round += 1) {
      await server.kill();
      await server.restart();
      await load.until(300);
    }
    const tally = await load.stop();
    await pool.end();
    await server.remove();
    console.log(`MariaDB, killed twice: ${describeTally(tally)}`);
    expect(tally).toMatchObject(UNHARMED);
    expect(tally.answered.confirmations).toBeGreaterThan(0);
  });
});

describeWithServer("postgres", "PostgreSQL", () => {
  test("killed twice under load", async () => {
    const server = await startPostgres();
    const url = server.url(await server.createDatabase());
    const load = await startLoad([postgres({ url }), postgres({ url })]);
    await load.until(300);
    for (let round = 0; round < 2; round += 1) {
      await server.kill();
      await server.restart();
      await load.until(300);
    }
    const tally = await load.stop();
    await server.remove();
    console.log(`PostgreSQL, killed twice: ${describeTally(tally)}`);
    expect(tally).toMatchObject(UNHARMED);
    expect(tally.answered.confirmations).toBeGreaterThan(0);
  });
});
