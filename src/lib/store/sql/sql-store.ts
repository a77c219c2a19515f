import type { ExactLimit, SoftLimit } from "../../policy.ts";
import { generalError } from "../../errors.ts";
import { shardOfUser } from "../../session/handle.ts";
import type { CreateOutcome, SessionStore } from "../../session/session-store.ts";
import { makeRoom } from "../../session/device-limit.ts";
import { decideLimit } from "../../session/session-limit.ts";
import { asStep } from "../../session/store-error.ts";
import type { SessionRecord } from "../../session/record.ts";
import { type MigrationSource, readMigrations } from "../migrations.ts";
import type { SqlDriver } from "./sql-driver.ts";
import { createSqlRunner, type SqlRun, type SqlRunner } from "./sql-runner.ts";
import { prepareSchema } from "./sql-schema.ts";
import {
  buildStatements,
  keyValues,
  listValues,
  readHandle,
  readKey,
  readSession,
  readSummary,
  refreshValues,
  sessionValues,
  type SqlStatement,
  type SqlStatements,
  type SqlValue,
} from "./sql-statements.ts";
import { type SqlDialect, type SqlTraits, TRAITS } from "./sql-traits.ts";

export interface SqlStoreOptions {
  /** What the store says that it is. */
  readonly kind?: string | undefined;
  readonly driver: SqlDriver;
  /** Determines the kind of server. @throws SessionError `STORE_UNSUITABLE` */
  readonly inspect: (runner: SqlRunner) => Promise<SqlDialect>;
  readonly prefix: string;
  readonly migrate: boolean;
  /** Default: the steps of this version. */
  readonly source?: MigrationSource | undefined;
  /** How long the operations of one call may take, in ms. */
  readonly timeout: number;
  /** How many calls may wait for a connection, see `ConnectionQueueOptions`. */
  readonly queueLimit?: number | undefined;
}

/**
 * Sessions in a SQL database of the app. Every operation is one guarded statement, except a sign-in
 * that has to count sessions.
 */
export function createSqlStore({
  kind,
  driver,
  inspect,
  prefix,
  migrate,
  source = readMigrations,
  timeout,
  queueLimit,
}: SqlStoreOptions): SessionStore {
  let preparing: Promise<SqlStatements> | undefined;
  let isOpening = false;
  let hasOpened = false;
  const runner = createSqlRunner(driver, {
    timeout,
    queueLimit,
    // The tables were removed: the next call checks again, and creates them if it may.
    onMissing() {
      if (!isOpening) preparing = undefined;
    },
  });
  /** Those of the server, once it is known. */
  let { causal, namesRemoved }: SqlTraits = TRAITS.mysql;
  /** Whether one statement can write a session and end others. */
  let trimsWithWrite = false;

  async function open(): Promise<SqlStatements> {
    const dialect = await inspect(runner);
    const family = dialect === "postgres" ? "postgres" : "mysql";
    await prepareSchema(runner, driver, {
      dialect: family,
      prefix,
      migrate,
      remake: !hasOpened,
      source,
      causal: TRAITS[dialect].causal,
    });
    const statements = buildStatements(dialect, prefix);
    // A write without effect: a replica, a missing right or a partial schema must fail now, not at
    // the first sign-in.
    const { changes } = await runner.run(statements.lockRow, ["sweep"]);
    if (changes !== 1) {
      throw generalError(
        "SCHEMA_MISSING",
        `the table ${prefix}lease has lost its rows; drop it and restart the app, which makes it anew (migrate: true), or run the statements that name it of what npx counterfoil migrate --print prints`,
      );
    }
    ({ causal, namesRemoved } = TRAITS[dialect]);
    trimsWithWrite = dialect === "postgres";
    hasOpened = true;
    return statements;
  }

  function prepared(): Promise<SqlStatements> {
    if (preparing !== undefined) return preparing;
    isOpening = true;
    preparing = open()
      .catch((error: unknown) => {
        preparing = undefined;
        throw error;
      })
      .finally(() => {
        isOpening = false;
      });
    return preparing;
  }

  /**
   * Removes rows and returns their handles: by a statement that does both, or after locking the
   * rows.
   */
  async function removeNamed(
    step: SqlRun,
    { lock, remove }: { readonly lock: SqlStatement; readonly remove: SqlStatement },
    values: readonly SqlValue[],
  ): Promise<string[]> {
    const locked = namesRemoved === "no" ? await step(lock, values) : undefined;
    if (locked?.rows.length === 0) return [];
    const removed = await step(remove, values);
    return (locked ?? removed).rows.map(readHandle);
  }

  /**
   * Serializes the users of one shard, so that no sign-in is added during a count. If far too many
   * sessions have to end, several short transactions remove a few each, so that other sign-ins wait
   * only briefly.
   */
  async function createWithin(
    limit: ExactLimit,
    record: SessionRecord,
    replaces: string | undefined,
  ): Promise<CreateOutcome> {
    const ended: string[] = [];
    for (;;) {
      const taken = prepared().then((statements) =>
        runner.transaction(causal, (step) => attemptSignIn(step, statements, { limit, record, replaces })),
      );
      const attempt = await asStep(ended.length === 0, taken);
      ended.push(...attempt.ended);
      if (attempt.isDone) return { created: attempt.created, ended, replaced: attempt.replaced };
    }
  }

  async function attemptSignIn(
    step: SqlRun,
    statements: SqlStatements,
    { limit, record, replaces }: SignIn,
  ): Promise<CreateOutcome & { readonly isDone: boolean }> {
    const { userKey, createdAt, handle: own } = record;
    await step(statements.lockRow, [`place-${shardOfUser(userKey)}`]);
    // The replaced session does not count, and no session has the handle of the new one.
    const rivals = [userKey, createdAt, replaces ?? own];
    const { rows } = await step(statements.surplusOfUser(limit.max, MOST_AT_ONCE + 1), rivals);
    const chunk = CHUNKS.find((count) => count < rows.length);
    const { oldest, next } = decideLimit(limit, rows.length, chunk);
    if (next === "refuse") return { ...REFUSED, isDone: true };
    if (next === "count") {
      const handles = (await step(statements.oldestOfUser(oldest), rivals)).rows.map(readHandle);
      const by = { lock: statements.lockHandles(oldest), remove: statements.deleteHandles(oldest) };
      return { created: false, ended: await removeNamed(step, by, handles), replaced: false, isDone: false };
    }
    const ended: string[] = [];
    for (const handle of rows.map(readHandle)) {
      // A session that its owner ended meanwhile is not reported here.
      if ((await step(statements.delete, [handle])).changes > 0) ended.push(handle);
    }
    const replaced = replaces !== undefined && (await step(statements.delete, [replaces])).changes > 0;
    await step(statements.insert, sessionValues(record));
    return { created: true, ended, replaced, isDone: true };
  }

  async function createTrimming(
    { max, atOnce }: SoftLimit,
    record: SessionRecord,
    replaces: string | undefined,
  ): Promise<CreateOutcome> {
    const values = sessionValues(record);
    const rivals = [record.userKey, record.createdAt, replaces ?? ""];
    const write = async (choose: (all: SqlStatements) => SqlStatement, own: readonly SqlValue[]) => {
      const { rows } = await runner.run(choose(await prepared()), [...own, ...rivals, ...rivals]);
      const ended = rows.filter(([, isWritten]) => Number(isWritten) === 0).map(readHandle);
      return { ended, isWritten: ended.length < rows.length };
    };
    const replacing =
      replaces === undefined
        ? { ended: [], isWritten: false }
        : await write((all) => all.replaceAndTrim(max, atOnce), [...values, replaces]);
    if (replacing.isWritten) return { created: true, ended: replacing.ended, replaced: true };
    const inserting = write((all) => all.insertAndTrim(max, atOnce), values);
    const { ended } = await asStep(replacing.ended.length === 0, inserting);
    return { created: true, ended: [...replacing.ended, ...ended], replaced: false };
  }

  /**
   * Removes the surplus after a sign-in row by row: a transaction with one row lock cannot
   * deadlock.
   */
  async function trim(limit: SoftLimit, { userKey, createdAt, handle: own }: SessionRecord): Promise<string[]> {
    const ended: string[] = [];
    try {
      const values = [userKey, createdAt, own];
      const surplus = await runner.run((await prepared()).surplusOfUser(limit.max, limit.atOnce + 1), values);
      const { oldest } = decideLimit(limit, surplus.rows.length);
      // The query stops at one too many. Its rows are then not the oldest.
      const { rows } =
        oldest === surplus.rows.length ? surplus : await runner.run((await prepared()).oldestOfUser(oldest), values);
      for (const handle of rows.map(readHandle)) {
        if ((await runner.run((await prepared()).delete, [handle])).changes > 0) ended.push(handle);
      }
    } catch {
      // The user is signed in already. The next sign-in removes the rest.
    }
    return ended;
  }

  /** Where the last sweep stopped, if there was more; else 0. */
  let sweptUntil = 0;

  async function removeExpired(now: number, limit: number): Promise<number> {
    let removed = 0;
    let isFromStart = sweptUntil === 0;
    while (removed < limit) {
      const left = limit - removed;
      const { rows } = await runner.run((await prepared()).lastToSweep(left), [sweptUntil, now]);
      const last = rows[0] === undefined ? undefined : Number(rows[0][0]);
      const { changes } = await runner.run((await prepared()).deleteExpired(left), [sweptUntil, last ?? now]);
      removed += changes;
      // Other transactions are changing all rows with this expiry.
      if (changes === 0 && last === sweptUntil) break;
      sweptUntil = last ?? 0;
      // Rows that were skipped, or written later with an earlier expiry, are removed with the last
      // ones.
      if (last === undefined && isFromStart) break;
      isFromStart ||= last === undefined;
    }
    return removed;
  }

  return {
    kind,
    timeout,

    async prepare() {
      await prepared();
    },

    async createSession(record, limit, replaces) {
      if (limit !== undefined && limit.onLimit !== "trim") return createWithin(limit, record, replaces);
      await prepared();
      if (limit !== undefined && trimsWithWrite) return createTrimming(limit, record, replaces);
      const values = sessionValues(record);
      const replaced =
        replaces !== undefined && (await runner.run((await prepared()).replace, [...values, replaces])).changes > 0;
      if (!replaced) await runner.run((await prepared()).insert, values);
      return { created: true, ended: limit === undefined ? [] : await trim(limit, record), replaced };
    },

    async findSession(handle) {
      const [row] = (await runner.run((await prepared()).find, [handle])).rows;
      return row === undefined ? undefined : readSession(row);
    },

    commitRefresh: async (handle, version, write) =>
      (await runner.run((await prepared()).commitRefresh, [...refreshValues(write), handle, version])).changes > 0,

    replaceClaims: async (handle, version, claims) =>
      (await runner.run((await prepared()).replaceClaims, [claims, handle, version])).changes > 0,

    replaceData: async (handle, version, data) =>
      (await runner.run((await prepared()).replaceData, [data, handle, version])).changes > 0,

    replaceLabel: async (handle, version, label) =>
      (await runner.run((await prepared()).replaceLabel, [label, handle, version])).changes > 0,

    deleteSession: async (handle) => (await runner.run((await prepared()).delete, [handle])).changes > 0,

    deleteSessionAtVersion: async (handle, version) =>
      (await runner.run((await prepared()).deleteAtVersion, [handle, version])).changes > 0,

    async deleteSessionsOfUser(userKey, except = "", limit) {
      const statements = await prepared();
      const values = [userKey, except];
      const by = { lock: statements.lockHandlesOfUser(limit), remove: statements.deleteOfUser(limit) };
      const work = (step: SqlRun): Promise<string[]> => removeNamed(step, by, values);
      return namesRemoved === "yes" ? work(runner.run) : runner.transaction(causal, work);
    },

    listSessionsOfUser: async (userKey, now, { limit, after }) =>
      (await runner.run((await prepared()).listOfUser(limit), listValues(userKey, now, after))).rows.map(readSummary),

    async rememberReplaced(handle, until) {
      await runner.run((await prepared()).rememberReplaced, [handle, until]);
    },

    rememberOnce: async (once, until) => (await runner.run((await prepared()).rememberOnce, [once, until])).changes > 0,

    async rememberDevice(userKey, device, now, until) {
      const { touchDevice, listDevices, removeDevices, insertDevice } = await prepared();
      for (;;) {
        if ((await runner.run(touchDevice, [now, now, until, userKey, device, now])).changes > 0) return true;
        const { rows } = await runner.run(listDevices, [userKey]);
        const expiries = rows.map(([end]) => Number(end));
        const { isFirst, removeUntil } = makeRoom(expiries, now);
        if (removeUntil !== undefined) await runner.run(removeDevices, [userKey, removeUntil]);
        const { changes } = await runner.run(insertDevice, [userKey, device, now, now, until]);
        if (changes > 0) return isFirst ? undefined : false;
        // Another sign-in from this device was faster.
      }
    },

    forgetDevices: async (userKey) => (await runner.run((await prepared()).forgetDevices, [userKey])).changes,

    forgetAudit: async (userKey, limit) => (await runner.run((await prepared()).forgetAudit(limit), [userKey])).changes,

    wasReplaced: async (handle, now) =>
      (await runner.run((await prepared()).wasReplaced, [handle, now])).rows.length > 0,

    async deleteExpiredSessions(now, limit) {
      const removed = await removeExpired(now, limit);
      if (removed < limit) {
        await runner.run((await prepared()).forgetReplaced, [now]);
        await runner.run((await prepared()).sweepDevices(DEVICES_AT_ONCE), [now]);
      }
      return removed;
    },

    takeLease: async (name, owner, now, until) =>
      (await runner.run((await prepared()).takeLease, [owner, until, name, owner, now])).changes > 0,

    readClock: async () => Number((await runner.run((await prepared()).readClock, [])).rows[0]?.[0]),

    listKeys: async () => (await runner.run((await prepared()).listKeys, [])).rows.map(readKey),

    insertKey: async (key) => (await runner.run((await prepared()).insertKey, keyValues(key))).changes > 0,

    rewrapKey: async (kid, expected, wrappedSeed) =>
      (await runner.run((await prepared()).rewrapKey, [wrappedSeed, kid, expected])).changes > 0,

    async deleteKey(kid) {
      await runner.run((await prepared()).deleteKey, [kid]);
    },

    close: driver.close,
  };
}

interface SignIn {
  readonly limit: ExactLimit;
  readonly record: SessionRecord;
  readonly replaces: string | undefined;
}

/** The most sessions that one transaction ends. */
const MOST_AT_ONCE = 200;

/** The most devices that one step of a sweep forgets: over a million a day. */
const DEVICES_AT_ONCE = 1000;

/**
 * How many handles one statement removes; its text depends on the number. Fewer are removed one by
 * one.
 */
const CHUNKS = [MOST_AT_ONCE, 50, 10] as const;

const REFUSED: CreateOutcome = { created: false, ended: [], replaced: false };
