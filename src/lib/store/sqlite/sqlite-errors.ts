import { storeError } from "../../session/store-error.ts";
import type { SqlDiagnosis } from "../sql/sql-driver.ts";

/**
 * The cause and the solution for each primary code of SQLite. `file` is a path, or stands for one.
 */
const FACTS: Readonly<Record<string, (file: string) => string>> = {
  BUSY: (file) => `another connection keeps ${file} locked; end its transaction, or give sessions a file of their own`,
  READONLY: (file) => `${file} cannot be written; check the rights on it and on its folder`,
  IOERR: (file) => `${file} cannot be read or written; check its disk`,
  CORRUPT: (file) => `${file} is damaged; stop every process of the app, and restore a backup`,
  FULL: (file) => `there is no room left for ${file}; make room on its disk`,
  CANTOPEN: (file) => `${file} cannot be opened; check its path, and the rights on it and on its folder`,
  NOTADB: (file) => `${file} is no SQLite file, or is encrypted; check its path, or restore a backup`,
};

const NAMES: ReadonlyMap<number, string> = new Map([
  [5, "BUSY"],
  [6, "BUSY"],
  [8, "READONLY"],
  [10, "IOERR"],
  [11, "CORRUPT"],
  [13, "FULL"],
  [14, "CANTOPEN"],
  [26, "NOTADB"],
]);

/** Explains an error of the file, with its path if known; returns other errors unchanged. */
export function explainFile(error: unknown, path: string | undefined): unknown {
  const fact = FACTS[nameOf(error)];
  return fact === undefined ? error : storeError(fact(path ?? "the SQLite database"), error);
}

/** The meaning of an error on the app's own connection. */
export function diagnoseFile(error: unknown): SqlDiagnosis | undefined {
  const name = nameOf(error);
  if (name === "BUSY") return { kind: "conflict" };
  const fact = FACTS[name];
  if (fact !== undefined) return { kind: "fault", message: fact("the SQLite database") };
  return error instanceof Error && error.message.startsWith("no such table") ? { kind: "no-table" } : undefined;
}

/** node:sqlite returns a number with details in its upper bits, better-sqlite3 a name. */
function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return "";
  if ("errcode" in error && typeof error.errcode === "number") return NAMES.get(error.errcode % 256) ?? "";
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  const name = /^SQLITE_([A-Z]+)/.exec(code)?.[1] ?? "";
  return name === "LOCKED" ? "BUSY" : name;
}
