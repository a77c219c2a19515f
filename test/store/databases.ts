/** Every database under test, by every driver that leads to it. Those that need a server start a private one, once for each test file. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe } from "vitest";
import type { ServerKind } from "../servers/binaries.ts";
import { describeWithServer } from "../servers/describe-with-server.ts";
import { startGalera } from "../servers/galera.ts";
import { startMariaDb } from "../servers/mariadb.ts";
import { startPostgres } from "../servers/postgres.ts";
import { startRedis } from "../servers/redis.ts";
import { startRedisCluster } from "../servers/redis-cluster.ts";
import type { StoreAddress } from "./open-store.ts";

/** The address of a database for a client; those of a cluster with many primaries go to one node each. */
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

const SLOW_START = 180_000;
const running = new Set<() => Promise<void>>();
let prefixes = 0;

/** Ends what `start` started; for `afterAll`. */
export async function stopDatabases(): Promise<void> {
  await Promise.all([...running].map((stop) => stop()));
}

/** The same server for all drivers of a test file. */
function once<T extends { remove(): Promise<void> }>(start: () => Promise<T>): () => Promise<T> {
  let started: Promise<T> | undefined;
  return () => {
    if (started === undefined) {
      started = start();
      const own = started;
      running.add(async () => (await own).remove());
    }
    return started;
  };
}

const mariaDb = once(() => startMariaDb());
const postgres = once(() => startPostgres());
const redis = once(() => startRedis());
const redisCluster = once(() => startRedisCluster());
const galera = once(() => startGalera());
const folder = once(async () => {
  const path = mkdtempSync(join(tmpdir(), "counterfoil-"));
  return { path, remove: async () => rmSync(path, { recursive: true, force: true }) };
});
const nextPrefix = (): string => `test${(prefixes += 1)}:`;

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
  single(name, "mariadb", mariaDb, async () => {
    const server = await mariaDb();
    return { by, url: server.url(await server.createDatabase()) };
  });

const onPostgres = (name: string, by: "pg" | "postgres.js"): TestDatabase =>
  single(name, "postgres", postgres, async () => {
    const server = await postgres();
    return { by, url: server.url(await server.createDatabase()) };
  });

const onRedis = (name: string, by: "node-redis" | "ioredis"): TestDatabase =>
  single(name, "redis", redis, async () => ({ by, url: (await redis()).url, prefix: nextPrefix() }));

const onRedisCluster = (name: string, by: "node-redis cluster" | "ioredis cluster"): TestDatabase =>
  single(name, "redis", redisCluster, async () => {
    const { rootNodes } = await redisCluster();
    return { by, urls: rootNodes.map(({ url }) => url), prefix: nextPrefix() };
  });

/** Each client has a node of its own, by turns. */
const onGalera: TestDatabase = {
  name: "Galera, mysql2",
  server: "galera",
  start: galera,
  async makeEmpty() {
    const cluster = await galera();
    const database = await cluster.createDatabase();
    // One after another, the others hear of it: each is asked for something that it may answer only when it has.
    for (const node of cluster.nodes) await node.admin("SET STATEMENT wsrep_sync_wait = 1 FOR SELECT 1");
    const urls = cluster.nodes.map((node) => node.url(database));
    return (client) => ({ by: "mysql2", url: urls[client % urls.length] ?? "" });
  },
};

/** All of them serve several processes at once. */
export const databases: readonly TestDatabase[] = [
  single("SQLite file", undefined, folder, async () => ({
    by: "sqlite",
    path: join((await folder()).path, `${(prefixes += 1)}.db`),
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
    beforeAll(start, SLOW_START);
    define();
  };
  if (server === undefined) describe(name, body);
  else describeWithServer(server, name, body);
}
