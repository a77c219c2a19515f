import { createClient } from "redis";
import { shardOfUser } from "../../src/lib/session/handle.ts";
import { shardKeys } from "../../src/lib/store/redis/redis-keys.ts";
import { type Redis, startRedis } from "../../test/servers/redis.ts";
import { until } from "../../test/servers/until.ts";
import type { GrowthDatabase } from "./database.ts";
import type { Durability } from "./options.ts";
import { generateRows, handleOf, type Rows, userKeyOf, userOf } from "./rows.ts";
import { openStore, type StoreAddress } from "./store.ts";

/** Sent before the first of them is answered. */
const BATCH = 1000;
const SAMPLE = 500;
const SETTLED_WITHIN = 600_000;

/**
 * A server for each size: one table of all keys serves everybody on a server, and would be the same
 * for all.
 */
export async function startGrowthRedis(_largest: number, durability: Durability): Promise<GrowthDatabase> {
  const appendOnly = durability === "full" ? "everysec" : "no";
  const servers: Redis[] = [];
  const start = async (): Promise<Redis> => {
    const server = await startRedis({ appendOnly });
    servers.push(server);
    return server;
  };
  const version = await readInfo(await start(), "redis_version");

  return {
    name: `Redis ${version}`,
    settings: `appendonly yes, appendfsync ${appendOnly}${appendOnly === "everysec" ? " (default)" : ""}; a server for each size; bytes are those of its memory`,

    async fill(rows) {
      const server = await start();
      const address: StoreAddress = { kind: "redis", url: server.url };
      const bytesBefore = Number(await readInfo(server, "used_memory"));
      await insert(rows, address);
      return {
        rows,
        address,
        openWarm: async () => openStore(address),
        async measureBytes() {
          const all = Number(await readInfo(server, "used_memory")) - bytesBefore;
          const inRows = await measureRows(server, rows);
          return { rows: inRows, indexes: all - inRows };
        },
      };
    },

    /** The file is written anew now, and not while something is measured. */
    async settle() {
      for (const server of servers) {
        await server.admin("BGREWRITEAOF");
        const isDone = async (): Promise<boolean> => (await readInfo(server, "aof_rewrite_in_progress")) === "0";
        await until("the file is written", isDone, SETTLED_WITHIN);
      }
    },

    remove: async () => void (await Promise.all(servers.map((server) => server.remove()))),
  };
}

async function readInfo(server: Redis, name: string): Promise<string> {
  return new RegExp(`^${name}:(.*?)\\r?$`, "m").exec(String(await server.admin("INFO")))?.[1] ?? "";
}

async function insert(rows: Rows, address: StoreAddress): Promise<void> {
  const store = openStore(address);
  await store.prepare();
  let batch: Promise<unknown>[] = [];
  for (const row of generateRows(rows)) {
    batch.push(store.createSession(row, undefined));
    if (batch.length < BATCH) continue;
    await Promise.all(batch);
    batch = [];
  }
  await Promise.all(batch);
  await store.close();
}

async function measureRows(server: Redis, rows: Rows): Promise<number> {
  const client = createClient({ url: server.url });
  await client.connect();
  try {
    let bytes = 0;
    for (let row = 0; row < SAMPLE; row += 1) {
      const keys = shardKeys("counterfoil:", shardOfUser(userKeyOf(userOf(row))));
      bytes += Number(await client.sendCommand(["MEMORY", "USAGE", keys.row(handleOf(row))]));
    }
    return (bytes / SAMPLE) * rows.count;
  } finally {
    client.destroy();
  }
}
