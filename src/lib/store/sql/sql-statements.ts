/** Every statement that the SQL stores send, for each dialect, and the columns that they carry. */
import { KEY_FIELDS, type KeyRecord } from "../../key/key-record.ts";
import { type SessionRecord, type SessionSummary, SUMMARY_FIELDS } from "../../session/record.ts";
import {
  type FoundSession,
  REFRESH_FIELDS,
  type RefreshWrite,
  type SessionPosition,
} from "../../session/session-store.ts";
import { type SqlDialect, TRAITS } from "./sql-traits.ts";

/**
 * A fixed text with placeholders; drivers prepare it once for each connection, by its name where
 * they need one.
 */
export interface SqlStatement {
  readonly name: string;
  readonly text: string;
  /**
   * Something is decided by its rows, so they must not come from a server that may lag. Such a one
   * says so with a first row that begins with NULL (`refuseReplica`).
   */
  readonly decides?: boolean;
}

export type SqlValue = string | number | null;

const SESSION_COLUMNS: readonly (keyof SessionRecord)[] = [...SUMMARY_FIELDS, "claims", "data"];

/**
 * Columns of features to come (docs/decisions/052). A later version beside this one may fill them,
 * so a session that takes over a row must not keep them.
 */
export const RESERVED_COLUMNS = [
  "persistent",
  "amr",
  "actorKey",
  "actorHandle",
  "label",
  "knownDevice",
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
/**
 * Values of `listOfUser`. Without a position the list begins before any session that there can be.
 */
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
 * Reads a row that came as an array. Drivers give whole numbers as numbers, texts or bigints, and
 * text as text or bytes.
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

/** Those whose text is fixed. */
export type FixedStatement =
  | "insert"
  | "replace"
  | "find"
  | "commitRefresh"
  | "replaceClaims"
  | "replaceData"
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
  | "readClock";

/**
 * Those with a number in their text, since some servers take no placeholder there: how many rows at
 * most.
 */
export type LimitedStatement =
  | "deleteExpired"
  | "lastToSweep"
  | "deleteOfUser"
  | "lockHandlesOfUser"
  | "listOfUser"
  | "oldestOfUser"
  | "deleteHandles"
  | "lockHandles";

/** Those of a soft limit: how many sessions may be, and how many are removed at once. */
export type TrimStatement = "surplusOfUser" | "insertAndTrim" | "replaceAndTrim";

export interface SqlStatements
  extends
    Readonly<Record<FixedStatement, SqlStatement>>,
    Readonly<Record<LimitedStatement, (limit: number) => SqlStatement>>,
    Readonly<Record<TrimStatement, (max: number, atOnce: number) => SqlStatement>> {}

/** More than any ring has. */
const MOST_KEYS = 1_000_000;

export function buildStatements(dialect: SqlDialect, prefix: string): SqlStatements {
  const { clock, causal, isReplica, namesRemoved } = TRAITS[dialect];
  const isMysql = dialect === "mysql" || dialect === "mariadb" || dialect === "galera";
  const [session, key, lease] = [`${prefix}session`, `${prefix}key`, `${prefix}lease`];
  const replaced = `${prefix}replaced`;
  const statement = (name: string, text: string): SqlStatement => ({
    name: prefix + name,
    text: dialect === "postgres" ? numbered(text) : text,
  });
  /**
   * A read by which something is decided, perhaps by finding nothing: the row that a replica adds
   * is all that it costs. The order of `select` stays, since the two follow each other; MySQL and
   * MariaDB drop it where there is no LIMIT.
   */
  const decision = (name: string, columns: number, select: string, lead = causal): SqlStatement => {
    if (isReplica === undefined) return statement(name, select);
    const from = isMysql ? " FROM DUAL" : "";
    const nulls = Array.from({ length: columns }, () => "NULL").join(", ");
    const text = `${lead}SELECT ${nulls}${from} WHERE ${isReplica} UNION ALL (${select})`;
    return { ...statement(name, text), decides: true };
  };
  const atVersion = "WHERE handle = ? AND version = ?";
  const newestFirst = "ORDER BY created_at DESC, handle DESC";
  const live = "user_key = ? AND expires_at > ?";
  const othersOfUser = (limit: number): string =>
    `${session} WHERE user_key = ? AND handle <> ? ${newestFirst} LIMIT ${Math.trunc(limit)}`;
  // Without it MySQL reads, for each page, also the sessions of all pages before.
  const forced = isMysql ? ` FORCE INDEX (${session}_user)` : "";
  const rivals = `${session}${forced} WHERE ${live} AND handle <> ?`;
  const insert = `INSERT INTO ${session} (${list(SESSION_COLUMNS)}) VALUES (${marks(SESSION_COLUMNS)})`;
  const replace = `${causal}UPDATE ${session} SET ${assignments(SESSION_COLUMNS)}, ${emptied(RESERVED_COLUMNS)} WHERE handle = ?`;
  /**
   * PostgreSQL: after a write the oldest rivals go, as many as are too many. Nobody waits for a
   * row.
   */
  const trimming = (write: string, max: number, atOnce: number): string =>
    `WITH written AS (${write} RETURNING handle),
      counted AS (SELECT handle FROM ${rivals} ${newestFirst} LIMIT ${max - 1 + atOnce}),
      ended AS (DELETE FROM ${session} WHERE handle = ANY (ARRAY (SELECT handle FROM ${rivals} ORDER BY created_at, handle
        LIMIT (SELECT greatest(count(*) - ${max - 1}, 0) FROM counted) FOR UPDATE SKIP LOCKED)) RETURNING handle)
      SELECT handle, 1 FROM written UNION ALL SELECT handle, 0 FROM ended`;
  const newKey = `${key} (${list(KEY_FIELDS)}) VALUES (${marks(KEY_FIELDS)})`;

  /**
   * From where the sweep before has stopped: what it removed stays in the index for as long as some
   * transaction might look at it, and would be read again by each.
   */
  const toSweep = "expires_at >= ? AND expires_at <= ? ORDER BY expires_at";
  return {
    insert: statement("insert", insert),
    // One row becomes the other in one step, so it takes no transaction.
    replace: statement("replace", replace),
    find: decision(
      "find",
      SESSION_COLUMNS.length + (clock === undefined ? 0 : 1),
      `SELECT ${selected(SESSION_COLUMNS)}${clock === undefined ? "" : `, ${clock}`} FROM ${session} WHERE handle = ?`,
    ),
    commitRefresh: statement(
      "commit_refresh",
      `UPDATE ${session} SET version = version + 1, ${assignments(REFRESH_FIELDS)} ${atVersion}`,
    ),
    replaceClaims: statement(
      "replace_claims",
      `UPDATE ${session} SET version = version + 1, claims_version = claims_version + 1, claims = ? ${atVersion}`,
    ),
    replaceData: statement("replace_data", `UPDATE ${session} SET version = version + 1, data = ? ${atVersion}`),
    delete: statement("delete", `${causal}DELETE FROM ${session} WHERE handle = ?`),
    deleteAtVersion: statement("delete_at_version", `DELETE FROM ${session} ${atVersion}`),
    /**
     * Names what it deletes, where the dialect can. All calls lock in one order, so that none
     * deadlocks with another.
     */
    deleteOfUser: (limit) => {
      const chosen = othersOfUser(limit);
      const texts = {
        mysql: `DELETE FROM ${chosen}`,
        postgres: `DELETE FROM ${session} WHERE handle = ANY (ARRAY (SELECT handle FROM ${chosen} FOR UPDATE)) RETURNING handle`,
        sqlite: `DELETE FROM ${session} WHERE handle IN (SELECT handle FROM ${chosen}) RETURNING handle`,
      };
      const text = isMysql ? `${texts.mysql}${namesRemoved === "no" ? "" : " RETURNING handle"}` : texts[dialect];
      return statement(`delete_of_user_${Math.trunc(limit)}`, text);
    },
    /**
     * Where no removal can name its rows. PostgreSQL's locks are writes, which no replica takes.
     */
    lockHandlesOfUser: (limit) => {
      const name = `lock_handles_of_user_${Math.trunc(limit)}`;
      const text = `SELECT handle FROM ${othersOfUser(limit)} FOR UPDATE`;
      return isMysql ? decision(name, 1, text, "") : statement(name, text);
    },
    /** As many handles as it is made for. Names what it deletes, where the dialect can. */
    deleteHandles: (count) =>
      statement(
        `delete_handles_${count}`,
        `DELETE FROM ${session} WHERE handle IN (${marks(Array(count).fill("handle"))})${namesRemoved === "no" ? "" : " RETURNING handle"}`,
      ),
    lockHandles: (count) =>
      statement(
        `lock_handles_${count}`,
        `SELECT handle FROM ${session} WHERE handle IN (${marks(Array(count).fill("handle"))}) FOR UPDATE`,
      ),
    /** Handles beyond the newest `max - 1`, at most `atOnce`. */
    surplusOfUser: (max, atOnce) =>
      decision(
        `surplus_of_user_${max}_${atOnce}`,
        1,
        `SELECT handle FROM ${rivals} ${newestFirst} LIMIT ${atOnce} OFFSET ${max - 1}`,
        "",
      ),
    oldestOfUser: (limit) =>
      decision(
        `oldest_of_user_${Math.trunc(limit)}`,
        1,
        `SELECT handle FROM ${rivals} ORDER BY created_at, handle LIMIT ${Math.trunc(limit)}`,
        "",
      ),
    insertAndTrim: (max, atOnce) => statement(`insert_trim_${max}_${atOnce}`, trimming(insert, max, atOnce)),
    replaceAndTrim: (max, atOnce) => statement(`replace_trim_${max}_${atOnce}`, trimming(replace, max, atOnce)),
    listOfUser: (limit) => {
      // The first of the two conditions on the time is for the index.
      const behind = "created_at <= ? AND (created_at < ? OR handle < ?)";
      return decision(
        `list_of_user_${Math.trunc(limit)}`,
        SUMMARY_FIELDS.length,
        `SELECT ${selected(SUMMARY_FIELDS)} FROM ${session}${forced} WHERE ${live} AND ${behind} ${newestFirst} LIMIT ${Math.trunc(limit)}`,
      );
    },
    /** When the last ends of as many as may be removed at once. */
    lastToSweep: (limit) =>
      statement(
        `last_to_sweep_${Math.trunc(limit)}`,
        `SELECT expires_at FROM ${session} WHERE ${toSweep} LIMIT 1 OFFSET ${Math.trunc(limit) - 1}`,
      ),
    deleteExpired: (limit) => {
      const chosen = `${session} WHERE ${toSweep} LIMIT ${Math.trunc(limit)}`;
      const texts = {
        mysql: `DELETE FROM ${chosen}`,
        // Rows that somebody is changing at this moment can wait for the next time, rather than
        // make others wait. An array and no subquery: for the latter the planner reads the whole
        // table where that has many partitions.
        postgres: `DELETE FROM ${session} WHERE handle = ANY (ARRAY (SELECT handle FROM ${chosen} FOR UPDATE SKIP LOCKED))`,
        sqlite: `DELETE FROM ${session} WHERE handle IN (SELECT handle FROM ${chosen})`,
      };
      const text = isMysql ? texts.mysql : texts[dialect];
      return statement(`delete_expired_${Math.trunc(limit)}`, text);
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
    takeLease: statement(
      "take_lease",
      `UPDATE ${lease} SET owner = ?, expires_at = ?, turn = turn + 1 WHERE name = ? AND (owner = ? OR expires_at <= ?)`,
    ),
    /** Who has taken the turn is alone until its transaction ends. */
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

/** Reads nothing; fails where a table or a column is not there. */
export function selectAllColumns(prefix: string): string {
  const columns = {
    lease: ["name", "owner", "expiresAt", "turn"],
    replaced: ["handle", "expiresAt"],
    key: KEY_FIELDS,
    // Last, since it may lack what a later migration adds.
    session: [...SESSION_COLUMNS, ...RESERVED_COLUMNS],
  };
  const all = Object.entries(columns).flatMap(([table, names]) =>
    names.map((name) => `${prefix}${table}.${column(name)}`),
  );
  const tables = Object.keys(columns).map((table) => `${prefix}${table}`);
  return `SELECT ${all.join(", ")} FROM ${tables.join(", ")} LIMIT 0`;
}

/** The name of a column, from that of a field. */
export const column = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const list = (names: readonly string[]): string => names.map(column).join(", ");
const marks = (names: readonly string[]): string => names.map(() => "?").join(", ");
const assignments = (names: readonly string[]): string => names.map((name) => `${column(name)} = ?`).join(", ");
const emptied = (names: readonly string[]): string => names.map((name) => `${column(name)} = NULL`).join(", ");
const selected = (names: readonly string[]): string => names.map((name) => `${column(name)} AS "${name}"`).join(", ");

function numbered(text: string): string {
  let count = 0;
  return text.replaceAll("?", () => `$${(count += 1)}`);
}
