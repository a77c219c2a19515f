/**
 * Sessions in PostgreSQL, with the driver pg or postgres.js.
 *
 * @module
 */
import { IDLE_SECONDS, importDriver, lazyResource } from "./lib/store/app-driver.ts";
import { createPostgresDriver } from "./lib/store/sql/postgres-driver.ts";
import type { PgPool, PostgresJs, PostgresPool } from "./lib/store/sql/postgres-pool.ts";
import type { ListenPool } from "./lib/store/sql/postgres-listen.ts";
import type { SessionStore } from "./lib/session/session-store.ts";
import { inspectPostgres } from "./lib/store/sql/sql-servers.ts";
import { createSqlStore } from "./lib/store/sql/sql-store.ts";
import { readWhole } from "./lib/options/config-reader.ts";
import { readOptions } from "./lib/options/option-table.ts";
import { POSTGRES_OPTIONS } from "./lib/store/store-option-tables.ts";
import type { SqlOptions } from "./lib/store/sql-options.ts";
import { readSqlOptions, type SqlConnectionOptions } from "./lib/store/sql-settings.ts";

/** Options of {@link postgres}: a pool of the app's, or how to connect. */
export interface PostgresOptions extends SqlOptions {
  /**
   * A pool of the app: a `Pool` of pg, or the result of `postgres()` of postgres.js. It stays open.
   */
  readonly pool?: PostgresPool | undefined;
  /**
   * Whether statements are prepared under names. False for a pooler that loses them, such as
   * PgBouncer before 1.21 in transaction mode. Default true.
   */
  readonly prepare?: boolean | undefined;
}

/**
 * Keeps sessions in PostgreSQL 13 or newer. Uses the app's pool of pg or postgres.js, or makes a
 * pool with the one that is installed. Connects at the first call. It needs the primary; a replica
 * is refused.
 *
 * @throws ConfigError for options that are unknown, of the wrong type, or contradict each other
 * @example
 * ```ts
 * import { init } from "counterfoil";
 * import { postgres } from "counterfoil/postgres";
 *
 * await init({ secret: process.env.COUNTERFOIL_SECRET, store: postgres({ url: process.env.DATABASE_URL }) });
 * ```
 */
export function postgres(options: PostgresOptions): SessionStore {
  const { pool, connection, prepare, ...rest } = readWhole(options, "postgres", (section) => {
    const given = section.value("pool", "a Pool of pg, or what postgres() of postgres.js returned", isPool);
    return {
      pool: given,
      prepare: readOptions(section, POSTGRES_OPTIONS, {}).value("prepare"),
      ...readSqlOptions(section, given !== undefined, ["postgres", "postgresql"]),
    };
  });
  const own = lazyResource(
    () => makePool(connection, rest.timeout),
    (made) => made.end(),
  );
  async function listenPool(url: string | undefined): Promise<ListenPool> {
    const single = { ...connection, poolSize: 1 };
    const made =
      url === undefined && pool !== undefined
        ? copyOf(pool)
        : await makePool(url === undefined ? single : { url, poolSize: 1 }, rest.timeout);
    return { pool: made, end: async () => void (made !== pool && (await (made as OwnPool).end())) };
  }
  const driver = createPostgresDriver(
    pool === undefined
      ? { pool: own.get, end: own.end, prepare, listenPool }
      : { pool: async () => pool, end: async () => undefined, prepare, listenPool },
  );
  return createSqlStore({ kind: "PostgreSQL", driver, inspect: inspectPostgres, ...rest });
}

type OwnPool = PostgresPool & { end(): Promise<unknown> };

async function makePool({ url, user, poolSize, ...target }: SqlConnectionOptions, timeout: number): Promise<OwnPool> {
  const { name, module } = await importDriver("pg", "postgres");
  if (name === "pg") {
    const { Pool } = (module["default"] ?? module) as {
      readonly Pool: new (
        options: object,
      ) => PgPool & { end(): Promise<void>; on(event: "error", listener: () => void): void };
    };
    const pool = new Pool({
      ...(url === undefined ? { user, ...target } : { connectionString: url, ...target }),
      max: poolSize,
      idleTimeoutMillis: IDLE_SECONDS * 1000,
      connectionTimeoutMillis: timeout,
    });
    // An idle connection that breaks is replaced; without a listener it would end the process.
    pool.on("error", () => undefined);
    return pool;
  }
  const connect = module["default"] as (
    options: object | string,
    more?: object,
  ) => PostgresJs & { end(options: { timeout: number }): Promise<void> };
  const settings = {
    max: poolSize,
    idle_timeout: IDLE_SECONDS,
    connect_timeout: timeout / 1000,
    // Reconnect at once after an outage instead of backing off.
    backoff: 0,
    onnotice: () => undefined,
    ...target,
  };
  const pool = url === undefined ? connect({ ...settings, username: user }) : connect(url, settings);
  // `end()` would wait for queries whose callers have given up.
  return Object.assign(pool, { end: pool.end.bind(pool, { timeout: END_WITHIN_SECONDS }) });
}

/**
 * A pool of one connection like the app's, so that listening takes none of its connections.
 * postgres.js makes such a connection by itself.
 */
function copyOf(pool: PostgresPool): PostgresPool {
  if ("unsafe" in pool) return pool;
  const { options, constructor } = pool as PgPool & {
    readonly options: { readonly password?: unknown };
    readonly constructor: new (options: object) => PgPool & { on(event: "error", listener: () => void): void };
  };
  // pg hides the password from copies.
  const copy = new constructor({ ...options, password: options.password, max: 1 });
  copy.on("error", () => undefined);
  return copy;
}

const END_WITHIN_SECONDS = 1;

/** A single client would have to be shared by transactions that must not meet. */
const isPool = (value: unknown): value is PostgresPool =>
  (typeof value === "function" && "unsafe" in value && "begin" in value) ||
  (typeof value === "object" && value !== null && "connect" in value && "totalCount" in value);

export type { PgClient, PgPool, PostgresJs, PostgresPool } from "./lib/store/sql/postgres-pool.ts";
export type { SessionStore } from "./lib/session/session-store.ts";
