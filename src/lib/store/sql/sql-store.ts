import type { ExactLimit, SessionLimit, SoftLimit } from "../../policy.ts";
import { generalError, isErrorFromAuth } from "../../errors.ts";
import type { CreateOutcome, SessionStore } from "../../session/session-store.ts";
import { asStep, unsuitableStore } from "../../session/store-error.ts";
import type { Journal } from "../../revocation/log-store.ts";
import {
  createSqlEndings,
  type Ending,
  type EndingStep,
  MOST_AT_ONCE,
  type SignIn,
  type SqlEndings,
  takeSteps,
} from "./sql-endings.ts";
import { appendValues, auditQueryValues, auditValues, readAuditRow, readPage } from "./sql-journal.ts";
import type { SessionRecord } from "../../session/record.ts";
import { type MigrationSource, readMigrations } from "../migrations.ts";
import type { Lending } from "../store-access.ts";
import type { SqlDriver, SqlResult } from "./sql-driver.ts";
import { createSqlRunner, type SqlRun, type SqlRunner } from "./sql-runner.ts";
import { chooseEnded, rememberDevice, signInOnce } from "./sql-sign-in.ts";
import { createTransactionStore } from "./sql-transaction.ts";
import { prepareSchema } from "./sql-schema.ts";
import {
  buildStatements,
  keyValues,
  listValues,
  readKey,
  readSession,
  readSummary,
  refreshValues,
  type SqlStatement,
  type SqlStatements,
} from "./sql-statements.ts";
import { familyOf, type SqlDialect, type SqlTraits, TRAITS } from "./sql-traits.ts";

export interface SqlStoreOptions {
  /** What the store says that it is. */
  readonly kind?: string | undefined;
  readonly driver: SqlDriver;
  /** Determines the kind of server. @throws SessionError `STORE_UNSUITABLE` */
  readonly inspect: (runner: SqlRunner) => Promise<SqlDialect>;
  /** Makes or checks the tables. Default: `prepareSchema`. */
  readonly schema?: typeof prepareSchema | undefined;
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
  schema = prepareSchema,
  prefix,
  migrate,
  source = readMigrations,
  timeout,
  queueLimit,
}: SqlStoreOptions): SessionStore {
  let preparing: Promise<Prepared> | undefined;
  /** Those of the last opening, for transactions of the app, which wait for nothing. */
  let latest: Prepared | undefined;
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
  let { causal }: SqlTraits = TRAITS.mysql;
  let dialect: SqlDialect = "mysql";
  /** Why the log cannot be written. */
  let logFault: string | undefined;

  async function open(): Promise<Prepared> {
    dialect = await inspect(runner);
    await schema(runner, driver, {
      dialect: familyOf(dialect),
      prefix,
      migrate,
      remake: !hasOpened,
      source,
      causal: TRAITS[dialect].causal,
    });
    const statements = buildStatements(dialect, prefix);
    // Each process of D1 starts anew all the time, and its binding can always write.
    if (dialect !== "d1") await probe(statements);
    ({ causal } = TRAITS[dialect]);
    hasOpened = true;
    const endings = createSqlEndings(statements, { ...TRAITS[dialect], isLogged: logFault === undefined });
    latest = { ...statements, endings };
    return latest;
  }

  async function probe(statements: SqlStatements): Promise<void> {
    // A write without effect: a replica, a missing right or a partial schema must fail now, not at
    // the first sign-in.
    const { changes } = await runner.run(statements.lockRow, ["sweep"]);
    if (changes !== 1) {
      throw generalError(
        "SCHEMA_MISSING",
        `the table ${prefix}lease has lost its rows; drop it and restart the app, which makes it anew (migrate: true), or run the statements that name it of what npx counterfoil migrate --print prints`,
      );
    }
    logFault = await findFault(runner, [statements.journal.probe]);
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
    if (endings.isOneStatement) return takeSteps(stepBy(runner.run), choose(endings));
    return runner.transaction(causal, (run) => takeSteps(stepBy(run), choose(endings)));
  }

  /**
   * If far too many sessions have to end, several short transactions remove a few each, so that
   * other sign-ins wait only briefly.
   */
  async function createWithin(limit: ExactLimit, signIn: SignIn): Promise<CreateOutcome> {
    const ended: string[] = [];
    for (;;) {
      const taken = prepared().then((all) => {
        const steps = { all, endings: all.endings, chunks: CHUNKS, isSerial: false, isJoined: false };
        return runner.transaction(causal, (run) => takeSteps(stepBy(run), signInOnce(steps, signIn, limit)));
      });
      const attempt = await asStep(ended.length === 0, taken);
      ended.push(...attempt.ended);
      if (attempt.isDone) return { created: attempt.created, ended, replaced: attempt.replaced };
    }
  }

  /** The same without a transaction: each batch ends many, and the last one makes the session. */
  async function createInBatches(limit: SessionLimit | undefined, signIn: SignIn): Promise<CreateOutcome> {
    const ended: string[] = [];
    for (;;) {
      const taken = endBy((endings) => endings.signIn(signIn, limit));
      const { created, replaced, ended: part } = await asStep(ended.length === 0, taken);
      ended.push(...part);
      if (created || limit?.onLimit === "refuse") return { created, ended, replaced };
    }
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
      const choice = { limit, rivals: [userKey, createdAt, own], chunks: CHUNKS };
      const { handles } = await takeSteps(stepBy(runner.run), chooseEnded(await prepared(), choice));
      for (const handle of handles) {
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

  const store: SessionStore & Lending = {
    kind,
    timeout,

    async prepare() {
      await prepared();
    },

    async createSession(record, limit, replaces, journal) {
      const signIn = { record, replaces, journal };
      await prepared();
      if (dialect === "d1") return createInBatches(limit, signIn);
      if (limit !== undefined && limit.onLimit !== "trim") return createWithin(limit, signIn);
      if (dialect === "postgres") return endBy((endings) => endings.signIn(signIn, limit));
      const isPlain = replaces === undefined && journal?.begun.audit === undefined;
      const replaced = await (isPlain
        ? takeSteps(stepBy(runner.run), (await prepared()).endings.signInOver(signIn))
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

    within(query) {
      if (latest === undefined || dialect === "d1") return undefined;
      const { toParameter, diagnose } = driver;
      return createTransactionStore({ all: latest, endings: latest.endings, dialect, toParameter, diagnose, query });
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

    rememberDevice: async (userKey, device, now, until) => {
      const visit = { userKey, device, now, until, attempts: Number.POSITIVE_INFINITY };
      return takeSteps(stepBy(runner.run), rememberDevice(await prepared(), visit));
    },

    forgetDevices: async (userKey) => (await runner.run((await prepared()).forgetDevices, [userKey])).changes,

    async appendAudit(row, id) {
      await runner.run((await prepared()).journal.auditRow, auditValues(row, id));
    },

    async readAudit(query) {
      const { journal } = await prepared();
      const statement = query.userKey === undefined ? journal.readAudit : journal.readAuditOfUser;
      return (await runner.run(statement(query.limit), auditQueryValues(query))).rows.map(readAuditRow);
    },

    deleteOldAudit: async (age, limit) => (await runner.run((await prepared()).deleteOldAudit(limit), [age])).changes,

    findAuditFault: async () => findFault(runner, (await prepared()).journal.auditProbes),

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
    access: {
      kind: "sql",
      prefix,
      migrate,
      inspect: () => inspect(runner),
      checkSchema: (family) =>
        schema(runner, driver, { dialect: family, prefix, migrate: false, remake: false, source, causal: "" }),
      ask: async (text) => (await runner.withConnection((connection) => connection.execute(text))).rows,
    },
  };
  return store;
}

/** The statements of the server, once it is known. */
interface Prepared extends SqlStatements {
  readonly endings: SqlEndings;
}

const stepBy =
  (run: SqlRun) =>
  ({ statement, values }: EndingStep): Promise<SqlResult> =>
    run(statement, values);

/** The most devices that one step of a sweep forgets: over a million a day. */
const DEVICES_AT_ONCE = 1000;

/**
 * How many handles one statement removes; its text depends on the number. Fewer are removed one by
 * one.
 */
const CHUNKS = [MOST_AT_ONCE, 50, 10] as const;

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

/**
 * A missing table or right is no reason to fail: only the mode "feed" needs the log, and only an
 * option the audit table.
 */
async function findFault(runner: SqlRunner, probes: readonly SqlStatement[]): Promise<string | undefined> {
  try {
    for (const probe of probes) await runner.run(probe, []);
    return undefined;
  } catch (error) {
    if (isErrorFromAuth(error) && (error.code === "SCHEMA_MISSING" || error.code === "STORE_UNSUITABLE"))
      return error.detail;
    throw error;
  }
}
