import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { findBinary } from "./binaries.ts";
import { makeDataOnce } from "./data-template.ts";
import {
  createPostgresPlace,
  PASSWORD,
  type Postgres,
  type PostgresOptions,
  runPostgresTool,
  startPostgresIn,
  SUPERUSER,
  USER,
} from "./postgres-server.ts";
import { until } from "./until.ts";

export type { Postgres, PostgresOptions } from "./postgres-server.ts";

export interface ReplicaOptions {
  /** Whether the primary's commits wait until they are on the replica's disk. Default: no. */
  readonly synchronous?: boolean;
  /**
   * Whether the primary keeps what the replica has not read yet, also while it is down. Default:
   * yes.
   */
  readonly slot?: boolean;
  /**
   * More lines of its postgresql.conf; those of the primary hold for it too, and so does its log.
   */
  readonly config?: readonly string[];
}

export interface PostgresReplica extends Postgres {
  /** Makes it a primary. Done when it takes writes. */
  promote(): Promise<void>;
  /** Done when it shows all that the primary has written so far. */
  waitUntilCaughtUp(): Promise<void>;
}

const HBA = `
local all all trust
local replication all trust
host all all 127.0.0.1/32 scram-sha-256
`;

/** A PostgreSQL server of the test's own. */
export async function startPostgres(options: PostgresOptions = {}): Promise<Postgres> {
  const place = createPostgresPlace();
  const args = [
    `--username=${SUPERUSER}`,
    "--encoding=UTF8",
    "--locale=C.UTF-8",
    "--auth=trust",
    "--no-sync",
    "--no-instructions",
  ];
  // Where its user may write.
  const made = join(place.folder.path, "made");
  const make = async (to: string): Promise<void> => {
    await runPostgresTool(place, "initdb", [...args, `--pgdata=${made}`]);
    await promisify(execFile)("cp", ["-a", made, to]);
  };
  await makeDataOnce({ program: findBinary("initdb"), args, to: place.data, make });
  writeFileSync(join(place.data, "pg_hba.conf"), HBA);
  const postgres = await startPostgresIn(place, options);
  await postgres.admin(`CREATE ROLE ${USER} LOGIN CREATEDB CREATEROLE PASSWORD '${PASSWORD}'`);
  return postgres;
}

/** A standby that streams from `primary`. Roles, databases and passwords are the same on both. */
export async function startReplica(primary: Postgres, options: ReplicaOptions = {}): Promise<PostgresReplica> {
  const place = createPostgresPlace();
  const name = `replica_${primary.port}_${process.hrtime.bigint()}`;
  const source = `host=${primary.socketPath} port=${primary.port} user=${SUPERUSER} application_name=${name}`;
  const slot = options.slot === false ? [] : ["--create-slot", `--slot=${name}`];
  await runPostgresTool(place, "pg_basebackup", [
    `--pgdata=${place.data}`,
    `--dbname=${source}`,
    "--write-recovery-conf",
    "--checkpoint=fast",
    "--no-sync",
    ...slot,
  ]);
  const replica = await startPostgresIn(place, options.config === undefined ? {} : { config: options.config });
  const isOnPrimary = async (condition: string): Promise<boolean> => {
    const sql = `SELECT 1 FROM pg_stat_replication WHERE application_name = '${name}' AND ${condition}`;
    return (await primary.admin(sql)).length === 1;
  };
  await until("the replica streams", () => isOnPrimary("state = 'streaming'"));
  if (options.synchronous === true) {
    await primary.admin(`ALTER SYSTEM SET synchronous_standby_names = '${name}'`);
    await primary.admin("SELECT pg_reload_conf()");
    await until("the primary waits for the replica", () => isOnPrimary("sync_state = 'sync'"));
  }

  return {
    ...replica,
    async promote() {
      await replica.admin("SELECT pg_promote()");
      await until("the replica takes writes", async () => {
        const [row] = await replica.admin("SELECT pg_is_in_recovery() AS is_replica");
        return row?.["is_replica"] === false;
      });
    },
    async waitUntilCaughtUp() {
      const [row] = await primary.admin("SELECT pg_current_wal_lsn() AS lsn");
      await until("the replica has caught up", () => isOnPrimary(`replay_lsn >= '${String(row?.["lsn"])}'`));
    },
  };
}
