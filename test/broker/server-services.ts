/** The servers of a run: what test/servers/shared.ts asks for. */
import { startGalera } from "../servers/galera.ts";
import { type MariaDb, startMariaDb } from "../servers/mariadb.ts";
import { startPostgres } from "../servers/postgres.ts";
import { startRedisCluster } from "../servers/redis-cluster.ts";
import { startRedis } from "../servers/redis.ts";
import type { Service } from "./services.ts";

/** Files at work at once, with pools of several processes each. */
const MANY_CONNECTIONS = ["--max-connections=500"];
const REDIS_DATABASES = 1000;

function serverService<Server extends { remove(): Promise<void> }>(
  start: () => Promise<Server>,
  tell: (server: Server) => unknown,
): Service {
  const starting = start();
  return {
    answer: async () => tell(await starting),
    close: async () => (await starting).remove(),
  };
}

const placeOf = ({ port, socketPath }: MariaDb): object => ({ port, socketPath });

export const mariaDbService = (): Service => serverService(() => startMariaDb({ args: MANY_CONNECTIONS }), placeOf);

export const galeraService = (): Service =>
  serverService(
    () => startGalera(),
    ({ nodes }) => nodes.map(placeOf),
  );

export const postgresService = (): Service =>
  serverService(
    () => startPostgres(),
    ({ port, socketPath }) => ({ port, socketPath }),
  );

export function redisService(): Service {
  let databases = 0;
  return serverService(
    () => startRedis({ args: ["--databases", String(REDIS_DATABASES)] }),
    ({ url }) => {
      databases += 1;
      if (databases >= REDIS_DATABASES)
        throw new Error(`the run's Redis has no more than ${REDIS_DATABASES} databases`);
      return `${url}/${databases}`;
    },
  );
}

export const redisClusterService = (): Service =>
  serverService(
    () => startRedisCluster(),
    ({ rootNodes }) => rootNodes.map(({ url }) => url),
  );
