import { setTimeout as delay } from "node:timers/promises";
import { generalError } from "../errors.ts";
import type { KeyRecord } from "../key/key-record.ts";
import type { SessionRecord, SessionSummary } from "../session/record.ts";
import { readMigrations } from "./migrations.ts";
import type { CreateOutcome, RefreshWrite, SessionStore } from "./session-store.ts";
import {
  inTransaction,
  isBusy,
  isFileFault,
  probeRows,
  type SqliteDatabase,
  type SqliteStatement,
} from "./sqlite-driver.ts";

export interface SqliteStoreOptions {
  /** Gives the connection; asked again after a fault when it is ours. */
  readonly open: () => Promise<SqliteDatabase>;
  /** Whether the connection is ours: then it is closed by `close`, and opened anew after a fault. */
  readonly owned: boolean;
  /** Whether another connection would find the same sessions. */
  readonly durable: boolean;
  readonly synchronous: "full" | "normal";
  readonly secretFile: SessionStore["secretFile"];
}

const SUMMARY_COLUMNS = `handle, user_key AS userKey, version, generation, current_hash AS currentHash, parent_hash AS parentHash,
  child_minted_at AS childMintedAt, child_seen_at AS childSeenAt, confirmed_at AS confirmedAt,
  claims_version AS claimsVersion, device, created_at AS createdAt, auth_time AS authTime,
  last_seen_at AS lastSeenAt, expires_at AS expiresAt, absolute_expires_at AS absoluteExpiresAt`;

const STATEMENTS = {
  insert: `INSERT INTO counterfoil_session (handle, user_key, version, generation, current_hash, parent_hash, child_minted_at, child_seen_at,
    confirmed_at, claims, claims_version, data, device, created_at, auth_time, last_seen_at, expires_at, absolute_expires_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  find: `SELECT ${SUMMARY_COLUMNS}, claims, data FROM counterfoil_session WHERE handle = ?`,
  commitRefresh: `UPDATE counterfoil_session SET version = version + 1, generation = ?, current_hash = ?, parent_hash = ?, child_minted_at = ?,
    child_seen_at = ?, confirmed_at = ?, last_seen_at = ?, expires_at = ?, device = ? WHERE handle = ? AND version = ?`,
  replaceClaims: `UPDATE counterfoil_session SET version = version + 1, claims_version = claims_version + 1, claims = ?
    WHERE handle = ? AND version = ?`,
  replaceData: `UPDATE counterfoil_session SET version = version + 1, data = ? WHERE handle = ? AND version = ?`,
  delete: `DELETE FROM counterfoil_session WHERE handle = ?`,
  deleteAtVersion: `DELETE FROM counterfoil_session WHERE handle = ? AND version = ?`,
  deleteOfUser: `DELETE FROM counterfoil_session WHERE user_key = ? AND handle <> ? RETURNING handle`,
  liveHandles: `SELECT handle FROM counterfoil_session WHERE user_key = ? AND expires_at > ? ORDER BY created_at DESC, handle`,
  listOfUser: `SELECT ${SUMMARY_COLUMNS} FROM counterfoil_session WHERE user_key = ? AND expires_at > ? ORDER BY created_at DESC, handle`,
  deleteExpired: `DELETE FROM counterfoil_session WHERE handle IN
    (SELECT handle FROM counterfoil_session WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)`,
  listKeys: `SELECT kid, sequence, algorithm, wrapped_seed AS wrappedSeed, created_at AS createdAt, activates_at AS activatesAt
    FROM counterfoil_key ORDER BY sequence`,
  insertKey: `INSERT INTO counterfoil_key (kid, sequence, algorithm, wrapped_seed, created_at, activates_at)
    VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (sequence) DO NOTHING`,
  rewrapKey: `UPDATE counterfoil_key SET wrapped_seed = ? WHERE kid = ? AND wrapped_seed = ?`,
  deleteKey: `DELETE FROM counterfoil_key WHERE kid = ?`,
} as const;

interface Connection {
  readonly database: SqliteDatabase;
  readonly statements: Readonly<Record<keyof typeof STATEMENTS, SqliteStatement>>;
}

// SQLite itself would wait without giving way to anything else in the process, so it does not: patience is had between attempts.
const BUSY_TIMEOUT = 0;
const PATIENCE = 5000;

/** Sessions in a SQLite file. Every operation is one statement, or one transaction that holds the write lock from its start. */
export function createSqliteStore({ open, owned, durable, synchronous, secretFile }: SqliteStoreOptions): SessionStore {
  let connecting: Promise<Connection> | undefined;

  function connect(): Promise<Connection> {
    connecting ??= openConnection().catch((error: unknown) => {
      connecting = undefined;
      throw error;
    });
    return connecting;
  }

  async function openConnection(): Promise<Connection> {
    const database = await open();
    try {
      if (owned) database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT}`);
      await patiently(() => probeRows(database));
      if (owned) {
        await patiently(() => database.exec("PRAGMA journal_mode = WAL"));
        database.exec(`PRAGMA synchronous = ${synchronous}`);
      }
      await patiently(() => migrate(database));
      const prepared = Object.entries(STATEMENTS).map(([name, sql]) => [name, database.prepare(sql)]);
      return { database, statements: Object.fromEntries(prepared) as Connection["statements"] };
    } catch (error) {
      if (owned) database.close();
      throw error;
    }
  }

  async function withStatements<T>(
    work: (statements: Connection["statements"], database: SqliteDatabase) => T,
  ): Promise<T> {
    const opened = connect();
    const { statements, database } = await opened;
    try {
      return await patiently(() => work(statements, database));
    } catch (error) {
      // A file that was broken, read-only or gone may be whole again by the next call.
      if (owned && durable && isFileFault(error) && connecting === opened) await disconnect();
      throw error;
    }
  }

  async function disconnect(): Promise<void> {
    const opened = connecting;
    connecting = undefined;
    const connection = await opened?.catch(() => undefined);
    if (owned) connection?.database.close();
  }

  const changed = (result: { readonly changes: number | bigint }): boolean => Number(result.changes) > 0;

  return {
    secretFile,
    embedded: typeof secretFile === "string",

    prepare: () => withStatements(() => undefined),

    createSession: (record, limit, replaces) =>
      withStatements((statements, database) => {
        if (limit === undefined && replaces === undefined) {
          statements.insert.run(...toRow(record));
          return { created: true, ended: [], replaced: false };
        }
        return inTransaction(database, () => {
          const live = statements.liveHandles.all(record.userKey, record.createdAt) as { handle: string }[];
          const rivals = live.filter((row) => row.handle !== replaces);
          if (limit?.onLimit === "refuse" && rivals.length >= limit.max) return REFUSED;
          const ended = limit === undefined ? [] : rivals.slice(limit.max - 1).map((row) => row.handle);
          for (const handle of ended) statements.delete.run(handle);
          const replaced = replaces !== undefined && changed(statements.delete.run(replaces));
          statements.insert.run(...toRow(record));
          return { created: true, ended, replaced };
        });
      }),

    findSession: (handle) => withStatements(({ find }) => (find.get(handle) ?? undefined) as SessionRecord | undefined),

    commitRefresh: (handle, version, write) =>
      withStatements(({ commitRefresh }) => changed(commitRefresh.run(...toRefreshRow(write), handle, version))),

    replaceClaims: (handle, version, claims) =>
      withStatements(({ replaceClaims }) => changed(replaceClaims.run(claims, handle, version))),

    replaceData: (handle, version, data) =>
      withStatements(({ replaceData }) => changed(replaceData.run(data, handle, version))),

    deleteSession: (handle) => withStatements((statements) => changed(statements.delete.run(handle))),

    deleteSessionAtVersion: (handle, version) =>
      withStatements(({ deleteAtVersion }) => changed(deleteAtVersion.run(handle, version))),

    deleteSessionsOfUser: (userKey, except) =>
      withStatements(({ deleteOfUser }) =>
        (deleteOfUser.all(userKey, except ?? "") as { handle: string }[]).map((row) => row.handle),
      ),

    listSessionsOfUser: (userKey, now) =>
      withStatements(({ listOfUser }) => listOfUser.all(userKey, now) as SessionSummary[]),

    deleteExpiredSessions: (now, limit) =>
      withStatements(({ deleteExpired }) => Number(deleteExpired.run(now, limit).changes)),

    listKeys: () => withStatements(({ listKeys }) => listKeys.all() as KeyRecord[]),

    insertKey: (key) =>
      withStatements(({ insertKey }) => {
        const { kid, sequence, algorithm, wrappedSeed, createdAt, activatesAt } = key;
        return changed(insertKey.run(kid, sequence, algorithm, wrappedSeed, createdAt, activatesAt));
      }),

    rewrapKey: (kid, expected, wrappedSeed) =>
      withStatements(({ rewrapKey }) => changed(rewrapKey.run(wrappedSeed, kid, expected))),

    deleteKey: (kid) => withStatements(({ deleteKey }) => void deleteKey.run(kid)),

    close: disconnect,
  };
}

const REFUSED: CreateOutcome = { created: false, ended: [], replaced: false };

function toRow(record: SessionRecord): (string | number | null)[] {
  return [
    record.handle,
    record.userKey,
    record.version,
    record.generation,
    record.currentHash,
    record.parentHash,
    record.childMintedAt,
    record.childSeenAt,
    record.confirmedAt,
    record.claims,
    record.claimsVersion,
    record.data,
    record.device,
    record.createdAt,
    record.authTime,
    record.lastSeenAt,
    record.expiresAt,
    record.absoluteExpiresAt,
  ];
}

function toRefreshRow(write: RefreshWrite): (string | number | null)[] {
  return [
    write.generation,
    write.currentHash,
    write.parentHash,
    write.childMintedAt,
    write.childSeenAt,
    write.confirmedAt,
    write.lastSeenAt,
    write.expiresAt,
    write.device,
  ];
}

function migrate(database: SqliteDatabase): void {
  const migrations = readMigrations("sqlite");
  const newest = migrations.at(-1)?.version ?? 0;
  const current = readVersion(database);
  if (current === newest) return;
  if (current > newest) throw schemaTooNew(current, newest);
  inTransaction(database, () => {
    database.exec("CREATE TABLE IF NOT EXISTS counterfoil_migration (version INTEGER NOT NULL PRIMARY KEY) STRICT");
    // Asked again under the lock: another process may have been faster.
    const done = readVersion(database);
    for (const { version, sql } of migrations) {
      if (version <= done) continue;
      database.exec(sql);
      database.prepare("INSERT INTO counterfoil_migration (version) VALUES (?)").run(version);
    }
  });
}

function readVersion(database: SqliteDatabase): number {
  const table = database
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name = 'counterfoil_migration'")
    .get();
  if (table === undefined || table === null) return 0;
  const row = database.prepare("SELECT coalesce(max(version), 0) AS version FROM counterfoil_migration").get();
  return (row as { version: number }).version;
}

const schemaTooNew = (found: number, known: number): Error =>
  generalError(
    "SCHEMA_TOO_NEW",
    `the database has schema version ${found}, and this version of counterfoil knows ${known}; update the package`,
  );

/**
 * Tries again while another connection holds the lock. Switching to WAL fails at once when another process starts on the same
 * file, whatever the busy timeout.
 */
async function patiently<T>(work: () => T): Promise<T> {
  const begun = performance.now();
  for (let attempt = 1; ; attempt += 1) {
    try {
      return work();
    } catch (error) {
      if (!isBusy(error) || performance.now() - begun > PATIENCE) throw error;
      await delay(Math.min(5 * attempt, 100));
    }
  }
}
