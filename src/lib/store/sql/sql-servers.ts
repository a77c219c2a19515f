/** Determines the kind of server behind a pool, and whether it can keep sessions. */
import { errorCode } from "../network-errors.ts";
import { replicaError } from "./sql-driver.ts";
import type { SqlRunner } from "./sql-runner.ts";
import { type SqlDialect, TRAITS } from "./sql-traits.ts";
import { storeError, unsuitableStore } from "../../session/store-error.ts";

export async function inspectMysql(runner: SqlRunner): Promise<SqlDialect> {
  return runner.withConnection<SqlDialect>(async (connection) => {
    const { rows } = await connection.execute(
      `SELECT VERSION(), @@autocommit, CASE WHEN ${TRAITS.mysql.isReplica} THEN 1 ELSE 0 END, @@sql_mode, @@completion_type`,
    );
    const version = String(rows[0]?.[0]);
    // Some MariaDB servers prefix 5.5.5- for old clients.
    const number = /^(?:5\.5\.5-)?(\d+)\.(\d+)/.exec(version);
    const [major, minor] = [Number(number?.[1]), Number(number?.[2])];
    const isMaria = /mariadb/i.test(version);
    if (isMaria ? major < 10 || (major === 10 && minor < 6) : major < 8)
      throw unsuitableStore(`this is server version ${version}; MySQL 8, MariaDB 10.6 or newer is needed`);
    if (Number(rows[0]?.[1]) !== 1)
      throw unsuitableStore(
        "the pool's connections have autocommit off, so that nothing would be kept; give a pool that leaves it on",
      );

    if (String(rows[0]?.[3]).includes("EMPTY_STRING_IS_NULL"))
      throw unsuitableStore(
        "the pool's connections have EMPTY_STRING_IS_NULL in their sql_mode, with which conditions change their meaning; give a pool that leaves it out",
      );
    // With this setting, a ROLLBACK of the pool or the app would leave a transaction open, and the
    // next write would be lost.
    if (String(rows[0]?.[4]) === "CHAIN")
      throw unsuitableStore(
        "the pool's connections have completion_type CHAIN, with which a write may be undone after it was answered; give a pool that leaves it at NO_CHAIN",
      );
    // Even if this user may write: others cannot, and the server may lag.
    if (Number(rows[0]?.[2]) !== 0) throw replicaError();

    const wsrep = await connection.execute("SHOW VARIABLES WHERE Variable_name IN ('wsrep_on', 'wsrep_sync_wait')");
    const settings = new Map(wsrep.rows.map(([name, value]) => [String(name), String(value)]));
    const isGalera = settings.get("wsrep_on") === "ON";
    if (isMaria) return isGalera ? "galera" : "mariadb";
    // Such a server cannot set it per statement.
    if (isGalera && (Number(settings.get("wsrep_sync_wait")) & 3) !== 3)
      throw unsuitableStore(
        "a node of this cluster may answer with rows of before; set wsrep_sync_wait = 3 on every node",
      );
    return "mysql";
  });
}

export async function inspectPostgres(runner: SqlRunner): Promise<SqlDialect> {
  return runner.withConnection<SqlDialect>(async (connection) => {
    const { rows } = await connection.execute(
      "SELECT current_setting('server_version_num'), current_setting('server_encoding'), current_setting('server_version'), pg_is_in_recovery()::int",
    );
    const [version, encoding, name, isReplica] = (rows[0] ?? []).map(String);
    if (Number(version) < 130_000) throw unsuitableStore(`this is PostgreSQL ${name}; 13 or newer is needed`);
    if (encoding !== "UTF8")
      throw unsuitableStore(
        `the database has the encoding ${encoding}, which cannot hold every name; make one with ENCODING 'UTF8'`,
      );
    if (isReplica !== "0") throw replicaError();
    // A pooler in statement mode refuses this. It must fail now, not at the first sign-in.
    try {
      await connection.begin();
    } catch (error) {
      // postgres.js gives no other reason.
      throw errorCode(error) === "CONNECTION_CLOSED" ? storeError(ENDED_AT_BEGIN, error) : error;
    }
    await connection.rollback();
    return "postgres";
  });
}

const ENDED_AT_BEGIN =
  "the connection ended when a transaction began, as by one that pools statements (PgBouncer: pool_mode = statement); set pool_mode = transaction or session";
