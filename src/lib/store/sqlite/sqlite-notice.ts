import { warnOfSetup } from "../../notices.ts";
import type { StoreTrouble } from "../../session/session-store.ts";
import type { FileChange } from "./sqlite-file.ts";

/**
 * `reopened`: the new file at the path is in use. `shared`: other processes still use the deleted
 * file. `given`: the connection belongs to the app, and only the app can reopen it.
 */
export type FileCure = "reopened" | "shared" | "given";

const STOP = "Stop every process of the app before you remove or replace the file.";
const RESTART = "Stop every process that uses the database, and start them again.";

/** Warns about a change of a database's file, in production too. */
export function fileNotice(change: FileChange | "tables-missing", path: string, cure: FileCure): StoreTrouble {
  const notice = "COUNTERFOIL_SQLITE_FILE";
  warnOfSetup(notice, `${FACTS[change](path)} ${consequenceOf(change, cure)}`);
  return { notice, isReopened: cure === "reopened" };
}

const FACTS: Readonly<Record<FileChange | "tables-missing", (path: string) => string>> = {
  deleted: (path) => `The SQLite file ${path} was deleted while it was in use.`,
  replaced: (path) => `Another SQLite file stands at ${path} than the one that was in use.`,
  "wal-deleted": (path) => `${path}-wal was deleted while it was in use; it is a part of the database.`,
  "tables-missing": (path) => `The tables of counterfoil, or some of them, are no longer in the SQLite file ${path}.`,
};

function consequenceOf(change: FileChange | "tables-missing", cure: FileCure): string {
  if (cure === "given") {
    return change === "wal-deleted"
      ? `No other process can read the database until each connection to it has been closed. ${RESTART}`
      : "The connection that the app gave goes on with the one of before, which no other process sees and which is lost when it is closed. Restart the process, or give a new connection to a new instance.";
  }
  if (cure === "shared") return `Processes that are started now cannot read the database. ${RESTART}`;
  switch (change) {
    case "deleted":
      return `A new one is in use from now on: sessions that were in the one of before are lost, and their users sign in again. ${STOP}`;
    case "replaced":
      return `That one is in use from now on: sessions that were only in the one of before are lost, and their users sign in again. ${STOP}`;
    case "wal-deleted":
      return "The database has been opened anew; what could no longer be written into it is lost.";
    case "tables-missing":
      return "The next call makes what is missing anew, empty: sessions or keys that were in it are lost, and their users sign in again.";
  }
}
