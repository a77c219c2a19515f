import { execFile } from "node:child_process";
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import { findBinary } from "./binaries.ts";
import { freePort } from "./free-port.ts";
import { type ConnectionOptions, newDatabaseName, type Row } from "./mariadb.ts";
import { LOG_LINE_PREFIX, readStatementLog } from "./postgres-log.ts";
import { createServerFolder, type ServerFolder } from "./server-folder.ts";
import { setprivArgs, type ServerLifecycle, startServerProcess } from "./server-process.ts";
import { findSystemUser, isRoot, type SystemUser } from "./system-user.ts";

export interface PostgresOptions {
  /**
   * More lines of postgresql.conf, for instance `lock_timeout = 1000`. They win over those of this
   * file.
   */
  readonly config?: readonly string[];
  /** Log all statements, for `takeLog`. Default: no. */
  readonly log?: boolean;
}

/** Where a server is that runs. */
export interface PostgresAddress {
  readonly port: number;
  /** The folder of the socket, which is what drivers take for a host. */
  readonly socketPath: string;
}

/** What can be done with a server that others use, too. */
export interface PostgresClient extends PostgresAddress {
  readonly host: string;
  /** Owns its databases and may make roles and databases; no superuser. */
  readonly user: string;
  readonly password: string;
  /** For pg and postgres. */
  connectionOptions(database: string): ConnectionOptions;
  url(database: string): string;
  /** Default: a name of its own. */
  createDatabase(name?: string): Promise<string>;
  /** Statements as superuser, over the socket, on a connection of its own. */
  admin(sql: string, database?: string): Promise<Row[]>;
}

export interface Postgres extends PostgresClient, ServerLifecycle {
  /**
   * What others than the superuser sent since the last call: `statement: SELECT 1`, `execute name:
   * SELECT $1`.
   */
  takeLog(): Promise<string[]>;
}

export interface PostgresPlace {
  readonly folder: ServerFolder;
  readonly data: string;
  readonly owner: SystemUser | undefined;
}

const HOST = "127.0.0.1";
export const USER = "counterfoil";
export const PASSWORD = "private to the tests";
export const SUPERUSER = "postgres";

/** What is on disk must survive `kill -9`, which the page cache does, and no power cut. */
const CONFIG = [
  "listen_addresses = '127.0.0.1'",
  "fsync = off",
  "full_page_writes = off",
  "shared_buffers = 16MB",
  "max_connections = 300",
  "min_wal_size = 32MB",
  "autovacuum_naptime = 1h",
  "jit = off",
];

/** PostgreSQL runs as anybody but root; for root Debian's user takes its place. */
export function createPostgresPlace(): PostgresPlace {
  const owner = isRoot() ? findSystemUser("postgres") : undefined;
  const folder = createServerFolder("postgres", owner);
  return { folder, data: join(folder.path, "data"), owner };
}

/** Runs one of PostgreSQL's programs as the owner of the place. */
export async function runPostgresTool(place: PostgresPlace, tool: string, args: readonly string[]): Promise<void> {
  const cwd = place.folder.path;
  await promisify(execFile)(findBinary("setpriv"), [...setprivArgs(place.owner), findBinary(tool), ...args], { cwd });
}

export function connectPostgres({ port, socketPath }: PostgresAddress): PostgresClient {
  async function admin(sql: string, database = "postgres"): Promise<Row[]> {
    const client = new pg.Client({ host: socketPath, port, user: SUPERUSER, database });
    // When the server is killed meanwhile, the statement fails, and that is enough.
    client.on("error", () => undefined);
    await client.connect();
    try {
      return (await client.query<Row>(sql)).rows;
    } finally {
      await client.end();
    }
  }

  return {
    host: HOST,
    port,
    socketPath,
    user: USER,
    password: PASSWORD,
    connectionOptions: (database) => ({ host: HOST, port, user: USER, password: PASSWORD, database }),
    url: (database) => `postgres://${USER}:${encodeURIComponent(PASSWORD)}@${HOST}:${port}/${database}`,
    async createDatabase(name = newDatabaseName()) {
      await admin(`CREATE DATABASE "${name}" OWNER ${USER}`);
      return name;
    },
    admin,
  };
}

/** Starts a server on a data folder that is there. */
export async function startPostgresIn(place: PostgresPlace, options: PostgresOptions): Promise<Postgres> {
  const port = await freePort();
  const socketPath = place.folder.path;
  const client = connectPostgres({ port, socketPath });
  const log = join(place.folder.path, "server.log");
  let logged = 0;
  const lines = [
    ...CONFIG,
    `port = ${port}`,
    `unix_socket_directories = '${socketPath}'`,
    `log_line_prefix = '${LOG_LINE_PREFIX}'`,
    ...(options.log === true ? ["log_statement = all"] : []),
    ...(options.config ?? []),
  ];
  appendFileSync(join(place.data, "postgresql.conf"), `\n${lines.join("\n")}\n`);

  const lifecycle = await startServerProcess({
    folder: place.folder,
    command: findBinary("postgres"),
    args: () => ["-D", place.data],
    user: place.owner,
    // Fast shutdown: connections are ended, not waited for.
    stopSignal: "SIGINT",
    isReady: async () =>
      existsSync(join(socketPath, `.s.PGSQL.${port}`)) && (await client.admin("SELECT 1")).length === 1,
  });

  return {
    ...client,
    ...lifecycle,
    takeLog: async () => {
      const text = readFileSync(log);
      const fresh = text.subarray(logged).toString();
      logged = text.length;
      return readStatementLog(fresh, SUPERUSER);
    },
  };
}
