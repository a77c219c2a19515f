import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { buildStatements, sessionValues } from "../../src/lib/store/sql/sql-statements.ts";
import { createServerFolder } from "../../test/servers/server-folder.ts";
import type { GrowthDatabase } from "./database.ts";
import type { Durability } from "./options.ts";
import { generateRows } from "./rows.ts";
import { openStore, type StoreAddress } from "./store.ts";

const CACHE_FOR_FILLING = "PRAGMA cache_size = -4000000";

export async function startSqlite(_largest: number, durability: Durability): Promise<GrowthDatabase> {
  const folder = createServerFolder("growth");
  const synchronous = durability === "full" ? "full" : "normal";
  const withFile = <T>(path: string, work: (database: DatabaseSync) => T): T => {
    const database = new DatabaseSync(path);
    try {
      return work(database);
    } finally {
      database.close();
    }
  };

  return {
    name: `SQLite ${process.versions["sqlite"]}`,
    settings: `as the store sets it: WAL, synchronous = ${synchronous}, a page cache of 2 MB; the file is in the page cache of the system`,

    async fill(rows) {
      const path = join(folder.path, `${rows.count}.db`);
      const address: StoreAddress = { kind: "sqlite", path, synchronous };
      const store = openStore(address);
      await store.prepare();
      await store.close();
      withFile(path, (database) => {
        database.exec(`${CACHE_FOR_FILLING}; PRAGMA synchronous = off; BEGIN`);
        const insert = database.prepare(buildStatements("sqlite", "counterfoil_").insert.text);
        for (const row of generateRows(rows)) insert.run(...sessionValues(row));
        database.exec("COMMIT; ANALYZE; PRAGMA wal_checkpoint(TRUNCATE)");
      });
      return {
        rows,
        address,
        openWarm: async () => openStore(address),
        measureBytes: async () =>
          withFile(path, (database) => {
            const sizes = database
              .prepare(
                "SELECT name, sum(pgsize) AS bytes FROM dbstat WHERE name GLOB '*counterfoil_session*' GROUP BY 1",
              )
              .all() as { name: string; bytes: number }[];
            const total = (isIndex: boolean): number =>
              sizes
                .filter(({ name }) => /_(?:user|expiry)$/.test(name) === isIndex)
                .reduce((sum, { bytes }) => sum + bytes, 0);
            return { rows: total(false), indexes: total(true) };
          }),
      };
    },

    settle: async () => undefined,
    remove: () => folder.remove(),
  };
}
