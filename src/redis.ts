/**
 * Sessions in Redis or Valkey, single, Sentinel or Cluster, with node-redis or ioredis.
 *
 * @module
 */
import type { Duration } from "./lib/options/duration.ts";
import { ownRedisClient } from "./lib/store/redis/redis-client.ts";
import { createRedisDriver, givenClient, type RedisClient } from "./lib/store/redis/redis-driver.ts";
import { readRedisOptions } from "./lib/store/redis/redis-options.ts";
import { createRedisStore } from "./lib/store/redis/redis-store.ts";
import type { SessionStore } from "./lib/session/session-store.ts";
import { readWhole } from "./lib/options/config-reader.ts";

/** Options of {@link redis}: a client of the app's, or how to connect. */
export interface RedisOptions {
  /**
   * A client of the app. Of node-redis: `createClient`, `createClientPool`, `createCluster` or
   * `createSentinel`, connected. Of ioredis: `Redis`, also with sentinels, or `Cluster`. It stays
   * open. Its own key prefix stands before `keyPrefix`.
   */
  readonly client?: RedisClient | undefined;
  /**
   * Address of a single server, for a client that the store makes and `close()` ends; or give its
   * parts. `rediss:` asks for TLS.
   */
  readonly url?: string | undefined;
  /** Default: the driver's, `localhost`. */
  readonly host?: string | undefined;
  /** Default: the driver's, 6379. */
  readonly port?: number | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** Number of the database. Default 0. */
  readonly database?: number | undefined;
  /** TLS: true, or options of `node:tls`. Default: none, unless the URL begins with `rediss:`. */
  readonly tls?: boolean | object | undefined;
  /**
   * Prefix of all keys: letters, digits and `_-.:/`. It keeps two apps on one server apart. Default
   * `"counterfoil:"`.
   */
  readonly keyPrefix?: string | undefined;
  /**
   * How many replicas must have a write before it counts. If fewer have it in time, the operation
   * fails with `STORE_UNAVAILABLE`. Without this option a fail-over may lose the last moments, and
   * a user who refreshed in them has to sign in again. With it each write holds its connection
   * until the replicas have it, so give the store a client that nothing else uses. Default: none.
   */
  readonly replicas?: RedisReplicaOptions | undefined;
  /**
   * How long a call of the library may wait for the server before it fails with
   * `STORE_UNAVAILABLE`, all its operations included; `"100ms"` to `"5m"`. Default `"10s"`.
   */
  readonly timeout?: Duration | undefined;
}

/** Which replicas must have a write, see {@link RedisOptions.replicas}. */
export interface RedisReplicaOptions {
  /** How many, 1 to 100. */
  readonly acknowledge: number;
  /** How long they may take, shorter than `timeout`; `"1ms"` to `"1m"`. Default `"1s"`. */
  readonly within?: Duration | undefined;
}

/**
 * Keeps sessions in Redis 6.2 or newer, or Valkey: a single server, a server with sentinels, or a
 * cluster. Uses the app's client of node-redis or ioredis, or makes a client with the one that is
 * installed. Connects at the first call. A server that may evict sessions is refused, and so is a
 * replica.
 *
 * @throws ConfigError for options that are unknown, of the wrong type, or contradict each other
 * @example
 * ```ts
 * import { init } from "counterfoil";
 * import { redis } from "counterfoil/redis";
 *
 * await init({ secret: process.env.COUNTERFOIL_SECRET, store: redis({ url: process.env.REDIS_URL }) });
 * ```
 */
export function redis(options: RedisOptions): SessionStore {
  const { client, connection, ...rest } = readWhole(options, "redis", (section) => {
    const given = section.value("client", "a client of node-redis 4 or ioredis 5, or newer", isClient);
    if (given !== undefined && isCallbackClient(given))
      section.fault("client", "WRONG_TYPE", "answers callbacks and no promises; give the client without legacy mode");
    return { client: given, ...readRedisOptions(section, given !== undefined) };
  });
  const source = client === undefined ? ownRedisClient(connection, rest.timeout) : givenClient(client);
  return createRedisStore({ driver: createRedisDriver(source), ...rest });
}

/** Those of node_redis 3, which answer callbacks, have `evalsha` but neither of the others. */
const isClient = (value: unknown): value is RedisClient =>
  typeof value === "object" &&
  value !== null &&
  (("evalSha" in value && "multi" in value) || ("evalsha" in value && "pipeline" in value));

/**
 * `client.legacy()` of node-redis 5, which has none of what all others have, and `legacyMode` of
 * version 4.
 */
function isCallbackClient(client: RedisClient): boolean {
  if (!("evalSha" in client)) return false;
  const options: unknown = Reflect.get(client, "options");
  const isLegacy = typeof options === "object" && options !== null && Reflect.get(options, "legacyMode") === true;
  return isLegacy || !("isOpen" in client || "duplicate" in client);
}

export type { IoRedis, NodeRedis, NodeRedisInput, RedisClient } from "./lib/store/redis/redis-driver.ts";
export type { SessionStore } from "./lib/session/session-store.ts";
