import type { GrowthDatabase } from "./database.ts";
import { startGrowthMariaDb } from "./mariadb.ts";
import type { Durability, StoreName } from "./options.ts";
import { startGrowthPostgres } from "./postgres.ts";
import { startGrowthRedis } from "./redis.ts";
import { startSqlite } from "./sqlite.ts";

type Start = (rows: number, durability: Durability) => Promise<GrowthDatabase>;

const START: Readonly<Record<StoreName, Start>> = {
  sqlite: startSqlite,
  mariadb: startGrowthMariaDb,
  postgres: startGrowthPostgres,
  redis: startGrowthRedis,
};

/** @param rows of all its tables together */
export const startDatabase = (store: StoreName, ...given: Parameters<Start>): Promise<GrowthDatabase> =>
  START[store](...given);
