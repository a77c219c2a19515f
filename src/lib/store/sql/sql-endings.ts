import type { SessionLimit } from "../../policy.ts";
import type { Journal } from "../../revocation/log-store.ts";
import type { SessionRecord } from "../../session/record.ts";
import type { CreateOutcome, SignInJournal } from "../../session/session-store.ts";
import type { SqlResult } from "./sql-driver.ts";
import { appendValues, type Combined, type LoggedUser, valuesOf } from "./sql-journal.ts";
import {
  ENDED,
  MADE,
  readHandle,
  REPLACED,
  sessionValues,
  type SqlStatement,
  type SqlStatements,
  type SqlValue,
} from "./sql-statements.ts";
import type { SqlTraits } from "./sql-traits.ts";

export interface SignIn {
  readonly record: SessionRecord;
  readonly replaces: string | undefined;
  readonly journal: SignInJournal | undefined;
}

/** One statement of an ending. */
export interface EndingStep {
  readonly statement: SqlStatement;
  readonly values: readonly SqlValue[];
  /** Whether it returns rows. */
  readonly hasRows: boolean;
}

/** The steps of an ending, in one transaction. The database answers each before the next. */
export type Ending<T> = Generator<EndingStep, T, SqlResult>;

export interface SqlEndingTraits extends Pick<SqlTraits, "namesRemoved"> {
  /** Whether one statement can change rows and write beside them, without a transaction. */
  readonly isOneStatement: boolean;
  readonly isLogged: boolean;
}

/**
 * Changes of rows together with the log of revocations and the audit table, as generators of steps:
 * SQLite takes the steps at once, the others await each.
 */
export interface SqlEndings {
  readonly isOneStatement: boolean;
  /** @returns whether the session existed */
  readonly endOne: (at: RowAt, journal: Journal | undefined) => Ending<boolean>;
  /** @returns the handles that existed */
  readonly endHandles: (handles: readonly string[], journal: Journal | undefined) => Ending<string[]>;
  /** @returns the handles that existed */
  readonly endOfUser: (user: UserPart, journal: Journal | undefined) => Ending<string[]>;
  readonly replaceClaims: (change: ClaimsChange, journal: Journal | undefined) => Ending<boolean>;
  readonly insert: (record: SessionRecord, journal: Journal | undefined) => Ending<void>;
  /** A sign-in without a limit. @returns whether it replaced a session */
  readonly signInOver: (signIn: SignIn) => Ending<boolean>;
  /**
   * PostgreSQL and D1: a whole sign-in in one call. A limit that counts exactly is for D1. With
   * "end-oldest" nothing may be created yet, because more sessions have to end.
   */
  readonly signIn: (signIn: SignIn, limit: SessionLimit | undefined) => Ending<CreateOutcome>;
}

interface RowAt {
  readonly handle: string;
  /** Undefined: any. */
  readonly version?: number | undefined;
}

interface UserPart {
  readonly userKey: string;
  /** Empty: none. */
  readonly except: string;
  readonly limit: number;
}

interface ClaimsChange {
  readonly handle: string;
  readonly version: number;
  readonly claims: string;
}

/** The most sessions that one transaction or batch ends. */
export const MOST_AT_ONCE = 200;

export const change = (statement: SqlStatement, values: readonly SqlValue[]): EndingStep => ({
  statement,
  values,
  hasRows: false,
});

export const ask = (statement: SqlStatement, values: readonly SqlValue[]): EndingStep => ({
  statement,
  values,
  hasRows: true,
});

/** Takes each step with the answer of the one before. */
export async function takeSteps<T>(take: (step: EndingStep) => Promise<SqlResult>, steps: Ending<T>): Promise<T> {
  for (let next = steps.next(); ;) {
    if (next.done === true) return next.value;
    next = steps.next(await take(next.value));
  }
}

export function createSqlEndings(
  all: SqlStatements,
  { isOneStatement, isLogged, namesRemoved }: SqlEndingTraits,
): SqlEndings {
  const kindsFor = (journal: Journal | undefined, logged?: Combined): readonly Combined[] => {
    if (journal === undefined) return [];
    const kinds: readonly Combined[] = logged === undefined || !isLogged ? [] : [logged];
    return journal.audit === undefined ? kinds : [...kinds, "audit"];
  };

  /** The one statement that changes rows and writes beside them. */
  function combined(
    { name, text, values }: { readonly name: string; readonly text: string; readonly values: readonly SqlValue[] },
    {
      journal,
      logged,
      user,
    }: { readonly journal: Journal | undefined; readonly logged: Combined; readonly user?: LoggedUser },
  ): EndingStep {
    const kinds = kindsFor(journal, logged);
    const written = kinds.flatMap((kind) => valuesOf(kind, journal, user));
    return ask(all.journal.combined(name, text, kinds), [...values, ...written]);
  }

  const endings: SqlEndings = {
    isOneStatement,

    *endOne({ handle, version }, journal) {
      const values = version === undefined ? [handle] : [handle, version];
      const name = version === undefined ? "delete" : "deleteAtVersion";
      if (isOneStatement) {
        const { rows } = yield combined({ name, text: all.changes[name], values }, { journal, logged: "ended" });
        return rows.length > 0;
      }
      if (journal?.audit !== undefined) {
        const condition = version === undefined ? "WHERE handle = ?" : "WHERE handle = ? AND version = ?";
        yield change(all.journal.auditRows(name, condition), [...valuesOf("audit", journal), ...values]);
      }
      const { changes } = yield change(all[name], values);
      if (changes === 0) return false;
      if (isLogged && journal !== undefined)
        yield change(all.journal.append, appendValues({ kind: "ended", handle }, journal));
      return true;
    },

    *endHandles(handles, journal) {
      const count = handles.length;
      if (isOneStatement) {
        const text = all.changes.deleteHandles(count);
        const step = combined({ name: `delete_${count}`, text, values: handles }, { journal, logged: "ended" });
        return (yield step).rows.map(readHandle);
      }
      const locked = namesRemoved === "no" ? yield ask(all.lockHandles(count), handles) : undefined;
      if (journal?.audit !== undefined) {
        const condition = `WHERE handle IN (${handles.map(() => "?").join(", ")})`;
        yield change(all.journal.auditRows(`handles_${count}`, condition), [...valuesOf("audit", journal), ...handles]);
      }
      const removed = yield { ...ask(all.deleteHandles(count), handles), hasRows: locked === undefined };
      const ended = (locked ?? removed).rows.map(readHandle);
      if (isLogged && journal !== undefined)
        for (const handle of ended) yield change(all.journal.append, appendValues({ kind: "ended", handle }, journal));
      return ended;
    },

    *endOfUser({ userKey, except, limit }, journal) {
      const values = [userKey, except];
      const user = { userKey, except: except === "" ? null : except };
      if (isOneStatement) {
        const text = all.changes.deleteOfUser(limit);
        const step = combined({ name: `delete_of_user_${limit}`, text, values }, { journal, logged: "user", user });
        return (yield step).rows.map(readHandle);
      }
      const locked = namesRemoved === "no" ? yield ask(all.lockHandlesOfUser(limit), values) : undefined;
      if (journal?.audit !== undefined)
        yield change(all.auditOfUser(limit), [...valuesOf("audit", journal), ...values]);
      const isNone = locked?.rows.length === 0;
      const removed = isNone
        ? locked
        : yield { ...ask(all.deleteOfUser(limit), values), hasRows: locked === undefined };
      if (isLogged && journal !== undefined)
        yield change(all.journal.append, appendValues({ kind: "user", ...user }, journal));
      return (locked ?? removed).rows.map(readHandle);
    },

    *replaceClaims({ handle, version, claims }, journal) {
      const values = [claims, handle, version];
      if (isOneStatement) {
        const text = all.changes.replaceClaims;
        const { rows } = yield combined({ name: "claims", text, values }, { journal, logged: "claims" });
        return rows.length > 0;
      }
      const { changes } = yield change(all.replaceClaims, values);
      if (changes === 0) return false;
      if (isLogged && journal !== undefined)
        yield change(all.journal.claimsOfRow, [...valuesOf("claims", journal), handle]);
      if (journal?.audit !== undefined)
        yield change(all.journal.auditRows("claims", "WHERE handle = ?"), [...valuesOf("audit", journal), handle]);
      return true;
    },

    *insert(record, journal) {
      yield change(all.insert, sessionValues(record));
      if (journal?.audit === undefined) return;
      const { handle, userKey, actorKey } = record;
      const { event, facts } = journal.audit;
      yield change(all.journal.auditRow, [journal.id + handle, event, handle, userKey, actorKey, facts]);
    },

    *signInOver({ record, replaces, journal }) {
      const replaced = replaces !== undefined && (yield* endings.endOne({ handle: replaces }, journal?.replaced));
      yield* endings.insert(record, journal?.begun);
      return replaced;
    },

    *signIn({ record, replaces, journal }, limit) {
      const rivals = [record.userKey, record.createdAt, replaces ?? ""];
      const replaced = replaces === undefined ? [] : kindsFor(journal?.replaced, "ended");
      const ended = kindsFor(journal?.ended, "ended");
      const begun = kindsFor(journal?.begun);
      const isSoft = limit === undefined || limit.onLimit === "trim";
      const part = limit === undefined ? undefined : { ...limit, atOnce: isSoft ? limit.atOnce : MOST_AT_ONCE };
      const statement = all.signIn({ replaces: replaces !== undefined, limit: part, replaced, ended, begun });
      const { rows } = yield ask(statement, [
        ...sessionValues(record),
        ...(replaces === undefined ? [] : [replaces]),
        ...(limit === undefined ? [] : [...rivals, ...rivals]),
        ...(limit === undefined || limit.onLimit === "refuse"
          ? []
          : ended.flatMap((kind) => valuesOf(kind, journal?.ended))),
        ...replaced.flatMap((kind) => valuesOf(kind, journal?.replaced)),
        ...begun.flatMap((kind) => valuesOf(kind, journal?.begun)),
      ]);
      const flagged = (wanted: number): string[] => rows.filter(([, flag]) => Number(flag) === wanted).map(readHandle);
      return {
        created: isSoft || flagged(MADE).length > 0,
        ended: flagged(ENDED),
        replaced: flagged(REPLACED).length > 0,
      };
    },
  };
  return endings;
}
