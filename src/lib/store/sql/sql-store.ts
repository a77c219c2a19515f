import type { ExactLimit, SoftLimit } from "../../policy.ts";
import { generalError, isErrorFromAuth } from "../../errors.ts";
import { shardOfUser } from "../../session/handle.ts";
import type { CreateOutcome, SessionStore } from "../../session/session-store.ts";
import { makeRoom } from "../../session/device-limit.ts";
import { decideLimit } from "../../session/session-limit.ts";
import { asStep, unsuitableStore } from "../../session/store-error.ts";
import type { Journal } from "../../revocation/log-store.ts";
import { createSqlEndings, type Ending, type SignIn, type SqlEndings } from "./sql-endings.ts";
import { appendValues, readPage } from "./sql-journal.ts";
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
  type SqlStatements,
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
  let preparing: Promise<Prepared> | undefined;
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
  let dialect: SqlDialect = "mysql";
  /** Why the log cannot be written. */
  let logFault: string | undefined;

  async function open(): Promise<Prepared> {
    dialect = await inspect(runner);
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
    logFault = await findLogFault(runner, statements);
    ({ causal, namesRemoved } = TRAITS[dialect]);
    hasOpened = true;
    const isOneStatement = dialect === "postgres";
    const endings = createSqlEndings(statements, { isOneStatement, isLogged: logFault === undefined, namesRemoved });
    return { ...statements, endings };
  }

  function prepared(): Promise<Prepared> {
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

  /** Takes the steps of an ending, which are one atomic step. */
  async function endBy<T>(choose: (endings: SqlEndings) => Ending<T>): Promise<T> {
    const { endings } = await prepared();
    if (endings.isOneStatement) return takeSteps(runner.run, choose(endings));
    return runner.transaction(causal, (step) => takeSteps(step, choose(endings)));
  }

  /**
   * Serializes the users of one shard, so that no sign-in is added during a count. If far too many
   * sessions have to end, several short transactions remove a few each, so that other sign-ins wait
   * only briefly.
   */
  async function createWithin(limit: ExactLimit, signIn: SignIn): Promise<CreateOutcome> {
    const ended: string[] = [];
    for (;;) {
      const taken = prepared().then((statements) =>
        runner.transaction(causal, (step) => attemptSignIn(step, statements, limit, signIn)),
      );
      const attempt = await asStep(ended.length === 0, taken);
      ended.push(...attempt.ended);
      if (attempt.isDone) return { created: attempt.created, ended, replaced: attempt.replaced };
    }
  }

  async function attemptSignIn(
    step: SqlRun,
    statements: Prepared,
    limit: ExactLimit,
    { record, replaces, journal }: SignIn,
  ): Promise<CreateOutcome & { readonly isDone: boolean }> {
    const { userKey, createdAt, handle: own } = record;
    const { endings } = statements;
    const take = <T>(steps: Ending<T>): Promise<T> => takeSteps(step, steps);
    await step(statements.lockRow, [`place-${shardOfUser(userKey)}`]);
    // The replaced session does not count, and no session has the handle of the new one.
    const rivals = [userKey, createdAt, replaces ?? own];
    const { rows } = await step(statements.surplusOfUser(limit.max, MOST_AT_ONCE + 1), rivals);
    const chunk = CHUNKS.find((count) => count < rows.length);
    const { oldest, next } = decideLimit(limit, rows.length, chunk);
    if (next === "refuse") return { ...REFUSED, isDone: true };
    if (next === "count") {
      const handles = (await step(statements.oldestOfUser(oldest), rivals)).rows.map(readHandle);
      const ended = await take(endings.endHandles(handles, journal?.ended));
      return { created: false, ended, replaced: false, isDone: false };
    }
    const ended: string[] = [];
    for (const handle of rows.map(readHandle)) {
      // A session that its owner ended meanwhile is not reported here.
      if (await take(endings.endOne({ handle }, journal?.ended))) ended.push(handle);
    }
    const replaced = await take(endings.signInOver({ record, replaces, journal }));
    return { created: true, ended, replaced, isDone: true };
  }

  /**
   * Removes the surplus after a sign-in row by row: a transaction with one row lock cannot
   * deadlock.
   */
  async function trim(
    limit: SoftLimit,
    { userKey, createdAt, handle: own }: SessionRecord,
    journal: Journal | undefined,
  ): Promise<string[]> {
    const ended: string[] = [];
    try {
      const values = [userKey, createdAt, own];
      const surplus = await runner.run((await prepared()).surplusOfUser(limit.max, limit.atOnce + 1), values);
      const { oldest } = decideLimit(limit, surplus.rows.length);
      // The query stops at one too many. Its rows are then not the oldest.
      const { rows } =
        oldest === surplus.rows.length ? surplus : await runner.run((await prepared()).oldestOfUser(oldest), values);
      for (const handle of rows.map(readHandle)) {
        if (await endBy((endings) => endings.endOne({ handle }, journal))) ended.push(handle);
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

    async createSession(record, limit, replaces, journal) {
      const signIn = { record, replaces, journal };
      if (limit !== undefined && limit.onLimit !== "trim") return createWithin(limit, signIn);
      await prepared();
      if (dialect === "postgres") return endBy((endings) => endings.signIn(signIn, limit));
      const isPlain = replaces === undefined && journal?.begun.audit === undefined;
      const replaced = await (isPlain
        ? takeSteps(runner.run, (await prepared()).endings.signInOver(signIn))
        : endBy((endings) => endings.signInOver(signIn)));
      return {
        created: true,
        ended: limit === undefined ? [] : await trim(limit, record, journal?.ended),
        replaced,
      };
    },

    async findSession(handle) {
      const [row] = (await runner.run((await prepared()).find, [handle])).rows;
      return row === undefined ? undefined : readSession(row);
    },

    commitRefresh: async (handle, version, write) =>
      (await runner.run((await prepared()).commitRefresh, [...refreshValues(write), handle, version])).changes > 0,

    replaceClaims: (handle, version, claims, journal) =>
      endBy((endings) => endings.replaceClaims({ handle, version, claims }, journal)),

    replaceData: async (handle, version, data) =>
      (await runner.run((await prepared()).replaceData, [data, handle, version])).changes > 0,

    replaceLabel: async (handle, version, label) =>
      (await runner.run((await prepared()).replaceLabel, [label, handle, version])).changes > 0,

    replaceSignIn: async (handle, version, { authTime, amr }) =>
      (await runner.run((await prepared()).replaceSignIn, [authTime, amr, handle, version])).changes > 0,

    deleteSession: (handle, journal) => endBy((endings) => endings.endOne({ handle }, journal)),

    deleteSessionAtVersion: (handle, version, journal) =>
      endBy((endings) => endings.endOne({ handle, version }, journal)),

    deleteSessionsOfUser: (userKey, except = "", limit, journal) =>
      endBy((endings) => endings.endOfUser({ userKey, except, limit }, journal)),

    async appendLog(entry, journal) {
      await runner.run((await prepared()).journal.append, appendValues(entry, journal));
    },

    async readLog(since, limit) {
      const statements = await prepared();
      if (logFault !== undefined) throw unsuitableStore(logFault);
      const { rows } = await runner.run(statements.journal.read(limit), [since]);
      return readPage(rows, dialect);
    },

    logFault: () => logFault,

    ...messagesOf(driver, channelOf(prefix), async () => {
      await runner.run((await prepared()).journal.announce, [channelOf(prefix)]);
    }),

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
        if (logFault === undefined) await runner.run((await prepared()).journal.forget, []);
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

/** The statements of the server, once it is known. */
interface Prepared extends SqlStatements {
  readonly endings: SqlEndings;
}

/** Takes each step with the answer of the one before. */
async function takeSteps<T>(step: SqlRun, steps: Ending<T>): Promise<T> {
  for (let next = steps.next(); ;) {
    if (next.done === true) return next.value;
    next = steps.next(await step(next.value.statement, next.value.values));
  }
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

/** How long a message may take, in ms. */
const PATIENCE = 2000;

/**
 * The operations for messages, if the database has any. A pooler may accept LISTEN and deliver
 * nothing, so a message is sent at the beginning.
 */
function messagesOf(
  { listen }: SqlDriver,
  channel: string,
  announceLog: () => Promise<void>,
): Pick<SessionStore, "announceLog" | "watchLog"> {
  if (listen === undefined) return {};
  return {
    announceLog,
    async watchLog(wake, url, tell) {
      let isHeard = false;
      const stop = await listen(
        channel,
        () => {
          isHeard = true;
          wake();
        },
        url,
      );
      const timer = setTimeout(() => {
        if (!isHeard) tell("LISTEN was accepted, but a message did not arrive, as through a pooler");
      }, PATIENCE).unref();
      await announceLog();
      return async () => {
        clearTimeout(timer);
        await stop();
      };
    },
  };
}

const channelOf = (prefix: string): string => `${prefix}revocation`;

/** A missing table or right is no reason to fail: only the mode "feed" needs the log. */
async function findLogFault(runner: SqlRunner, { journal }: SqlStatements): Promise<string | undefined> {
  try {
    await runner.run(journal.probe, []);
    return undefined;
  } catch (error) {
    if (isErrorFromAuth(error) && (error.code === "SCHEMA_MISSING" || error.code === "STORE_UNSUITABLE"))
      return error.detail;
    throw error;
  }
}
