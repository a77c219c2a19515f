/**
 * How the tests open a store: with a pool or client of the app's own, by every driver. Child
 * processes do it, too, so nothing of vitest is in here.
 */
import type { Pool } from "mysql2/promise";
import { mysql, type MysqlPool } from "counterfoil/mysql";
import { postgres } from "counterfoil/postgres";
import { redis } from "counterfoil/redis";
import { sqlite } from "counterfoil/sqlite";
import type { SessionStore } from "../../src/lib/session/session-store.ts";
import { PATIENT } from "../fixtures/constants.ts";
import { unguarded } from "./unguarded-store.ts";

/**
 * Where a store is and which driver leads to it; JSON, so that it can travel to another process.
 */
export type StoreAddress =
  | { readonly by: "sqlite"; readonly path: string }
  | {
      readonly by: "mysql2" | "mysql2, unguarded" | "mariadb" | "mysql dialect" | "pg" | "postgres.js";
      readonly url: string;
    }
  | { readonly by: "node-redis" | "ioredis"; readonly url: string; readonly prefix: string }
  | {
      readonly by: "node-redis cluster" | "ioredis cluster";
      readonly urls: readonly string[];
      readonly prefix: string;
    };

/**
 * The driver is loaded here, so that a process loads only the one that it uses. Closing the store
 * ends the pool or client.
 */
export async function openStore(address: StoreAddress): Promise<SessionStore> {
  switch (address.by) {
    case "sqlite":
      return sqlite({ path: address.path });
    case "mysql2": {
      const pool = await mysql2Pool(address.url);
      return endingWith(mysql({ pool, ...PATIENT }), () => pool.end());
    }
    case "mysql2, unguarded": {
      const pool = await mysql2Pool(address.url);
      return endingWith(unguarded(mysql({ pool, ...PATIENT }), pool), () => pool.end());
    }
    case "mysql dialect": {
      const pool = await mysql2Pool(address.url);
      return endingWith(await mysqlDialect(pool), () => pool.end());
    }
    case "mariadb": {
      const { createPool } = await import("mariadb");
      const pool = createPool(address.url.replace("mysql:", "mariadb:"));
      return endingWith(mysql({ pool, ...PATIENT }), () => pool.end());
    }
    case "pg": {
      const { default: pg } = await import("pg");
      const pool = new pg.Pool({ connectionString: address.url }).on("error", ignore);
      return endingWith(postgres({ pool, ...PATIENT }), () => pool.end());
    }
    case "postgres.js": {
      const { default: connect } = await import("postgres");
      const pool = connect(address.url, { onnotice: () => undefined });
      return endingWith(postgres({ pool, ...PATIENT }), () => pool.end());
    }
    case "node-redis": {
      const { createClient } = await import("redis");
      const client = createClient({ url: address.url });
      await client.on("error", ignore).connect();
      return endingWith(redis({ client, keyPrefix: address.prefix, ...PATIENT }), () => client.close());
    }
    case "node-redis cluster": {
      const { createCluster } = await import("redis");
      const client = createCluster({ rootNodes: address.urls.map((url) => ({ url })) });
      await client.on("error", ignore).connect();
      return endingWith(redis({ client, keyPrefix: address.prefix, ...PATIENT }), () => client.close());
    }
    case "ioredis": {
      const { Redis } = await import("ioredis");
      const client = new Redis(address.url).on("error", ignore);
      return endingWith(redis({ client, keyPrefix: address.prefix, ...PATIENT }), () => client.quit());
    }
    case "ioredis cluster": {
      const { Cluster } = await import("ioredis");
      const client = new Cluster([...address.urls]).on("error", ignore);
      return endingWith(redis({ client, keyPrefix: address.prefix, ...PATIENT }), () => client.quit());
    }
  }
}

/** What a lost connection means, the operations that needed it say. */
const ignore = (): void => undefined;

const mysql2Pool = async (url: string): Promise<Pool> => (await import("mysql2/promise")).createPool(url);

/**
 * There is no MySQL on the machines that run this; what is said to MySQL, which cannot do all that
 * MariaDB can, MariaDB understands as well.
 */
export async function mysqlDialect(pool: MysqlPool): Promise<SessionStore> {
  const { createMysqlDriver } = await import("../../build/lib/store/sql/mysql-driver.js");
  const { createSqlStore } = await import("../../build/lib/store/sql/sql-store.js");
  return createSqlStore({
    kind: "MySQL or MariaDB",
    driver: createMysqlDriver(
      async () => pool,
      async () => undefined,
    ),
    inspect: async () => "mysql",
    prefix: "counterfoil_",
    migrate: true,
    timeout: 120_000,
  });
}

/** The store leaves the app's pool open, and may be closed twice. */
export function endingWith(store: SessionStore, end: () => Promise<unknown>): SessionStore {
  let ending: Promise<unknown> | undefined;
  return {
    ...store,
    async close() {
      await store.close();
      ending ??= end();
      await ending;
    },
  };
}
