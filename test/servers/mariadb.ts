import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { createConnection } from "mysql2/promise";
import { findBinary } from "./binaries.ts";
import { makeDataOnce } from "./data-template.ts";
import { freePort } from "./free-port.ts";
import { readGeneralLog } from "./mariadb-log.ts";
import { createServerFolder } from "./server-folder.ts";
import { type ServerLifecycle, startServerProcess } from "./server-process.ts";
import { isRoot } from "./system-user.ts";

export interface MariaDbOptions {
  /**
   * More arguments of mariadbd, for instance `--innodb-lock-wait-timeout=1`. They win over those of
   * this file.
   */
  readonly args?: readonly string[];
  /** Keep a general log, for `takeLog`. Default: no. */
  readonly log?: boolean;
  /** Yet more arguments, asked for with the data folder before every start. */
  readonly argsForStart?: (data: string) => readonly string[] | Promise<readonly string[]>;
  /** Makes the data folder. Default: of a new server. */
  readonly install?: (to: string) => Promise<void>;
  /** A query that gives one row when the server is ready. Default: any query will do. */
  readonly isReadyQuery?: string;
  readonly readyWithin?: number;
}

export interface ConnectionOptions {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

export type Row = Readonly<Record<string, unknown>>;

/** Where a server is that runs. */
export interface MariaDbPlace {
  readonly port: number;
  readonly socketPath: string;
}

/** What can be done with a server that others use, too. */
export interface MariaDbClient extends MariaDbPlace {
  readonly host: string;
  /** May do everything. */
  readonly user: string;
  readonly password: string;
  /** For mysql2 and mariadb. */
  connectionOptions(database: string): ConnectionOptions;
  url(database: string): string;
  /** Default: a name of its own. */
  createDatabase(name?: string): Promise<string>;
  /** One statement as root, over the socket, on a connection of its own. */
  admin(sql: string, values?: readonly unknown[]): Promise<Row[]>;
}

export interface MariaDb extends MariaDbClient, ServerLifecycle {
  /**
   * What clients other than `admin` sent since the last call: `Query SELECT 1`, `Prepare ...`,
   * `Execute ...`, `Connect ...`.
   */
  takeLog(): Promise<string[]>;
}

const HOST = "127.0.0.1";
const USER = "counterfoil";
const PASSWORD = "private to the tests";

/** What is on disk must survive `kill -9`, which the page cache does, and no power cut. */
export const SMALL_AND_UNSAFE: readonly string[] = [
  "--innodb-flush-method=nosync",
  "--innodb-doublewrite=0",
  "--innodb-log-file-size=4M",
  "--innodb-data-file-path=ibdata1:1M:autoextend",
  "--innodb-autoextend-increment=1",
  "--innodb-use-native-aio=0",
  "--aria-log-file-size=8M",
  "--key-buffer-size=1M",
  "--performance-schema=0",
  "--skip-log-bin",
  "--skip-name-resolve",
  "--sync-frm=0",
  ...(isRoot() ? ["--user=root"] : []),
];

/** Makes the data folder of a new server, where root has no password. */
async function installMariaDb(to: string): Promise<void> {
  const program = findBinary("mariadb-install-db");
  const args = ["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db", ...SMALL_AND_UNSAFE];
  const make = async (data: string): Promise<void> => {
    await promisify(execFile)(program, [...args, `--datadir=${data}`]);
  };
  await makeDataOnce({ program: findBinary("mariadbd"), args, to, make });
}

export function connectMariaDb({ port, socketPath }: MariaDbPlace): MariaDbClient {
  async function admin(sql: string, values: readonly unknown[] = []): Promise<Row[]> {
    const connection = await createConnection({ socketPath, user: "root", supportBigNumbers: true });
    try {
      const [rows] = await connection.query(sql, [...values]);
      return Array.isArray(rows) ? (rows as Row[]) : [];
    } finally {
      connection.destroy();
    }
  }

  return {
    host: HOST,
    port,
    socketPath,
    user: USER,
    password: PASSWORD,
    connectionOptions: (database) => ({ host: HOST, port, user: USER, password: PASSWORD, database }),
    url: (database) => `mysql://${USER}:${encodeURIComponent(PASSWORD)}@${HOST}:${port}/${database}`,
    async createDatabase(name = newDatabaseName()) {
      await admin(`CREATE DATABASE \`${name}\``);
      return name;
    },
    admin,
  };
}

/** Of no other database, in whatever process it is made. */
export const newDatabaseName = (): string => `test_${randomBytes(6).toString("hex")}`;

/** A MariaDB server of the test's own. */
export async function startMariaDb(options: MariaDbOptions = {}): Promise<MariaDb> {
  const command = findBinary("mariadbd");
  const folder = createServerFolder("mariadb");
  const data = join(folder.path, "data");
  const socketPath = join(folder.path, "socket");
  const generalLog = join(folder.path, "general.log");
  const port = await freePort();
  const client = connectMariaDb({ port, socketPath });
  const admin = (sql: string): ReturnType<typeof client.admin> => client.admin(sql);
  const threadsOfRoot = new Set<string>();
  let logged = 0;

  await (options.install ?? installMariaDb)(data);

  const lifecycle = await startServerProcess({
    folder,
    command,
    args: async () => [
      "--no-defaults",
      `--datadir=${data}`,
      `--socket=${socketPath}`,
      `--pid-file=${join(folder.path, "pid")}`,
      `--bind-address=${HOST}`,
      `--port=${port}`,
      ...SMALL_AND_UNSAFE,
      "--innodb-flush-log-at-trx-commit=2",
      "--innodb-buffer-pool-load-at-startup=0",
      "--innodb-buffer-pool-dump-at-shutdown=0",
      "--innodb-temp-data-file-path=ibtmp1:1M:autoextend",
      "--character-set-server=utf8mb4",
      "--collation-server=utf8mb4_general_ci",
      ...(options.log === true ? ["--general-log=1", "--log-output=FILE", `--general-log-file=${generalLog}`] : []),
      ...(options.args ?? []),
      ...((await options.argsForStart?.(data)) ?? []),
    ],
    isReady: async () => existsSync(socketPath) && (await admin(options.isReadyQuery ?? "SELECT 1")).length === 1,
    ...(options.readyWithin === undefined ? {} : { readyWithin: options.readyWithin }),
  });
  await admin(`GRANT ALL ON *.* TO '${USER}'@'%' IDENTIFIED BY '${PASSWORD}' WITH GRANT OPTION`);

  return {
    ...client,
    ...lifecycle,
    async takeLog() {
      const text = readFileSync(generalLog);
      const fresh = text.subarray(logged).toString();
      logged = text.length;
      return readGeneralLog(fresh, threadsOfRoot);
    },
  };
}
