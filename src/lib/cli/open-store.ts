import { existsSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { DEFAULT_PREFIX } from "../store/migrations.ts";
import type { SessionStore } from "../session/session-store.ts";
import { refusePrefix } from "../store/table-prefix.ts";
import { UsageError } from "./command-error.ts";
import { connectGroup, parseRedisGroup, type RedisGroup } from "./redis-group.ts";

/** The options that name a database. */
export const STORE_OPTIONS = { store: "text", prefix: "text" } as const;

/** Their part of a usage text. */
export const STORE_USAGE: string = `  --store   the database: postgres://, mysql://, mariadb://, redis:// or rediss:// and so on, or the path of a SQLite file.
            Default: what the environment has as COUNTERFOIL_STORE, where other users of the machine cannot read it.
            Sentinels: redis+sentinel://host:port,host:port/name. Redis Cluster: redis+cluster://host:port,host:port
  --prefix  what the names of the tables (of the keys in Redis) begin with, as the option tablePrefix (keyPrefix) says`;

/** Where the sessions are. */
export interface StoreTarget {
  readonly store?: string;
  readonly prefix?: string;
}

type Open = (url: string, prefix: string | undefined) => Promise<SessionStore>;

/** Each store is loaded on demand, because it needs its driver. */
const STORES: Readonly<Record<string, Open>> = {
  async postgres(url, tablePrefix) {
    const { postgres } = await import("../../postgres.ts");
    return postgres({ url, tablePrefix, migrate: false });
  },
  async mysql(url, tablePrefix) {
    const { mysql } = await import("../../mysql.ts");
    return mysql({ url, tablePrefix, migrate: false });
  },
  async redis(url, keyPrefix) {
    const { redis } = await import("../../redis.ts");
    return redis({ url, keyPrefix });
  },
};

const SCHEMES: Readonly<Record<string, string>> = {
  "postgres:": "postgres",
  "postgresql:": "postgres",
  "mysql:": "mysql",
  "mariadb:": "mysql",
  "redis:": "redis",
  "rediss:": "redis",
  "valkey:": "redis",
  "valkeys:": "redis",
};

/** Makes the store that the options name. @throws UsageError, ConfigError, SessionError */
export async function openStore({ store, prefix }: StoreTarget): Promise<SessionStore> {
  const address = store ?? process.env["COUNTERFOIL_STORE"] ?? "";
  if (address === "")
    throw new UsageError("name the database: --store <address>, or set COUNTERFOIL_STORE in the environment");
  const group = parseRedisGroup(address);
  if (group !== undefined) return openGroup(group, prefix);
  const scheme = /^([a-z][a-z0-9+.-]*:)\/\//i.exec(address)?.[1]?.toLowerCase();
  if (scheme === undefined) return openFile(address, prefix);
  const kind = Object.hasOwn(SCHEMES, scheme) ? SCHEMES[scheme] : undefined;
  // The URL is not repeated, because it may contain a password.
  if (kind === undefined)
    throw new UsageError(
      `no store is known by ${scheme}//; write ${Object.keys(SCHEMES).join(" ")} or the path of a SQLite file`,
    );
  return (STORES[kind] ?? openFile)(address, prefix);
}

/** Closing the store ends the client. */
async function openGroup(group: RedisGroup, keyPrefix: string | undefined): Promise<SessionStore> {
  const { redis } = await import("../../redis.ts");
  const { client, end } = await connectGroup(group);
  try {
    const store = redis({ client, keyPrefix });
    return {
      ...store,
      async close() {
        await store.close().finally(end);
      },
    };
  } catch (error) {
    await end();
    throw error;
  }
}

/** A missing file would be created, and an unrelated one would get tables. */
async function openFile(path: string, prefix: string = DEFAULT_PREFIX): Promise<SessionStore> {
  const wrong = refusePrefix(prefix);
  if (wrong !== undefined) throw new UsageError(`--prefix ${wrong}`);
  if (!existsSync(path)) throw new UsageError("there is no such file; name the one that the app gives to sqlite()");
  const { sqlite } = await import("../../sqlite.ts");
  const driver = await import("node:sqlite").catch(() => {
    throw new UsageError(`this is Node ${process.version}, which has no node:sqlite; use Node 22.13 or newer`);
  });
  let database: DatabaseSync | undefined;
  try {
    database = new driver.DatabaseSync(path, { readOnly: true });
    database.prepare(`SELECT handle FROM ${prefix}session LIMIT 0`).all();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(
      `the file has no sessions of this prefix (${reason}); name the one that the app gives to sqlite()`,
    );
  } finally {
    database?.close();
  }
  return sqlite({ path, tablePrefix: prefix });
}
