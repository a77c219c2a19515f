/**
 * The servers that all test files of a run share, one of each kind. Each starts when it is first
 * asked for, and ends with the run. A test that kills, configures or logs one starts its own.
 */
import { askBroker } from "../broker/broker-client.ts";
import { connectMariaDb, type MariaDbClient, type MariaDbPlace } from "./mariadb.ts";
import { connectPostgres, type PostgresAddress, type PostgresClient } from "./postgres-server.ts";

/** Where the nodes of a cluster are. */
export type RedisClusterUrls = readonly string[];

export const sharedMariaDb = async (): Promise<MariaDbClient> =>
  connectMariaDb(await askBroker<MariaDbPlace>("mariadb"));

export const sharedPostgres = async (): Promise<PostgresClient> =>
  connectPostgres(await askBroker<PostgresAddress>("postgres"));

/** The URL of a database that nobody has used; keys need no prefix there. */
export const sharedRedis = (): Promise<string> => askBroker<string>("redis");

export const sharedRedisCluster = (): Promise<RedisClusterUrls> => askBroker<RedisClusterUrls>("redisCluster");

/** The nodes of a Galera cluster. */
export const sharedGalera = async (): Promise<readonly MariaDbClient[]> =>
  (await askBroker<readonly MariaDbPlace[]>("galera")).map(connectMariaDb);
