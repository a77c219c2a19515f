/** Every statement of the SQL stores in each dialect, and its columns. */
import { KEY_FIELDS, type KeyRecord } from "../../key/key-record.ts";
import { MOST_DEVICES } from "../../session/device-limit.ts";
import type { SessionLimit } from "../../policy.ts";
import { type SessionRecord, type SessionSummary, SUMMARY_FIELDS } from "../../session/record.ts";
import {
  type FoundSession,
  REFRESH_FIELDS,
  type RefreshWrite,
  type SessionPosition,
} from "../../session/session-store.ts";
import { createBatch } from "./sql-batch.ts";
import { buildJournal, type Combined, type MatchingRows, shortNames, type SqlJournal } from "./sql-journal.ts";
import type { BatchedStatement, SqlStatement, SqlValue } from "./sql-text.ts";
import { clockOf, familyOf, type SqlDialect, TRAITS } from "./sql-traits.ts";

export type { SqlStatement, SqlValue };

const SESSION_COLUMNS: readonly (keyof SessionRecord)[] = [...SUMMARY_FIELDS, "claims", "data"];

/**
 * Columns of future features (docs/decisions/052). A later version that runs in parallel may fill
 * them, so a session that reuses a row must reset them.
 */
export const RESERVED_COLUMNS = [
  "deviceIp",
  "deviceAgent",
  "binding",
  "bindingAlgorithm",
  "bindingKey",
  "bindingChallenge",
  "bindingPriorChallenge",
] as const;

export const sessionValues = (record: SessionRecord): SqlValue[] => SESSION_COLUMNS.map((name) => record[name]);
export const refreshValues = (write: RefreshWrite): SqlValue[] => REFRESH_FIELDS.map((name) => write[name]);
/** The values of `listOfUser`. Without a position the list begins before every possible session. */
export const listValues = (userKey: string, now: number, after: SessionPosition = BEGINNING): SqlValue[] => [
  userKey,
  now,
  after.createdAt,
  after.createdAt,
  after.handle,
];
const BEGINNING: SessionPosition = { createdAt: Number.MAX_SAFE_INTEGER, handle: "" };
export const keyValues = (key: KeyRecord): SqlValue[] => KEY_FIELDS.map((name) => key[name]);

const TEXT: ReadonlySet<string> = new Set<keyof SessionRecord | keyof KeyRecord>([
  "handle",
  "userKey",
  "replacedHandle",
  "amr",
  "actorKey",
  "actorHandle",
  "label",
  "currentHash",
  "parentHash",
  "claims",
  "data",
  "device",
  "kid",
  "algorithm",
  "wrappedSeed",
]);

/**
 * Reads a row that is an array. Drivers return integers as numbers, texts or bigints, and text as
 * text or bytes.
 */
const reader =
  <T>(columns: readonly string[]) =>
  (row: readonly unknown[]): T =>
    Object.fromEntries(columns.map((name, index) => [name, readValue(name, row[index])])) as T;

function readValue(name: string, value: unknown): SqlValue {
  if (value === null || value === undefined) return null;
  if (!TEXT.has(name)) return Number(value);
  return value instanceof Uint8Array ? Buffer.from(value).toString() : (value as string);
}

type Row = readonly unknown[];

export const readSession: (row: Row) => FoundSession = reader([...SESSION_COLUMNS, "storeTime"]);
export const readSummary: (row: Row) => SessionSummary = reader(SUMMARY_FIELDS);
export const readKey: (row: Row) => KeyRecord = reader(KEY_FIELDS);
export const readHandle = (row: Row): string => String(readValue("handle", row[0]));

/** Statements with a fixed text. */
export type FixedStatement =
  | "insert"
  | "find"
  | "commitRefresh"
  | "replaceClaims"
  | "replaceData"
  | "replaceLabel"
  | "replaceSignIn"
  | "delete"
  | "deleteAtVersion"
  | "rememberReplaced"
  | "rememberOnce"
  | "wasReplaced"
  | "forgetReplaced"
  | "takeLease"
  | "lockRow"
  | "listKeys"
  | "insertKey"
  | "rewrapKey"
  | "deleteKey"
  | "touchDevice"
  | "listDevices"
  | "insertDevice"
  | "removeDevices"
  | "forgetDevices"
  | "readClock";

/** Statements with a row limit in their text, because some servers take no placeholder there. */
export type LimitedStatement =
  | "deleteExpired"
  | "lastToSweep"
  | "deleteOfUser"
  | "lockHandlesOfUser"
  | "listOfUser"
  | "sweepDevices"
  | "forgetAudit"
  | "deleteOldAudit"
  | "deleteHandles"
  | "lockHandles";

export interface SqlStatements
  extends
    Readonly<Record<FixedStatement, SqlStatement>>,
    Readonly<Record<LimitedStatement, (limit: number) => SqlStatement>> {
  /**
   * Handles beyond the newest `max - 1`, at most `atOnce`. `isLocked` locks them where a
   * transaction otherwise reads rows as they were at its begin.
   */
  readonly surplusOfUser: (max: number, atOnce: number, isLocked?: boolean) => SqlStatement;
  readonly oldestOfUser: (limit: number, isLocked?: boolean) => SqlStatement;
  /** PostgreSQL and D1: a sign-in in one call. Flags of its rows: `ENDED`, `REPLACED`, `MADE`. */
  readonly signIn: (parts: SignInParts) => SqlStatement;
  /** The audit rows of what `deleteOfUser` removes. */
  readonly auditOfUser: (limit: number) => SqlStatement;
  readonly journal: SqlJournal;
  readonly changes: ChangeTexts;
}

/** The parts of a sign-in, each only where needed. */
export interface SignInParts {
  /** Whether it replaces a session. */
  readonly replaces: boolean;
  /**
   * Removes the surplus of the oldest rivals, at most `atOnce`. PostgreSQL has only "trim", which
   * waits for no locked row.
   */
  readonly limit: LimitPart | undefined;
  /** What is written for the session that it replaces. */
  readonly replaced: readonly Combined[];
  /** What is written for the sessions that end to make room. */
  readonly ended: readonly Combined[];
  /** What is written for the new session. */
  readonly begun: readonly Combined[];
}

export interface LimitPart extends Pick<SessionLimit, "max" | "onLimit"> {
  readonly atOnce: number;
}

/** What a row of `signIn` stands for; one for a made session has only D1. */
export const ENDED = 0;
export const REPLACED = 1;
export const MADE = 2;

/** Texts that `SqlJournal.combined` completes. */
export interface ChangeTexts {
  readonly delete: string;
  readonly deleteAtVersion: string;
  readonly deleteHandles: (count: number) => string;
  readonly deleteOfUser: (limit: number) => string;
  readonly replaceClaims: string;
}

/** More than any key ring has. */
const MOST_KEYS = 1_000_000;

export function buildStatements(dialect: SqlDialect, prefix: string): SqlStatements {
  const traits = TRAITS[dialect];
  const { clock, causal, isReplica, namesRemoved } = traits;
  const family = familyOf(dialect);
  const isMysql = family === "mysql";
  const [session, key, lease] = [`${prefix}session`, `${prefix}key`, `${prefix}lease`];
  const [replaced, device] = [`${prefix}replaced`, `${prefix}device`];
  const statement = (name: string, text: string): SqlStatement => ({
    name: prefix + name,
    text: dialect === "postgres" ? numbered(text) : text,
  });
  /**
   * A read for a decision, also if it finds nothing. Its only cost is the extra row on a replica.
   * The order of `select` stays, because the row comes before it; MySQL and MariaDB drop an order
   * without LIMIT.
   */
  const decision = (name: string, columns: number, select: string, lead = causal): SqlStatement => {
    if (isReplica === undefined) return statement(name, select);
    const from = isMysql ? " FROM DUAL" : "";
    // The names of the columns come from here, and rows that are objects need different ones.
    const nulls = Array.from({ length: columns }, (_, index) => `NULL AS c${index}`).join(", ");
    const text = `${lead}SELECT ${nulls}${from} WHERE ${isReplica} UNION ALL (${select})`;
    return { ...statement(name, text), decides: true };
  };
  const atVersion = "WHERE handle = ? AND version = ?";
  const newestFirst = "ORDER BY created_at DESC, handle DESC";
  const live = "user_key = ? AND expires_at > ?";
  const othersOfUser = (limit: number): string =>
    `${session} WHERE user_key = ? AND handle <> ? ${newestFirst} LIMIT ${Math.trunc(limit)}`;
  // Otherwise MySQL also reads the sessions of all earlier pages.
  const forced = isMysql ? ` FORCE INDEX (${session}_user)` : "";
  const lockOf = (isLocked: boolean): string => (isMysql && isLocked ? " FOR UPDATE" : "");
  const rivals = `${session}${forced} WHERE ${live} AND handle <> ?`;
  const oldestFirst = "ORDER BY created_at, handle";
  const insert = `INSERT INTO ${session} (${list(SESSION_COLUMNS)}) VALUES (${marks(SESSION_COLUMNS)})`;
  const newDevice = `${device} (user_key, device, first_seen_at, last_seen_at, expires_at) VALUES (?, ?, ?, ?, ?)`;
  const journal = buildJournal({ dialect, prefix, statement, decision });
  const changes: ChangeTexts = {
    delete: `${causal}DELETE FROM ${session} WHERE handle = ?`,
    deleteAtVersion: `DELETE FROM ${session} ${atVersion}`,
    deleteHandles: (count) => `DELETE FROM ${session} WHERE handle IN (${marks(Array<string>(count).fill("handle"))})`,
    // All calls lock in the same order, which prevents deadlocks.
    deleteOfUser: (limit) =>
      isMysql
        ? `DELETE FROM ${othersOfUser(limit)}`
        : dialect === "postgres"
          ? `DELETE FROM ${session} WHERE handle = ANY (ARRAY (SELECT handle FROM ${othersOfUser(limit)} FOR UPDATE))`
          : `DELETE FROM ${session} WHERE handle IN (SELECT handle FROM ${othersOfUser(limit)})`,
    replaceClaims: `UPDATE ${session} SET version = version + 1, claims_version = claims_version + 1, claims = ? ${atVersion}`,
  };
  const returning = namesRemoved === "no" ? "" : " RETURNING handle";
  const newKey = `${key} (${list(KEY_FIELDS)}) VALUES (${marks(KEY_FIELDS)})`;

  // A subquery, because PostgreSQL would compare each row with its changing clock.
  const oldAudit =
    dialect === "postgres" ? `(SELECT ${clockOf(dialect)}) - CAST(? AS BIGINT)` : `${clockOf(dialect)} - ?`;

  /** Removes some rows of a table with this primary key. */
  const removeSome = (name: string, table: string, columns: string, chosen: string): SqlStatement => {
    const texts = {
      mysql: `DELETE FROM ${table} ${chosen}`,
      postgres: `DELETE FROM ${table} WHERE ctid = ANY (ARRAY (SELECT ctid FROM ${table} ${chosen} FOR UPDATE SKIP LOCKED))`,
      sqlite: `DELETE FROM ${table} WHERE (${columns}) IN (SELECT ${columns} FROM ${table} ${chosen})`,
    };
    return statement(name, texts[family]);
  };

  /** In the order of the values in sql-endings.ts. */
  function signInBatch({ replaces, limit, replaced: over, ended, begun }: SignInParts): readonly BatchedStatement[] {
    const batch = createBatch();
    const row = batch.take(SESSION_COLUMNS.length);
    const own = row.slice(SESSION_COLUMNS.indexOf("handle")).slice(0, 1);
    const other = batch.take(replaces ? 1 : 0);
    const [user, again] = [batch.take(limit === undefined ? 0 : 3), batch.take(limit === undefined ? 0 : 3)];
    const end = (rows: MatchingRows, kinds: readonly Combined[], flag: number): void => {
      journal.writeBeside(batch, rows, kinds);
      batch.add(`DELETE FROM ${session} ${rows.condition} RETURNING handle, ${flag} AS flag`, rows.values);
    };
    const counted = (most: number): string => `(SELECT count(*) FROM (SELECT 1 FROM ${rivals} LIMIT ${most}))`;
    if (limit !== undefined && limit.onLimit !== "refuse") {
      const free = limit.max - 1;
      const surplus = `(SELECT max(${counted(free + limit.atOnce)} - ${free}, 0))`;
      const condition = `WHERE handle IN (SELECT handle FROM ${rivals} ${oldestFirst} LIMIT ${surplus})`;
      end({ condition, values: [...user, ...again] }, ended, ENDED);
    }
    const isExact = limit !== undefined && limit.onLimit !== "trim";
    const room = isExact ? ` WHERE ${counted(limit.max)} < ${limit.max}` : "";
    const columns = `${session} (${list(SESSION_COLUMNS)})`;
    batch.add(
      `INSERT INTO ${columns} SELECT ${marks(SESSION_COLUMNS)}${room} RETURNING handle, ${MADE} AS flag`,
      isExact ? [...row, ...user] : row,
    );
    // Nothing is removed where there was no room.
    if (replaces) {
      const condition = `WHERE handle = ? AND EXISTS (SELECT 1 FROM ${session} WHERE handle = ?)`;
      end({ condition, values: [...other, ...own] }, over, REPLACED);
    }
    journal.writeBeside(batch, { condition: "WHERE handle = ?", values: own }, begun);
    return batch.statements;
  }

  /**
   * Begins where the last sweep stopped: removed entries stay in the index while any transaction
   * may need them, and each sweep would read them again.
   */
  const toSweep = "expires_at >= ? AND expires_at <= ? ORDER BY expires_at";
  return {
    insert: statement("insert", insert),
    find: decision(
      "find",
      SESSION_COLUMNS.length + (clock === undefined ? 0 : 1),
      `SELECT ${selected(SESSION_COLUMNS)}${clock === undefined ? "" : `, ${clock}`} FROM ${session} WHERE handle = ?`,
    ),
    commitRefresh: statement(
      "commit_refresh",
      `UPDATE ${session} SET version = version + 1, ${assignments(REFRESH_FIELDS)} ${atVersion}`,
    ),
    replaceClaims: statement("replace_claims", changes.replaceClaims),
    replaceData: statement("replace_data", `UPDATE ${session} SET version = version + 1, data = ? ${atVersion}`),
    replaceLabel: statement("replace_label", `UPDATE ${session} SET version = version + 1, label = ? ${atVersion}`),
    replaceSignIn: statement(
      "replace_sign_in",
      `UPDATE ${session} SET version = version + 1, auth_time = ?, amr = ? ${atVersion}`,
    ),
    delete: statement("delete", changes.delete),
    deleteAtVersion: statement("delete_at_version", changes.deleteAtVersion),
    /** Returns the removed handles if the dialect can. */
    deleteOfUser: (limit) => statement(`delete_of_user_${Math.trunc(limit)}`, changes.deleteOfUser(limit) + returning),
    /**
     * For dialects that cannot return removed rows. PostgreSQL's locks are writes, so replicas
     * refuse them.
     */
    lockHandlesOfUser: (limit) => {
      const name = `lock_handles_of_user_${Math.trunc(limit)}`;
      const text = `SELECT handle FROM ${othersOfUser(limit)} FOR UPDATE`;
      return isMysql ? decision(name, 1, text, "") : statement(name, text);
    },
    /** Deletes a fixed number of handles. Returns the removed ones if the dialect can. */
    deleteHandles: (count) => statement(`delete_handles_${count}`, changes.deleteHandles(count) + returning),
    lockHandles: (count) =>
      statement(
        `lock_handles_${count}`,
        `SELECT handle FROM ${session} WHERE handle IN (${marks(Array(count).fill("handle"))}) FOR UPDATE`,
      ),
    surplusOfUser: (max, atOnce, isLocked = false) =>
      decision(
        `surplus_of_user_${max}_${atOnce}`,
        1,
        `SELECT handle FROM ${rivals} ${newestFirst} LIMIT ${atOnce} OFFSET ${max - 1}${lockOf(isLocked)}`,
        "",
      ),
    oldestOfUser: (limit, isLocked = false) =>
      decision(
        `oldest_of_user_${Math.trunc(limit)}`,
        1,
        `SELECT handle FROM ${rivals} ORDER BY created_at, handle LIMIT ${Math.trunc(limit)}${lockOf(isLocked)}`,
        "",
      ),
    signIn: (parts) => {
      const { replaces, limit: trim, replaced: over, ended, begun } = parts;
      if (dialect === "d1") return { ...statement("sign_in", ""), batch: signInBatch(parts) };
      const columns = "handle, user_key, actor_key, claims_version";
      const steps = [
        `made AS (${insert} RETURNING ${columns})`,
        `replaced AS (DELETE FROM ${session} WHERE ${replaces ? "handle = ?" : "FALSE"} RETURNING ${columns})`,
        ...(trim === undefined
          ? []
          : [
              `counted AS (SELECT handle FROM ${rivals} ${newestFirst} LIMIT ${trim.max - 1 + trim.atOnce})`,
              `surplus AS (DELETE FROM ${session} WHERE handle = ANY (ARRAY (SELECT handle FROM ${rivals} ${oldestFirst}
                LIMIT (SELECT greatest(count(*) - ${trim.max - 1}, 0) FROM counted) FOR UPDATE SKIP LOCKED)) RETURNING ${columns})`,
            ]),
        ...(trim === undefined ? [] : journal.written("surplus", ended)),
        ...journal.written("replaced", over),
        ...journal.written("made", begun),
      ];
      const surplus = trim === undefined ? "" : ` UNION ALL SELECT handle, ${ENDED} FROM surplus`;
      const name = `sign_in_${Number(replaces)}_${trim?.max ?? ""}_${trim?.atOnce ?? ""}_${[over, ended, begun].map(shortNames).join("_")}`;
      return statement(name, `WITH ${steps.join(", ")} SELECT handle, ${REPLACED} FROM replaced${surplus}`);
    },
    auditOfUser: (limit) =>
      journal.auditRows(`of_user_${Math.trunc(limit)}`, othersOfUser(limit).slice(session.length)),
    journal,
    changes,
    listOfUser: (limit) => {
      // The first of the two time conditions is for the index.
      const behind = "created_at <= ? AND (created_at < ? OR handle < ?)";
      return decision(
        `list_of_user_${Math.trunc(limit)}`,
        SUMMARY_FIELDS.length,
        `SELECT ${selected(SUMMARY_FIELDS)} FROM ${session}${forced} WHERE ${live} AND ${behind} ${newestFirst} LIMIT ${Math.trunc(limit)}`,
      );
    },
    /** When the last of the next rows to remove expires. */
    lastToSweep: (limit) =>
      statement(
        `last_to_sweep_${Math.trunc(limit)}`,
        `SELECT expires_at FROM ${session} WHERE ${toSweep} LIMIT 1 OFFSET ${Math.trunc(limit) - 1}`,
      ),
    deleteExpired: (limit) => {
      const chosen = `${session} WHERE ${toSweep} LIMIT ${Math.trunc(limit)}`;
      const texts = {
        mysql: `DELETE FROM ${chosen}`,
        // Skips locked rows, which can wait for the next sweep. It uses an array, because for a
        // subquery the planner reads the whole table if that has many partitions.
        postgres: `DELETE FROM ${session} WHERE handle = ANY (ARRAY (SELECT handle FROM ${chosen} FOR UPDATE SKIP LOCKED))`,
        sqlite: `DELETE FROM ${session} WHERE handle IN (SELECT handle FROM ${chosen})`,
      };
      return statement(`delete_expired_${Math.trunc(limit)}`, texts[family]);
    },
    rememberReplaced: statement(
      "remember_replaced",
      isMysql
        ? `REPLACE INTO ${replaced} (handle, expires_at) VALUES (?, ?)`
        : `INSERT INTO ${replaced} (handle, expires_at) VALUES (?, ?) ON CONFLICT (handle) DO UPDATE SET expires_at = excluded.expires_at`,
    ),
    rememberOnce: statement(
      "remember_once",
      isMysql
        ? `INSERT IGNORE INTO ${replaced} (handle, expires_at) VALUES (?, ?)`
        : `INSERT INTO ${replaced} (handle, expires_at) VALUES (?, ?) ON CONFLICT (handle) DO NOTHING`,
    ),
    wasReplaced: decision("was_replaced", 1, `SELECT handle FROM ${replaced} WHERE handle = ? AND expires_at > ?`),
    forgetReplaced: statement("forget_replaced", `DELETE FROM ${replaced} WHERE expires_at <= ?`),
    /** Changes the row in any case, because MySQL may count only rows that differ. */
    touchDevice: statement(
      "touch_device",
      `UPDATE ${device} SET last_seen_at = CASE WHEN last_seen_at < ? THEN ? ELSE last_seen_at + 1 END, expires_at = ? WHERE user_key = ? AND device = ? AND expires_at > ?`,
    ),
    listDevices: decision(
      "list_devices",
      1,
      `SELECT expires_at AS "expiresAt" FROM ${device} WHERE user_key = ? ORDER BY expires_at DESC LIMIT ${MOST_DEVICES}`,
    ),
    insertDevice: statement(
      "insert_device",
      isMysql
        ? `INSERT IGNORE INTO ${newDevice}`
        : `INSERT INTO ${newDevice} ON CONFLICT (user_key, device) DO NOTHING`,
    ),
    removeDevices: statement("remove_devices", `DELETE FROM ${device} WHERE user_key = ? AND expires_at <= ?`),
    forgetDevices: statement("forget_devices", `DELETE FROM ${device} WHERE user_key = ?`),
    sweepDevices: (limit) =>
      removeSome(
        `sweep_devices_${Math.trunc(limit)}`,
        device,
        "user_key, device",
        `WHERE expires_at <= ? ORDER BY expires_at LIMIT ${Math.trunc(limit)}`,
      ),
    forgetAudit: (limit) =>
      removeSome(
        `forget_audit_${Math.trunc(limit)}`,
        `${prefix}audit`,
        "logged_at, id",
        `WHERE user_key = ? ORDER BY logged_at LIMIT ${Math.trunc(limit)}`,
      ),
    deleteOldAudit: (limit) =>
      removeSome(
        `delete_old_audit_${Math.trunc(limit)}`,
        `${prefix}audit`,
        "logged_at, id",
        `WHERE logged_at < ${oldAudit} ORDER BY logged_at, id LIMIT ${Math.trunc(limit)}`,
      ),
    takeLease: statement(
      "take_lease",
      `UPDATE ${lease} SET owner = ?, expires_at = ?, turn = turn + 1 WHERE name = ? AND (owner = ? OR expires_at <= ?)`,
    ),
    /** Serializes transactions: the row lock lasts until the end of the transaction. */
    lockRow: statement("take_turn", `UPDATE ${lease} SET turn = turn + 1 WHERE name = ?`),
    listKeys: decision(
      "list_keys",
      KEY_FIELDS.length,
      `SELECT ${selected(KEY_FIELDS)} FROM ${key} ORDER BY sequence LIMIT ${MOST_KEYS}`,
    ),
    insertKey: statement(
      "insert_key",
      isMysql ? `INSERT IGNORE INTO ${newKey}` : `INSERT INTO ${newKey} ON CONFLICT (sequence) DO NOTHING`,
    ),
    rewrapKey: statement("rewrap_key", `UPDATE ${key} SET wrapped_seed = ? WHERE kid = ? AND wrapped_seed = ?`),
    deleteKey: statement("delete_key", `DELETE FROM ${key} WHERE kid = ?`),
    readClock: statement("read_clock", `SELECT ${clock ?? 0}`),
  };
}

/**
 * Reads no rows, but fails if a table or a column is missing. The tables of the first steps come
 * first: if their step fails, the later ones are missing, too, and the error must name the cause.
 */
export function selectAllColumns(prefix: string): readonly string[] {
  const first = {
    lease: ["name", "owner", "expiresAt", "turn"],
    replaced: ["handle", "expiresAt"],
    key: KEY_FIELDS,
    // Last, because columns of later migrations may be missing.
    session: [...SESSION_COLUMNS, ...RESERVED_COLUMNS],
  };
  const later = {
    device: ["userKey", "device", "firstSeenAt", "lastSeenAt", "expiresAt"],
    audit: ["loggedAt", "id", "event", "handle", "userKey", "actorKey", "facts"],
  };
  return [first, later].map((columns) => {
    const all = Object.entries(columns).flatMap(([table, names]) =>
      names.map((name) => `${prefix}${table}.${column(name)}`),
    );
    const tables = Object.keys(columns).map((table) => `${prefix}${table}`);
    return `SELECT ${all.join(", ")} FROM ${tables.join(", ")} LIMIT 0`;
  });
}

/** Converts the name of a field to that of its column. */
export const column = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const list = (names: readonly string[]): string => names.map(column).join(", ");
const marks = (names: readonly string[]): string => names.map(() => "?").join(", ");
const assignments = (names: readonly string[]): string => names.map((name) => `${column(name)} = ?`).join(", ");
const selected = (names: readonly string[]): string => names.map((name) => `${column(name)} AS "${name}"`).join(", ");

function numbered(text: string): string {
  let count = 0;
  return text.replaceAll("?", () => `$${(count += 1)}`);
}
