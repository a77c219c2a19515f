import type { SessionRecord } from "../session/record.ts";

/**
 * Session rows by handle, with an index by user, so that operations for one user read only that
 * user's rows.
 */
export interface MemoryRows {
  readonly get: (handle: string) => SessionRecord | undefined;
  /** Adds a row, or replaces the one with its handle. */
  readonly put: (row: SessionRecord) => void;
  /** @returns whether the row existed */
  readonly remove: (handle: string) => boolean;
  /** Unordered. */
  readonly ofUser: (userKey: string) => SessionRecord[];
  readonly all: () => IterableIterator<SessionRecord>;
}

/** @param byUser is filled with the rows of each user by handle */
export function createMemoryRows(byUser: Map<string, Map<string, SessionRecord>> = new Map()): MemoryRows {
  const rows = new Map<string, SessionRecord>();

  function remove(handle: string): boolean {
    const row = rows.get(handle);
    if (row === undefined) return false;
    const others = byUser.get(row.userKey);
    others?.delete(handle);
    // A process that runs for months must not keep an entry for each former user.
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
