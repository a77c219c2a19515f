/** The servers of SQL databases and the drivers that lead to them, with pools of the app's own. */
import { createPool as createMariadbPool } from "mariadb";
import { createPool as createMysql2Pool } from "mysql2/promise";
import pg from "pg";
import connectPostgresJs from "postgres";
import { createSessions, type CounterfoilConfig, type Sessions } from "counterfoil";
import { mysql } from "counterfoil/mysql";
import { postgres } from "counterfoil/postgres";
import { afterAll, beforeAll, onTestFinished } from "vitest";
import type { SessionStore } from "../../src/lib/session/session-store.ts";
import { describeWithServer } from "../servers/describe-with-server.ts";
import {
  type ConnectionOptions,
  type MariaDb,
  type MariaDbClient,
  type MariaDbOptions,
  type Row,
  startMariaDb,
} from "../servers/mariadb.ts";
import { type PostgresOptions, startPostgres } from "../servers/postgres.ts";
import { sharedMariaDb, sharedPostgres } from "../servers/shared.ts";
import { SECRET } from "./fixtures.ts";

export type SqlKind = "mariadb" | "postgres";

export interface Pool {
  end(): Promise<unknown>;
}

export interface SqlDriverUnderTest {
  readonly name: "mysql2" | "mariadb" | "pg" | "postgres.js";
  readonly kind: SqlKind;
  readonly makePool: (place: ConnectionOptions, settings?: object) => Pool;
}

const DRIVERS: readonly SqlDriverUnderTest[] = [
  {
    name: "mysql2",
    kind: "mariadb",
    makePool: (place, settings) => createMysql2Pool({ ...place, ...settings }),
  },
  {
    name: "mariadb",
    kind: "mariadb",
    makePool: (place, settings) => createMariadbPool({ ...place, ...settings }),
  },
  {
    name: "pg",
    kind: "postgres",
    makePool: (place, settings) => new pg.Pool({ ...place, ...settings }).on("error", () => undefined),
  },
  {
    name: "postgres.js",
    kind: "postgres",
    makePool({ user: username, ...place }, settings) {
      const sql = connectPostgresJs({ ...place, username, onnotice: () => undefined, ...settings });
      return Object.assign(sql, { end: sql.end.bind(sql, { timeout: 1 }) });
    },
  },
];

/** Settings of a pool that makes so many connections at most. */
export const atMost = ({ kind }: SqlDriverUnderTest, connections: number): object =>
  kind === "mariadb" ? { connectionLimit: connections } : { max: connections };

/** A pool of mariadb keeps what is wrong to itself for 10 s, unless it is told otherwise. */
export const impatient = ({ name }: SqlDriverUnderTest): object => (name === "mariadb" ? { acquireTimeout: 200 } : {});

export const makeStore = (kind: SqlKind, options: object): SessionStore =>
  kind === "mariadb" ? mysql(options) : postgres(options);

/** A store on a pool of the app's, which ends with the test. */
export function openStore(driver: SqlDriverUnderTest, pool: Pool, options: object = {}): SessionStore {
  const store = makeStore(driver.kind, { pool, ...options });
  onTestFinished(async () => {
    await store.close();
    await pool.end().catch(() => undefined);
  });
  return store;
}

export interface Watched {
  readonly sessions: Sessions;
  /** What no honest client may cause. */
  readonly alarms: readonly string[];
}

export function watch(store: SessionStore, config: CounterfoilConfig = {}): Watched {
  const sessions = createSessions({ store, secret: SECRET, ...config });
  const alarms: string[] = [];
  for (const event of ["reuse-detected", "store-behind"] as const) sessions.on(event, () => void alarms.push(event));
  onTestFinished(() => sessions.close());
  return { sessions, alarms };
}

/** A server that other files use, too. */
export interface SharedSqlServer extends Omit<MariaDbClient, "admin"> {
  /** A statement as administrator. PostgreSQL's reach one database; MariaDB's name it. */
  admin(sql: string, database?: string): Promise<Row[]>;
}

export interface SqlServer extends SharedSqlServer, Omit<MariaDb, "admin"> {}

export interface SqlServerOptions {
  readonly mariadb?: MariaDbOptions;
  readonly postgres?: PostgresOptions;
}

type Define<Server> = (kind: SqlKind, drivers: readonly SqlDriverUnderTest[], server: () => Server) => void;

/**
 * `describe` for each server of the run, for tests that change nothing of it but databases of their
 * own.
 */
export function describeSqlServers(define: Define<SharedSqlServer>): void {
  describeEach({ mariadb: async () => forAnyDatabase(await sharedMariaDb()), postgres: sharedPostgres }, define);
}

/**
 * `describe` for each kind of server, with one that runs for all of the tests in it, and is theirs
 * to kill.
 */
export function describeOwnSqlServers(options: SqlServerOptions, define: Define<SqlServer>): void {
  const servers: SqlServer[] = [];
  const started = <Server extends SqlServer>(server: Server): Server => {
    servers.push(server);
    return server;
  };
  const start = {
    mariadb: async () => started(forAnyDatabase(await startMariaDb(options.mariadb))),
    postgres: async () => started(await startPostgres(options.postgres)),
  };
  describeEach(start, (...given) => {
    afterAll(() => servers.pop()?.remove());
    define(...given);
  });
}

const forAnyDatabase = <Server extends MariaDbClient>(server: Server) => ({
  ...server,
  admin: (sql: string) => server.admin(sql),
});

function describeEach<Server>(start: Readonly<Record<SqlKind, () => Promise<Server>>>, define: Define<Server>): void {
  for (const [kind, name] of [
    ["mariadb", "MariaDB"],
    ["postgres", "PostgreSQL"],
  ] as const) {
    describeWithServer(kind, name, () => {
      let server: Server | undefined;
      beforeAll(async () => void (server = await start[kind]()));
      const drivers = DRIVERS.filter((driver) => driver.kind === kind);
      define(kind, drivers, () => {
        if (server === undefined) throw new Error("the server is there within tests only");
        return server;
      });
    });
  }
}
