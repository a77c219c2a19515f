import type { SessionRecord } from "../session/record.ts";

/**
 * Rows of sessions by their handles, with an index by user: what is asked of one user looks at no
 * row of another.
 */
export interface MemoryRows {
  readonly get: (handle: string) => SessionRecord | undefined;
  /** Adds a row, or puts it in the place of the one with its handle. */
  readonly put: (row: SessionRecord) => void;
  /** Whether there was one. */
  readonly remove: (handle: string) => boolean;
  /** In no order. */
  readonly ofUser: (userKey: string) => SessionRecord[];
  readonly all: () => IterableIterator<SessionRecord>;
}

/** @param byUser is filled with the rows of each user who has one, by their handles */
export function createMemoryRows(byUser: Map<string, Map<string, SessionRecord>> = new Map()): MemoryRows {
  const rows = new Map<string, SessionRecord>();

  function remove(handle: string): boolean {
    const row = rows.get(handle);
    if (row === undefined) return false;
    const others = byUser.get(row.userKey);
    others?.delete(handle);
    // Users come and go, and a process that runs for months must not keep a place for each of them.
    if (others?.size === 0) byUser.delete(row.userKey);
    return rows.delete(handle);
  }

  return {
    get: (handle) => rows.get(handle),
    put(row) {
      if (rows.get(row.handle)?.userKey !== row.userKey) remove(row.handle);
      rows.set(row.handle, row);
      const ofUser = byUser.get(row.userKey);
      if (ofUser === undefined) byUser.set(row.userKey, new Map([[row.handle, row]]));
      else ofUser.set(row.handle, row);
    },
    remove,
    ofUser: (userKey) => [...(byUser.get(userKey)?.values() ?? [])],
    all: () => rows.values(),
  };
}
