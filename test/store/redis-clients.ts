/** Both drivers of Redis, with clients of the app's own. */
import { Redis as IoRedisClient } from "ioredis";
import { createClient } from "redis";
import { redis, type RedisClient, type RedisOptions } from "counterfoil/redis";
import { onTestFinished } from "vitest";
import type { SessionStore } from "../../src/lib/session/session-store.ts";
import { type Redis, type RedisOptions as ServerOptions, startRedis } from "../servers/redis.ts";
import { until } from "../servers/until.ts";

export interface RedisDriverUnderTest {
  readonly name: "node-redis" | "ioredis";
  /** A client that connects by itself, whether there is a server or not; ends with the test. */
  readonly open: (url: string, settings?: object) => RedisClient & { readonly end: () => void };
}

const ignore = (): void => undefined;

export const DRIVERS: readonly RedisDriverUnderTest[] = [
  {
    name: "node-redis",
    open(url, settings) {
      const client = createClient({ url, ...settings });
      client.on("error", ignore);
      client.connect().catch(ignore);
      return ending(client, () => client.destroy());
    },
  },
  {
    name: "ioredis",
    open(url, settings) {
      const client = new IoRedisClient(url, { ...settings });
      client.on("error", ignore);
      return ending(client, () => client.disconnect());
    },
  },
];

function ending<T extends object>(client: T, end: () => void): T & { readonly end: () => void } {
  onTestFinished(end);
  return Object.assign(client, { end });
}

/** A server that goes with the test. */
export async function testServer(options?: ServerOptions): Promise<Redis> {
  const server = await startRedis(options);
  onTestFinished(() => server.remove());
  return server;
}

/** A store that is prepared, on a client of the app's own. */
export async function openRedisStore(
  driver: RedisDriverUnderTest,
  url: string,
  options: Omit<RedisOptions, "client"> = {},
): Promise<SessionStore> {
  const store = redis({ client: driver.open(url), ...options });
  await store.prepare();
  return store;
}

/** A replica of `master`, in sync. */
export async function testReplica(master: Redis): Promise<Redis> {
  const replica = await testServer({
    ...(master.password === undefined ? {} : { password: master.password }),
    args: ["--replicaof", `${master.host} ${master.port}`],
  });
  await until("the replica is in sync", async () => String(await replica.admin("ROLE")).includes("connected"));
  return replica;
}

/** Names of all keys, but for that of the schema, which every start leaves. */
export const keysOf = async (server: Redis): Promise<string[]> =>
  ((await server.admin("KEYS", "*")) as string[]).filter((key) => !key.endsWith("{ring}:schema")).toSorted();
