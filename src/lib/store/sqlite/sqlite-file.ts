import { randomUUID } from "node:crypto";
import { linkSync, renameSync, rmSync, statSync } from "node:fs";

/** Which files stand at the paths of a database: changes when another takes the place of one. */
export interface FileMarks {
  /** As the app wrote it, so that a link is followed anew. */
  readonly path: string;
  /** As SQLite has opened it; `-wal` and `-shm` lie beside it. */
  readonly opened: string;
  readonly main: Mark;
  readonly wal: Mark;
  readonly shm: Mark;
}

/**
 * Device and inode; empty: nothing is there. Undefined: it cannot be told, so it counts as
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

/** @param main what stood at `path` before it was opened, where that is known */
export function markFiles(path: string, opened: string, main: Mark = ""): FileMarks {
  const [wal, shm] = [markOf(`${opened}-wal`), markOf(`${opened}-shm`)];
  return { path, opened, main: main === "" ? markOf(path) : main, wal, shm };
}

/** What has happened since the files were marked. */
export function changeOf(marks: FileMarks): FileChange | undefined {
  const main = markOf(marks.path);
  if (isChanged(marks.main, main)) return main === "" ? "deleted" : "replaced";
  return isChanged(marks.wal, markOf(`${marks.opened}-wal`)) ? "wal-deleted" : undefined;
}

const isChanged = (before: Mark, now: Mark): boolean => Boolean(before) && now !== undefined && now !== before;

/**
 * Removes `-wal` and `-shm` if they belong to a file that is no longer there: SQLite would play
 * them into the one that has taken its place.
 */
export function removeStale({ opened, main, wal, shm }: FileMarks): void {
  // A link leads elsewhere, and the file that is still there keeps what belongs to it.
  if (main && markOf(opened) === main) return;
  removeMarked(`${opened}-wal`, wal);
  removeMarked(`${opened}-shm`, shm);
}

/**
 * Another process may remove it as well after the look, and begin a new one: what is taken away by
 * its name is looked at again, and given back if it is that.
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

/** Never over one that has come meanwhile. */
function giveBack(aside: string, file: string): void {
  try {
    linkSync(aside, file);
  } catch {
    if (markOf(file) === "") renameSync(aside, file);
  }
}

/** Whether others have made a `-shm` of their own, and no longer share the one that was marked. */
export const isLeftBehind = ({ opened, shm }: FileMarks): boolean => {
  const now = markOf(`${opened}-shm`);
  return now !== "" && isChanged(shm, now);
};
