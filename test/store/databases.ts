/** Every database under test, by every driver that leads to it. Servers are those of the run. */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe } from "vitest";
import type { ServerKind } from "../servers/binaries.ts";
import { describeWithServer } from "../servers/describe-with-server.ts";
import { createDatabaseOnAll } from "../servers/galera.ts";
import { sharedGalera, sharedMariaDb, sharedPostgres, sharedRedis, sharedRedisCluster } from "../servers/shared.ts";
import type { StoreAddress } from "./open-store.ts";

/**
 * The address of a database for a client; those of a cluster with many primaries go to one node
 * each.
 */
export type AddressOf = (client: number) => StoreAddress;

export interface TestDatabase {
  readonly name: string;
  /** What must be installed; undefined: nothing. */
  readonly server: ServerKind | undefined;
  /** Starts the server, if it does not run yet. */
  readonly start: () => Promise<unknown>;
  /** A database, or a part of one, that nobody has used. */
  readonly makeEmpty: () => Promise<AddressOf>;
}

let files = 0;
let folder: string | undefined;

async function makeFolder(): Promise<string> {
  return (folder ??= mkdtempSync(join(tmpdir(), "counterfoil-")));
}

/** Removes the files of databases; for `afterAll`. */
export function removeDatabases(): void {
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  // The next file of this process has another one.
  folder = undefined;
}

/** Of nobody else's keys, in whatever process it is made. */
const newPrefix = (): string => `test${randomBytes(6).toString("hex")}:`;

/** One server, which all clients ask. */
function single(
  name: string,
  server: ServerKind | undefined,
  start: () => Promise<unknown>,
  makeAddress: () => Promise<StoreAddress>,
): TestDatabase {
  const makeEmpty = async (): Promise<AddressOf> => {
    const address = await makeAddress();
    return () => address;
  };
  return { name, server, start, makeEmpty };
}

const onMariaDb = (name: string, by: "mysql2" | "mysql2, unguarded" | "mariadb" | "mysql dialect"): TestDatabase =>
  single(name, "mariadb", sharedMariaDb, async () => {
    const server = await sharedMariaDb();
    return { by, url: server.url(await server.createDatabase()) };
  });

const onPostgres = (name: string, by: "pg" | "postgres.js"): TestDatabase =>
  single(name, "postgres", sharedPostgres, async () => {
    const server = await sharedPostgres();
    return { by, url: server.url(await server.createDatabase()) };
  });

const onRedis = (name: string, by: "node-redis" | "ioredis"): TestDatabase =>
  single(name, "redis", sharedRedis, async () => ({ by, url: await sharedRedis(), prefix: newPrefix() }));

const onRedisCluster = (name: string, by: "node-redis cluster" | "ioredis cluster"): TestDatabase =>
  single(name, "redis", sharedRedisCluster, async () => ({
    by,
    urls: await sharedRedisCluster(),
    prefix: newPrefix(),
  }));

/** Each client has a node of its own, by turns. */
const onGalera: TestDatabase = {
  name: "Galera, mysql2",
  server: "galera",
  start: sharedGalera,
  async makeEmpty() {
    const nodes = await sharedGalera();
    const database = await createDatabaseOnAll(nodes);
    const urls = nodes.map((node) => node.url(database));
    return (client) => ({ by: "mysql2", url: urls[client % urls.length] ?? "" });
  },
};

/** All of them serve several processes at once. */
export const databases: readonly TestDatabase[] = [
  single("SQLite file", undefined, makeFolder, async () => ({
    by: "sqlite",
    path: join(await makeFolder(), `${(files += 1)}.db`),
  })),
  onMariaDb("MariaDB, mysql2", "mysql2"),
  onMariaDb("MariaDB, mariadb", "mariadb"),
  onMariaDb("MySQL's SQL, mysql2", "mysql dialect"),
  onPostgres("PostgreSQL, pg", "pg"),
  onPostgres("PostgreSQL, postgres.js", "postgres.js"),
  onRedis("Redis, node-redis", "node-redis"),
  onRedis("Redis, ioredis", "ioredis"),
  onRedisCluster("Redis Cluster, node-redis", "node-redis cluster"),
  onRedisCluster("Redis Cluster, ioredis", "ioredis cluster"),
  onGalera,
];

/** The store with a mistake, see unguarded-store.ts. */
export const unguardedDatabase: TestDatabase = onMariaDb("unguarded", "mysql2, unguarded");

/** `describe` for a database, with its server running. */
export function describeDatabase({ name, server, start }: TestDatabase, define: () => void): void {
  const body = (): void => {
    beforeAll(start);
    define();
  };
  if (server === undefined) describe(name, body);
  else describeWithServer(server, name, body);
}
