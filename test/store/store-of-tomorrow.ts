/**
 * A store as the next version of this package may open it: by the same code, which knows one more
 * step of the schema.
 */
import { createMysqlDriver } from "../../build/lib/store/sql/mysql-driver.js";
import { type MigrationSource, newestOf, readMigrations } from "../../build/lib/store/migrations.js";
import { createPostgresDriver } from "../../build/lib/store/sql/postgres-driver.js";
import { createRedisDriver, givenClient, type RedisClient } from "../../build/lib/store/redis/redis-driver.js";
import { createRedisStore, REDIS_SCHEMA } from "../../build/lib/store/redis/redis-store.js";
import { inspectMysql, inspectPostgres } from "../../build/lib/store/sql/sql-servers.js";
import { createSqlStore } from "../../build/lib/store/sql/sql-store.js";
import { createSqliteStore } from "../../build/lib/store/sqlite/sqlite-store.js";
import type { SessionStore } from "../../src/lib/session/session-store.ts";
import { endingWith, type StoreAddress } from "./open-store.ts";

/** In ms, since CI's machine is busy. */
const PATIENCE = 120_000;

/**
 * Which code may go on with the tables after that step: that of today, or only that which knows it.
 */
export type NextStep = "adds" | "breaks";

const sourceOf =
  (step: NextStep): MigrationSource =>
  (dialect, prefix = "counterfoil_") => {
    const known = readMigrations(dialect, prefix);
    const version = newestOf(known) + 1;
    const column = dialect === "mysql" ? "VARBINARY(16)" : "TEXT";
    // Run again after another process was faster, MySQL says that the column is there.
    const sql = `ALTER TABLE ${prefix}session ADD COLUMN of_tomorrow ${column};`;
    return [...known, { version, oldest: step === "adds" ? version - 1 : version, sql }];
  };

/** By one driver of each kind of database. */
export async function openStoreOfTomorrow(address: StoreAddress, step: NextStep): Promise<SessionStore> {
  const settings = { prefix: "counterfoil_", migrate: true, timeout: PATIENCE, source: sourceOf(step) };
  switch (address.by) {
    case "sqlite": {
      const { DatabaseSync } = await import("node:sqlite");
      return createSqliteStore({
        open: async () => new DatabaseSync(address.path),
        path: address.path,
        isOwn: true,
        durable: true,
        synchronous: "full",
        prefix: settings.prefix,
        source: settings.source,
        secretFile: undefined,
      });
    }
    case "pg":
    case "postgres.js": {
      const { default: pg } = await import("pg");
      const pool = new pg.Pool({ connectionString: address.url });
      const driver = createPostgresDriver({ pool: async () => pool, end: async () => undefined, prepare: true });
      return endingWith(createSqlStore({ driver, inspect: inspectPostgres, ...settings }), () => pool.end());
    }
    case "node-redis":
    case "ioredis": {
      const { createClient } = await import("redis");
      const client = createClient({ url: address.url });
      return endingWith(redisOf(step, await client.connect(), address.prefix), () => client.close());
    }
    case "node-redis cluster":
    case "ioredis cluster": {
      const { createCluster } = await import("redis");
      const client = createCluster({ rootNodes: address.urls.map((url) => ({ url })) });
      await client.connect();
      return endingWith(redisOf(step, client, address.prefix), () => client.close());
    }
    default: {
      const { createPool } = await import("mysql2/promise");
      const pool = createPool(address.url);
      const driver = createMysqlDriver(
        async () => pool,
        async () => undefined,
      );
      return endingWith(createSqlStore({ driver, inspect: inspectMysql, ...settings }), () => pool.end());
    }
  }
}

function redisOf(step: NextStep, client: RedisClient, prefix: string): SessionStore {
  const version = REDIS_SCHEMA.version + 1;
  const schema = { version, oldest: step === "adds" ? REDIS_SCHEMA.version : version };
  const driver = createRedisDriver(givenClient(client));
  return createRedisStore({ driver, prefix, timeout: PATIENCE, replicas: undefined, schema });
}
