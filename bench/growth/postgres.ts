import { startPostgres } from "../../test/servers/postgres.ts";
import type { GrowthDatabase } from "./database.ts";
import { COLUMNS, loadThroughFiles } from "./file.ts";
import type { Durability } from "./options.ts";
import { postgres } from "counterfoil/postgres";
import type { SessionStore } from "counterfoil/sqlite";
import pg from "pg";
import { openStore, type StoreAddress } from "./store.ts";

const BUFFER_BYTES_PER_ROW = 1200;

export async function startGrowthPostgres(largest: number, durability: Durability): Promise<GrowthDatabase> {
  const buffers = Math.ceil((largest * BUFFER_BYTES_PER_ROW) / 2 ** 30) + 1;
  const commit = durability === "full" ? "on" : "off";
  const server = await startPostgres({
    config: [
      // What the tests turn off for speed.
      "fsync = on",
      "full_page_writes = on",
      "autovacuum_naptime = 1min",
      "max_wal_size = 4GB",
      `synchronous_commit = ${commit}`,
      `shared_buffers = ${buffers}GB`,
    ],
  });

  return {
    name: `PostgreSQL ${String((await server.admin("SHOW server_version"))[0]?.["server_version"]).split(" ")[0]}`,
    settings: `fsync and full_page_writes on, synchronous_commit = ${commit}${commit === "on" ? " (default)" : ""}, shared_buffers = ${buffers} GB, which holds all, max_wal_size = 4 GB, autovacuum on`,

    async fill(rows) {
      const database = await server.createDatabase(`growth_${rows.count}`);
      const address: StoreAddress = { kind: "postgres", url: server.url(database) };
      const store = openStore(address);
      await store.prepare();
      await store.close();
      await loadThroughFiles(rows, (path) =>
        server.admin(`COPY counterfoil_session (${COLUMNS}) FROM '${path}'`, database),
      );
      await server.admin("VACUUM ANALYZE", database);
      return {
        rows,
        address,
        openWarm: () => openWarm(server.url(database)),
        async measureBytes() {
          const [sizes] = await server.admin(
            "SELECT pg_table_size('counterfoil_session') AS rows, pg_indexes_size('counterfoil_session') AS indexes",
            database,
          );
          return { rows: Number(sizes?.["rows"]), indexes: Number(sizes?.["indexes"]) };
        },
      };
    },

    settle: async () => void (await server.admin("CHECKPOINT")),
    remove: () => server.remove(),
  };
}

/**
 * A new connection is a new process, which meets each page of the shared buffers for the first time
 * once, at the cost of a page fault; the more rows there are, the longer that goes on. Connections
 * of a pool are past it.
 */
async function openWarm(url: string): Promise<SessionStore> {
  const pool = new pg.Pool({ connectionString: url, max: 1 });
  const table = "counterfoil_session";
  await pool.query(`SELECT sum(length(device)) FROM ${table}`);
  await pool.query("SET enable_seqscan = off; SET enable_bitmapscan = off");
  await pool.query(`SELECT count(handle) FROM ${table} WHERE handle > ''`);
  await pool.query(`SELECT count(user_key) FROM ${table} WHERE user_key > ''`);
  await pool.query(`SELECT count(expires_at) FROM ${table} WHERE expires_at > 0`);
  await pool.query("RESET ALL");
  const store = postgres({ pool });
  return { ...store, close: () => pool.end() };
}
