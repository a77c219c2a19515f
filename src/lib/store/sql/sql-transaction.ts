import { outsideCalls } from "../../call.ts";
import { retryLater } from "../../errors.ts";
import type { TransactionQuery, TransactionStore } from "../../session/session-store.ts";
import { readAppResult } from "./app-result.ts";
import { refuseReplica, type SqlDriver, type SqlResult } from "./sql-driver.ts";
import { ask, change, type Ending, type EndingStep, type SqlEndings, takeSteps } from "./sql-endings.ts";
import { explain } from "./sql-runner.ts";
import { rememberDevice, signInOnce } from "./sql-sign-in.ts";
import { readSession, type SqlStatements } from "./sql-statements.ts";
import type { SqlDialect } from "./sql-traits.ts";

export interface SqlTransactionParts extends Pick<SqlDriver, "toParameter" | "diagnose"> {
  readonly all: SqlStatements;
  readonly endings: SqlEndings;
  readonly dialect: SqlDialect;
  readonly query: TransactionQuery;
}

/** A store in a transaction of the app: the same steps, each by the app's `query`. */
export function createTransactionStore(parts: SqlTransactionParts): TransactionStore {
  const { all, endings, dialect, toParameter, query } = parts;
  const signInSteps = { all, endings, chunks: CHUNKS, isSerial: false, isJoined: true };
  const diagnosis = { diagnose: (error: unknown) => diagnoseChain(error, parts.diagnose) };

  async function take({ statement, values, hasRows }: EndingStep): Promise<SqlResult> {
    try {
      const given = values.map(toParameter);
      // A call that the app makes in it has its own time.
      const answer: unknown = await outsideCalls(() => query(statement.text, given, { returnsRows: hasRows }));
      return refuseReplica(statement, readAppResult(answer, hasRows));
    } catch (error) {
      if (diagnosis.diagnose(error)?.kind === "conflict") throw conflict();
      throw explain(error, diagnosis);
    }
  }

  const by = <T>(steps: Ending<T>): Promise<T> => takeSteps(take, steps);

  return {
    async createSession(record, limit, replaces, journal) {
      const signIn = { record, replaces, journal };
      if (dialect === "postgres" && (limit === undefined || limit.onLimit === "trim"))
        return by(endings.signIn(signIn, limit));
      const ended: string[] = [];
      for (;;) {
        const { isDone, ...part } = await by(signInOnce(signInSteps, signIn, limit));
        ended.push(...part.ended);
        if (isDone) return { ...part, ended };
      }
    },

    async findSession(handle) {
      const [row] = (await take(ask(all.find, [handle]))).rows;
      return row === undefined ? undefined : readSession(row);
    },

    replaceClaims: (handle, version, claims, journal) =>
      by(endings.replaceClaims({ handle, version, claims }, journal)),

    replaceData: async (handle, version, data) =>
      (await take(change(all.replaceData, [data, handle, version]))).changes > 0,

    deleteSession: (handle, journal) => by(endings.endOne({ handle }, journal)),

    deleteSessionsOfUser: (userKey, except = "", limit, journal) =>
      by(endings.endOfUser({ userKey, except, limit }, journal)),

    rememberDevice: (userKey, device, now, until) =>
      by(rememberDevice(all, { userKey, device, now, until, attempts: 1 })),
  };
}

/** As in the store's own transactions. */
const CHUNKS = [200, 50, 10] as const;

/** How many wrappers of an error are looked through: query builders add one. */
const MOST_WRAPPERS = 4;

function diagnoseChain(error: unknown, diagnose: SqlDriver["diagnose"]): ReturnType<SqlDriver["diagnose"]> {
  let inner = error;
  for (let depth = 0; depth < MOST_WRAPPERS && inner instanceof Error; depth += 1) {
    const diagnosis = diagnose(inner);
    if (diagnosis !== undefined) return diagnosis;
    inner = inner.cause;
  }
  return undefined;
}

const conflict = (): Error =>
  retryLater(
    "STORE_CONTENDED",
    "the database gave way to another transaction; roll the app's transaction back, and run it again from its begin",
  );
