/** The statements of the log of revocations and of the audit table, in each dialect. */
import type { AuditQuery, AuditRow, NewAuditRow } from "../../revocation/audit-store.ts";
import {
  type Journal,
  LEAST_KEEP,
  LOG_KINDS,
  type LogEntry,
  type LogPage,
  type NewLogEntry,
  WRITER_LENGTH,
} from "../../revocation/log-store.ts";
import { type Batch, countMarks, createBatch } from "./sql-batch.ts";
import type { BatchedStatement, SqlStatement, SqlValue } from "./sql-text.ts";
import { clockOf, familyOf, type SqlDialect } from "./sql-traits.ts";

/** How long an operation takes at most, and some more, in ms. */
const LONGEST_OPERATION = 15_000;
/** The same, and the difference of the clocks of several nodes. */
const LONGEST_OF_NODES = 75_000;

/** Entries that a sweep removes: over ten million a day. */
const FORGOTTEN_AT_ONCE = 10_000;

const LOG_COLUMNS = "logged_at, id, kind, subject, except_handle, claims_version, expires_at";
const AUDIT_COLUMNS = "logged_at, id, event, handle, user_key, actor_key, facts";

/** What makes statements of a text. */
export interface SqlTexts {
  readonly dialect: SqlDialect;
  readonly prefix: string;
  readonly statement: (name: string, text: string) => SqlStatement;
  readonly decision: (name: string, columns: number, select: string) => SqlStatement;
}

export interface SqlJournal {
  readonly append: SqlStatement;
  /** Fails if the log cannot be written. */
  readonly probe: SqlStatement;
  readonly read: (limit: number) => SqlStatement;
  /** Removes old entries that no longer count, in a short step. */
  readonly forget: SqlStatement;
  /** PostgreSQL: wakes those who listen to a channel. */
  readonly announce: SqlStatement;
  /**
   * A statement that changes rows and writes beside them. Only for PostgreSQL, where one statement
   * can do both, and for D1, as a batch. It returns a row with the handle for each changed row.
   *
   * @param change a DELETE, INSERT or UPDATE without RETURNING
   */
  readonly combined: (name: string, change: string, kinds: readonly Combined[]) => SqlStatement;
  /** PostgreSQL: the parts of a statement that write beside the rows of the part `rows`. */
  readonly written: (rows: string, kinds: readonly Combined[]) => readonly string[];
  /**
   * D1: adds statements to a batch that write beside the sessions that match, before they change.
   */
  readonly writeBeside: (batch: Batch, rows: MatchingRows, kinds: readonly Combined[]) => void;
  /** The new version of a row's claims. */
  readonly claimsOfRow: SqlStatement;
  /** Audit rows for the rows that match, before they are removed. */
  readonly auditRows: (name: string, condition: string) => SqlStatement;
  readonly auditRow: SqlStatement;
  /** Each fails if the audit table cannot be used as the option wants. */
  readonly auditProbes: readonly SqlStatement[];
  readonly readAuditOfUser: (limit: number) => SqlStatement;
  readonly readAudit: (limit: number) => SqlStatement;
}

/** What `combined` writes: for each changed row, or once. */
export type Combined = "ended" | "claims" | "user" | "audit";

/** Sessions that a statement of a batch changes. */
export interface MatchingRows {
  /** From WHERE on. */
  readonly condition: string;
  /** The indices of its values. */
  readonly values: readonly number[];
}

export function buildJournal({ dialect, prefix, statement, decision }: SqlTexts): SqlJournal {
  const [log, audit, session] = [`${prefix}revocation`, `${prefix}audit`, `${prefix}session`];
  const isMysql = familyOf(dialect) === "mysql";
  const clock = clockOf(dialect);
  const joined = (first: string, second: string): string =>
    isMysql ? `CONCAT(${first}, ${second})` : `${first} || ${second}`;
  const plus = (): string => (dialect === "postgres" ? `${clock} + CAST(? AS BIGINT)` : `${clock} + ?`);
  const given = dialect === "postgres" ? "CAST(? AS TEXT)" : "?";
  const intoLog = `INSERT INTO ${log} (${LOG_COLUMNS})`;
  const intoAudit = `INSERT INTO ${audit} (${AUDIT_COLUMNS})`;
  const id = joined(given, "handle");
  const parts: Readonly<Record<Combined, (rows: string) => string>> = {
    ended: (rows) =>
      `${intoLog} SELECT ${clock}, ${id}, ${LOG_KINDS.ended}, handle, NULL, NULL, ${plus()} FROM ${rows}`,
    claims: (rows) =>
      `${intoLog} SELECT ${clock}, ${id}, ${LOG_KINDS.claims}, handle, NULL, claims_version, ${plus()} FROM ${rows}`,
    user: () => `${intoLog} VALUES (${clock}, ?, ${LOG_KINDS.user}, ?, ?, NULL, ${plus()})`,
    audit: (rows) =>
      `${intoAudit} SELECT ${clock}, ${id}, ${given}, handle, user_key, actor_key, ${given} FROM ${rows}`,
  };
  const written: SqlJournal["written"] = (rows, kinds) =>
    kinds.map((kind) => `${kind}_${rows} AS (${parts[kind](rows)})`);
  const writeBeside: SqlJournal["writeBeside"] = (batch, { condition, values }, kinds) => {
    for (const kind of kinds) {
      // Written before the change, so that it sees the rows.
      const version = kind === "claims" ? "claims_version + 1 AS claims_version" : "claims_version";
      const text = parts[kind](`(SELECT handle, user_key, actor_key, ${version} FROM ${session} ${condition})`);
      const own = batch.take(countMarks(parts[kind]("")));
      batch.add(text, kind === "user" ? own : [...own, ...values]);
    }
  };
  function combineInBatch(change: string, kinds: readonly Combined[]): readonly BatchedStatement[] {
    const batch = createBatch();
    const at = change.indexOf("WHERE ");
    const before = batch.take(countMarks(change.slice(0, at)));
    const condition = change.slice(at);
    const values = batch.take(countMarks(condition));
    writeBeside(batch, { condition, values }, kinds);
    batch.add(`${change} RETURNING handle`, [...before, ...values]);
    return batch.statements;
  }
  function forgetLog(): string {
    // The time of writing is for the index: no entry counts for less than an hour.
    const old = `logged_at <= ${clock} - ${LEAST_KEEP} AND expires_at <= ${clock} ORDER BY logged_at, id LIMIT ${FORGOTTEN_AT_ONCE}`;
    const chosen = `SELECT logged_at, id FROM ${log} WHERE ${old}`;
    if (isMysql) return `DELETE FROM ${log} WHERE ${old}`;
    const locked = dialect === "postgres" ? " FOR UPDATE SKIP LOCKED" : "";
    return `DELETE FROM ${log} WHERE (logged_at, id) IN (${chosen}${locked})`;
  }
  const from = isMysql ? " FROM DUAL" : "";
  const readAudit = (name: string, index: string, whose: string, limit: number): SqlStatement =>
    decision(
      name,
      7,
      // The first two conditions on the time are for the index.
      `SELECT ${AUDIT_COLUMNS} FROM ${audit}${index} WHERE ${whose}logged_at >= ? AND logged_at <= ? AND (logged_at < ? OR id < ?) ORDER BY logged_at DESC, id DESC LIMIT ${limit}`,
    );
  return {
    append: statement("append_log", `${intoLog} VALUES (${clock}, ?, ?, ?, ?, ?, ${plus()})`),
    probe: statement("probe_log", `${intoLog} SELECT ${LOG_COLUMNS} FROM ${log} WHERE logged_at < 0`),
    read: (limit) =>
      // The first row has the time. It is there also if no other row is.
      decision(
        `read_log_${limit}`,
        7,
        `SELECT * FROM (SELECT 0 AS kind, ${clock} AS logged_at, '' AS id, '' AS subject, NULL AS except_handle, NULL AS claims_version, 0 AS expires_at${from}
          UNION ALL SELECT * FROM (SELECT kind, logged_at, id, subject, except_handle, claims_version, expires_at FROM ${log}
            WHERE logged_at >= ? AND expires_at > ${clock} ORDER BY logged_at, id LIMIT ${limit}) AS entries) AS page`,
      ),
    forget: statement("forget_log", forgetLog()),
    announce: statement("announce_log", "SELECT pg_notify(?, '')"),
    combined(name, change, kinds) {
      if (dialect === "d1") return { ...statement(name, change), batch: combineInBatch(change, kinds) };
      const changed = `changed AS (${change} RETURNING handle, user_key, actor_key, claims_version)`;
      const steps = [changed, ...written("changed", kinds)];
      return statement(`${name}_${shortNames(kinds)}`, `WITH ${steps.join(", ")} SELECT handle FROM changed`);
    },
    written,
    writeBeside,
    claimsOfRow: statement("log_claims", `${parts.claims(session)} WHERE handle = ?`),
    auditRows: (name, condition) =>
      statement(
        `audit_${name}`,
        `${intoAudit} SELECT ${clock}, ${id}, ?, handle, user_key, actor_key, ? FROM ${session} ${condition}${isMysql ? " FOR UPDATE" : ""}`,
      ),
    auditRow: statement("audit_row", `${intoAudit} VALUES (${clock}, ?, ?, ?, ?, ?, ?)`),
    auditProbes: [
      statement("probe_audit", `${intoAudit} SELECT ${AUDIT_COLUMNS} FROM ${audit} WHERE logged_at < 0`),
      statement("probe_old_audit", `DELETE FROM ${audit} WHERE logged_at < 0`),
    ],
    readAuditOfUser: (limit) =>
      readAudit(`audit_of_user_${limit}`, isMysql ? ` FORCE INDEX (${audit}_user)` : "", "user_key = ? AND ", limit),
    readAudit: (limit) => readAudit(`read_audit_${limit}`, "", "", limit),
  };
}

/** PostgreSQL knows statements by the first 63 characters of their names. */
export const shortNames = (kinds: readonly Combined[]): string => kinds.map((kind) => kind.charAt(0)).join("");

/** The values of a part of `combined`. */
export function valuesOf(kind: Combined, journal: Journal | undefined, user?: LoggedUser): readonly SqlValue[] {
  if (journal === undefined) return [];
  const { id, keep, audit } = journal;
  switch (kind) {
    case "ended":
    case "claims":
      return [id, keep];
    case "user":
      return [id, user?.userKey ?? "", user?.except ?? null, keep];
    case "audit":
      return [id, audit?.event ?? "", audit?.facts ?? ""];
  }
}

export interface LoggedUser {
  readonly userKey: string;
  readonly except: string | null;
}

/** The values of `append`. */
export function appendValues(entry: NewLogEntry, { id, keep }: Journal): readonly SqlValue[] {
  const subject = entry.kind === "user" ? entry.userKey : entry.kind === "all" ? "" : entry.handle;
  const except = entry.kind === "user" ? entry.except : null;
  const claimsVersion = entry.kind === "claims" ? entry.claimsVersion : null;
  // Unique also where one operation writes several entries.
  const name = entry.kind === "ended" || entry.kind === "claims" ? id + entry.handle : id;
  return [name, LOG_KINDS[entry.kind], subject, except, claimsVersion, keep];
}

/** The values of `auditRow`. */
export const auditValues = (row: NewAuditRow, id: string): readonly SqlValue[] => [
  id,
  row.event,
  row.handle,
  row.userKey,
  row.actorKey,
  row.facts,
];

/** The values of `readAuditOfUser`, or of `readAudit`. */
export function auditQueryValues({ userKey, from, after }: AuditQuery): readonly SqlValue[] {
  const { loggedAt, id } = after ?? { loggedAt: Number.MAX_SAFE_INTEGER, id: "" };
  return [...(userKey === undefined ? [] : [userKey]), from, loggedAt, loggedAt, id];
}

/** Reads what they returned. */
export const readAuditRow = ([
  loggedAt,
  id,
  event,
  handle,
  userKey,
  actorKey,
  facts,
]: readonly unknown[]): AuditRow => ({
  loggedAt: Number(loggedAt),
  id: text(id),
  event: text(event),
  handle: textOrNull(handle),
  userKey: textOrNull(userKey),
  actorKey: textOrNull(actorKey),
  facts: text(facts),
});

/** Reads what `read` returned. */
export function readPage(rows: readonly (readonly unknown[])[], dialect: SqlDialect): LogPage {
  let storeTime = Number.NaN;
  const entries: LogEntry[] = [];
  for (const [kind, loggedAt, id, subject, except, claimsVersion, expiresAt] of rows) {
    const at = Number(loggedAt);
    const base = { by: text(id).slice(0, WRITER_LENGTH), until: Number(expiresAt) };
    switch (Number(kind)) {
      case 0:
        storeTime = at;
        break;
      case LOG_KINDS.ended:
        entries.push({ ...base, kind: "ended", handle: text(subject) });
        break;
      case LOG_KINDS.claims:
        entries.push({ ...base, kind: "claims", handle: text(subject), claimsVersion: Number(claimsVersion) });
        break;
      case LOG_KINDS.user:
        entries.push({ ...base, kind: "user", userKey: text(subject), except: textOrNull(except), at, id: text(id) });
        break;
      case LOG_KINDS.all:
        entries.push({ ...base, kind: "all", at, id: text(id) });
        break;
    }
  }
  return { entries, storeTime, overlap: dialect === "galera" ? LONGEST_OF_NODES : LONGEST_OPERATION };
}

const text = (value: unknown): string => (value instanceof Uint8Array ? Buffer.from(value).toString() : String(value));
const textOrNull = (value: unknown): string | null => (value === null || value === undefined ? null : text(value));
