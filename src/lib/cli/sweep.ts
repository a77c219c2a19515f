import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { guardStore } from "../session/guarded-store.ts";
import { DEFAULT_PREFIX } from "../store/migrations.ts";
import type { SessionStore } from "../session/session-store.ts";
import { refusePrefix } from "../store/table-prefix.ts";
import { sweepChunk } from "../session/sweep-chunk.ts";
import { UsageError } from "./usage-error.ts";

export const SWEEP_USAGE: string = `counterfoil sweep --store <address> [--prefix ${DEFAULT_PREFIX}]
  Removes the sessions that have expired, until none is left: for cron, and after outages. It may run while the app does.
  --store   the database: postgres://, mysql://, mariadb://, redis:// or rediss:// and so on, or the path of a SQLite file. Default: what
            the environment has as COUNTERFOIL_STORE, where other users of the machine cannot read it
  --prefix  what the names of the tables (of the keys in Redis) begin with, as the option tablePrefix (keyPrefix) says`;

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
};

/**
 * Removes expired sessions. @returns a sentence with their number @throws UsageError, ConfigError,
 * SessionError
 */
export async function sweep(args: readonly string[]): Promise<string> {
  const { store: given = process.env["COUNTERFOIL_STORE"], prefix } = parseSweepArgs(args);
  if (given === undefined || given === "") throw new UsageError("name the database: --store <address>");
  const store = guardStore(await openStore(given, prefix));
  try {
    await store.prepare();
    // A session must have ended by both clocks, this machine's and the database's.
    const now = Math.min(Date.now(), (await store.readClock?.()) ?? Number.POSITIVE_INFINITY);
    const chunk = sweepChunk(store);
    let removed = 0;
    for (let count = chunk; count === chunk; removed += count) count = await store.deleteExpiredSessions(now, chunk);
    return `removed ${removed} expired session${removed === 1 ? "" : "s"}\n`;
  } finally {
    await store.close();
  }
}

async function openStore(address: string, prefix: string | undefined): Promise<SessionStore> {
  const scheme = /^([a-z][a-z0-9+.-]*:)\/\//i.exec(address)?.[1]?.toLowerCase();
  if (scheme === undefined) return openFile(address, prefix);
  const kind = SCHEMES[scheme];
  // The URL is not repeated, because it may contain a password.
  if (kind === undefined || !Object.hasOwn(SCHEMES, scheme))
    throw new UsageError(
      `no store is known by ${scheme}//; write ${Object.keys(SCHEMES).join(" ")} or the path of a SQLite file`,
    );
  return (STORES[kind] ?? openFile)(address, prefix);
}

/** A missing file would be created, and an unrelated one would get tables. */
async function openFile(path: string, prefix: string = DEFAULT_PREFIX): Promise<SessionStore> {
  const wrong = refusePrefix(prefix);
  if (wrong !== undefined) throw new UsageError(`--prefix ${wrong}`);
  if (!existsSync(path)) throw new UsageError("there is no such file; name the one that the app gives to sqlite()");
  const { sqlite } = await import("../../sqlite.ts");
  const { DatabaseSync } = await import("node:sqlite").catch(() => {
    throw new UsageError(`this is Node ${process.version}, which has no node:sqlite; use Node 22.13 or newer`);
  });
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    database.prepare(`SELECT handle FROM ${prefix}session LIMIT 0`).all();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(
      `the file has no sessions of this prefix (${reason}); name the one that the app gives to sqlite()`,
    );
  } finally {
    database.close();
  }
  return sqlite({ path, tablePrefix: prefix });
}

interface SweepArgs {
  readonly store?: string;
  readonly prefix?: string;
}

function parseSweepArgs(args: readonly string[]): SweepArgs {
  try {
    const options = { store: { type: "string" }, prefix: { type: "string" } } as const;
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
