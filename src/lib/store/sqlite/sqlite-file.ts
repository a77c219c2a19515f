import { randomUUID } from "node:crypto";
import { linkSync, renameSync, rmSync, statSync } from "node:fs";

/** The identity of the files at the paths of a database. It changes when a file is replaced. */
export interface FileMarks {
  /** As the app wrote it, so that a link is followed again. */
  readonly path: string;
  /** As SQLite opened it; `-wal` and `-shm` are beside it. */
  readonly opened: string;
  readonly main: Mark;
  readonly wal: Mark;
  readonly shm: Mark;
}

/**
 * Device and inode; empty if there is no file. Undefined if they are unknown, which counts as
 * unchanged.
 */
export type Mark = string | undefined;

export type FileChange = "deleted" | "replaced" | "wal-deleted";

export function markOf(path: string): Mark {
  try {
    const file = statSync(path, { bigint: true, throwIfNoEntry: false });
    if (file === undefined) return "";
    // Some network file systems have no inodes.
    return file.ino === 0n ? undefined : `${file.dev}:${file.ino}`;
  } catch {
    return undefined;
  }
}

/** @param main the mark of `path` before it was opened, if known */
export function markFiles(path: string, opened: string, main: Mark = ""): FileMarks {
  const [wal, shm] = [markOf(`${opened}-wal`), markOf(`${opened}-shm`)];
  return { path, opened, main: main === "" ? markOf(path) : main, wal, shm };
}

/** Compares the files with their marks. */
export function changeOf(marks: FileMarks): FileChange | undefined {
  const main = markOf(marks.path);
  if (isChanged(marks.main, main)) return main === "" ? "deleted" : "replaced";
  return isChanged(marks.wal, markOf(`${marks.opened}-wal`)) ? "wal-deleted" : undefined;
}

const isChanged = (before: Mark, now: Mark): boolean => Boolean(before) && now !== undefined && now !== before;

/**
 * Removes `-wal` and `-shm` of a deleted file, because SQLite would apply them to its replacement.
 */
export function removeStale({ opened, main, wal, shm }: FileMarks): void {
  // A link leads to another file, and the previous one still exists with its own files.
  if (main && markOf(opened) === main) return;
  removeMarked(`${opened}-wal`, wal);
  removeMarked(`${opened}-shm`, shm);
}

/**
 * Removes a file if it still has the mark. Another process may replace it after the check, so it is
 * renamed first, checked again, and restored if it is the new one.
 */
function removeMarked(file: string, mark: Mark): void {
  if (!mark || markOf(file) !== mark) return;
  const aside = `${file}-${randomUUID()}`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if (markOf(file) === "") return;
    throw error;
  }
  if (markOf(aside) !== mark) giveBack(aside, file);
  rmSync(aside, { force: true });
}

/** Never overwrites a new file. */
function giveBack(aside: string, file: string): void {
  try {
    linkSync(aside, file);
  } catch {
    if (markOf(file) === "") renameSync(aside, file);
  }
}

/** Whether other processes have made a new `-shm`, and no longer share the marked one. */
export const isLeftBehind = ({ opened, shm }: FileMarks): boolean => {
  const now = markOf(`${opened}-shm`);
  return now !== "" && isChanged(shm, now);
};
