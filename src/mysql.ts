/**
 * Sessions in MySQL, MariaDB or Galera, with the driver mysql2 or mariadb.
 *
 * @module
 */
import { createMysqlDriver, type MysqlPool } from "./lib/store/sql/mysql-driver.ts";
import { IDLE_SECONDS, importDriver, lazyResource } from "./lib/store/app-driver.ts";
import type { SessionStore } from "./lib/session/session-store.ts";
import { inspectMysql } from "./lib/store/sql/sql-servers.ts";
import { createSqlStore } from "./lib/store/sql/sql-store.ts";
import { readWhole } from "./lib/options/config-reader.ts";
import type { SqlOptions } from "./lib/store/sql-options.ts";
import { readSqlOptions, type SqlConnectionOptions } from "./lib/store/sql-settings.ts";

/** Options of {@link mysql}: a pool of the app's, or how to connect. */
export interface MysqlOptions extends SqlOptions {
  /**
   * A pool of the app, from mysql2 or mariadb. It stays open. Its settings of types, time zone and
   * character set do not matter.
   */
  readonly pool?: MysqlPool | { promise(): MysqlPool } | undefined;
}

/**
 * Keeps sessions in MySQL 8 or newer, MariaDB 10.6 or newer, or a Galera cluster. Uses the app's
 * pool of mysql2 or mariadb, or makes a pool with the one that is installed. Connects at the first
 * call.
 *
 * @throws ConfigError for options that are unknown, of the wrong type, or contradict each other
 * @example
 * ```ts
 * import { init } from "counterfoil";
 * import { mysql } from "counterfoil/mysql";
 *
 * await init({ secret: process.env.COUNTERFOIL_SECRET, store: mysql({ url: process.env.DATABASE_URL }) });
 * ```
 */
export function mysql(options: MysqlOptions): SessionStore {
  const { pool, connection, ...rest } = readWhole(options, "mysql", (section) => {
    const given = section.value("pool", "a pool of mysql2/promise or of mariadb", isPool);
    const settings = readSqlOptions(section, given !== undefined, ["mysql", "mariadb"]);
    const { url } = settings.connection;
    // Parameters must not be ignored, above all those that require TLS.
    if (url !== undefined && new URL(url).search !== "")
      section.fault(
        "url",
        "WRONG_TYPE",
        "has parameters behind ?, which are not read; write ssl and poolSize beside it",
      );
    return { pool: given, ...settings };
  });
  const own = lazyResource(
    () => makePool(connection, rest.timeout),
    (made) => made.end(),
  );
  const given = pool !== undefined && "promise" in pool ? pool.promise() : pool;
  const driver =
    given === undefined
      ? createMysqlDriver(own.get, own.end)
      : createMysqlDriver(
          async () => given,
          async () => undefined,
        );
  return createSqlStore({ kind: "MySQL or MariaDB", driver, inspect: inspectMysql, ...rest });
}

type OwnPool = MysqlPool & { end(): Promise<unknown>; readonly pool?: LooksForIdle | undefined };

async function makePool({ url, ssl, poolSize, ...target }: SqlConnectionOptions, timeout: number): Promise<OwnPool> {
  const { name, module } = await importDriver("mysql2/promise", "mariadb");
  const { createPool } = module as { readonly createPool: (options: object) => OwnPool };
  const pool = createPool({
    ...(url === undefined ? target : fromUrl(url)),
    ...(ssl === undefined ? {} : { ssl: ssl === true ? {} : ssl }),
    connectionLimit: poolSize,
    connectTimeout: timeout,
    ...(name === "mariadb" ? forMariadb(timeout) : forMysql2(poolSize)),
  });
  letProcessEnd(pool);
  return pool;
}

const forMariadb = (timeout: number): object => ({
  // The pool knows why it has no connection, and must report that before the store's own timeout.
  acquireTimeout: timeout * 0.75,
  minimumIdle: 0,
  idleTimeout: IDLE_SECONDS,
});

/**
 * The pool looks for idle connections only if it may keep fewer than it may have. One that may keep
 * none closes its only connection each second.
 */
const forMysql2 = (poolSize: number): object =>
  poolSize === 1 ? {} : { maxIdle: poolSize - 1, idleTimeout: IDLE_SECONDS * 1000 };

/** The inner pool of mysql2, which looks for idle connections each second. */
interface LooksForIdle {
  _removeIdleTimeoutConnectionsTimer?: NodeJS.Timeout | undefined;
  _removeIdleTimeoutConnections?: (() => void) | undefined;
}

/**
 * The timer of mysql2 would keep a process alive that has no connection, for instance one whose
 * database does not exist. An open connection still does.
 */
// oxlint-disable no-underscore-dangle -- the names are mysql2's
function letProcessEnd(pool: { readonly pool?: LooksForIdle | undefined }): void {
  const inner = pool.pool;
  const look = inner?._removeIdleTimeoutConnections;
  if (inner === undefined || look === undefined) return;
  inner._removeIdleTimeoutConnectionsTimer?.unref();
  inner._removeIdleTimeoutConnections = () => {
    look.call(inner);
    inner._removeIdleTimeoutConnectionsTimer?.unref();
  };
}
// oxlint-enable no-underscore-dangle

/** The two drivers read URLs each in its own way; parts they read alike. */
function fromUrl(text: string): Omit<SqlConnectionOptions, "url" | "poolSize"> {
  const url = new URL(text);
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    ...(url.port === "" ? {} : { port: Number(url.port) }),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    database: decodeURIComponent(url.pathname.slice(1)),
  };
}

/** A pool of the package mysql, which has no prepared statements, has `query` alone. */
const isPool = (value: unknown): value is MysqlPool | { promise(): MysqlPool } =>
  typeof value === "object" &&
  value !== null &&
  "getConnection" in value &&
  typeof value.getConnection === "function" &&
  (!("query" in value) || "execute" in value);

export type { MysqlConnection, MysqlPool } from "./lib/store/sql/mysql-driver.ts";
export type { SessionStore } from "./lib/session/session-store.ts";
