import { until } from "../../test/servers/until.ts";
import { startMariaDb } from "../../test/servers/mariadb.ts";
import type { GrowthDatabase } from "./database.ts";
import { COLUMNS, loadThroughFiles } from "./file.ts";
import type { Durability } from "./options.ts";
import { openStore, type StoreAddress } from "./store.ts";

/** For pages, some of them not quite full, of all tables together. */
const POOL_BYTES_PER_ROW = 1200;
const SETTLED_WITHIN = 600_000;

export async function startGrowthMariaDb(largest: number, durability: Durability): Promise<GrowthDatabase> {
  const pool = Math.ceil((largest * POOL_BYTES_PER_ROW) / 2 ** 30) + 1;
  const flush = durability === "full" ? 1 : 2;
  const server = await startMariaDb({
    args: [
      // What the tests turn off for speed.
      "--innodb-flush-method=O_DIRECT",
      "--innodb-doublewrite=1",
      "--innodb-use-native-aio=1",
      `--innodb-flush-log-at-trx-commit=${flush}`,
      "--innodb-log-file-size=2G",
      "--innodb-autoextend-increment=64",
      `--innodb-buffer-pool-size=${pool}G`,
    ],
  });
  const status = async (name: string): Promise<number> =>
    Number((await server.admin("SHOW GLOBAL STATUS LIKE ?", [name]))[0]?.["Value"]);

  return {
    name: `MariaDB ${String((await server.admin("SELECT VERSION() AS version"))[0]?.["version"]).split("-")[0]}`,
    settings: `innodb_flush_log_at_trx_commit = ${flush}${flush === 1 ? " (default)" : ""}, innodb_flush_method = O_DIRECT, doublewrite on, innodb_buffer_pool_size = ${pool} GB, which holds all, innodb_log_file_size = 2 GB, no binary log`,

    async fill(rows) {
      const database = await server.createDatabase(`growth_${rows.count}`);
      const address: StoreAddress = { kind: "mysql", url: server.url(database) };
      const store = openStore(address);
      await store.prepare();
      await store.close();
      const table = `${database}.counterfoil_session`;
      await loadThroughFiles(rows, (path) =>
        server.admin(`LOAD DATA INFILE '${path}' INTO TABLE ${table} (${COLUMNS})`),
      );
      await server.admin(`ANALYZE TABLE ${table}`);
      return {
        rows,
        address,
        openWarm: async () => openStore(address),
        async measureBytes() {
          const [file] = await server.admin(
            `SELECT FILE_SIZE AS bytes FROM information_schema.INNODB_SYS_TABLESPACES WHERE NAME = '${database}/counterfoil_session'`,
          );
          const [indexes] = await server.admin(
            `SELECT INDEX_LENGTH AS bytes FROM information_schema.TABLES WHERE TABLE_SCHEMA = '${database}' AND TABLE_NAME = 'counterfoil_session'`,
          );
          const inIndexes = Number(indexes?.["bytes"]);
          return { rows: Number(file?.["bytes"]) - inIndexes, indexes: inIndexes };
        },
      };
    },

    async settle() {
      const set = (settings: string): Promise<unknown> => server.admin(`SET GLOBAL ${settings}`);
      await set("innodb_io_capacity_max = 20000");
      await set("innodb_io_capacity = 20000");
      await set("innodb_max_dirty_pages_pct = 0");
      const isDone = async (): Promise<boolean> => (await status("Innodb_buffer_pool_pages_dirty")) < 100;
      await until("all pages are written", isDone, SETTLED_WITHIN);
      await set("innodb_max_dirty_pages_pct = DEFAULT");
      await set("innodb_io_capacity = 200");
      await set("innodb_io_capacity_max = 2000");
    },

    remove: () => server.remove(),
  };
}
