import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Error as AuthError, type SessionError } from "counterfoil";
import type { SqliteDatabase } from "counterfoil/sqlite";
import { onTestFinished } from "vitest";
import { newRecord } from "../../src/lib/testing/store/rows.ts";

export const SECRET = "the secret of the store tests, long enough";

/** A folder that goes with the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "counterfoil-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** better-sqlite3 brings no types; the shape that the store asks for is all that is needed. */
export function openBetterSqlite(path: string): SqliteDatabase {
  const Database = createRequire(import.meta.url)("better-sqlite3") as new (path: string) => SqliteDatabase;
  return new Database(path);
}

/** The SessionError that `promise` fails with; fails itself when there is none. */
export async function caught(promise: Promise<unknown>): Promise<SessionError> {
  const error: unknown = await promise.then(
    () => new Error("nothing was thrown"),
    (reason: unknown) => reason,
  );
  // Also of the copy in build/.
  if (AuthError.isErrorFromAuth(error)) return error;
  throw error;
}

/**
 * How a call ends, in a word: `ok`, or kind and code of the error, for instance
 * `UNAUTHORISED/SESSION_NOT_FOUND`.
 */
export async function outcomeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return "ok";
  } catch (error) {
    if (!AuthError.isErrorFromAuth(error)) throw error;
    const kind = Object.entries(AuthError).find(([, value]) => value === error.errType);
    return `${kind?.[0]}/${error.code}`;
  }
}

/** Columns that the last step of the schema added. */
const ADDED = ["replacedHandle", "persistent", "amr", "actorKey", "actorHandle", "label", "knownDevice"];

/** A row as the schema before the last step can keep it, and what the columns since then hold. */
export function rowOfVersionBefore(): { row: Readonly<Record<string, string | number | null>>; read: object } {
  const record = newRecord();
  const row = Object.fromEntries(Object.entries(record).filter(([name]) => !ADDED.includes(name)));
  return { row, read: record };
}
