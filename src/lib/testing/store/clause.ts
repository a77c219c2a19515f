import { deepStrictEqual as same } from "node:assert";
import type { SessionRecord } from "../../session/record.ts";
import type { ListPage, SessionStore } from "../../session/session-store.ts";
import { newRecord, T0 } from "./rows.ts";

/** One thing that a store must do. */
export interface StoreClause {
  /** The name of the clause, which never changes. */
  readonly id: string;
  /** What the store MUST do. */
  readonly name: string;
  /**
   * Runs the clause.
   *
   * @param store a prepared store; only the last clause closes it
   * @param others stores on the same database, best in other processes, which take part in races.
   *   Default: none
   * @throws an error if the store breaks the clause
   */
  run(store: SessionStore, others?: readonly SessionStore[]): Promise<void>;
}

/** Only the columns count, because drivers return rows with their own prototype. */
export const plain = <T extends object>(row: T | undefined): T | undefined =>
  row === undefined ? undefined : { ...row };

export async function find(store: SessionStore, handle: string): Promise<SessionRecord | undefined> {
  const found = await store.findSession(handle);
  if (found === undefined) return undefined;
  // The time is not part of the row.
  const { storeTime: _, ...row } = found;
  return row;
}

export async function add(store: SessionStore, fields: Partial<SessionRecord> = {}): Promise<SessionRecord> {
  const record = newRecord(fields);
  same(await store.createSession(record, undefined), { created: true, ended: [], replaced: false });
  return record;
}

/** The fields of a row in a listing. */
export function summaryOf(row: SessionRecord): Omit<SessionRecord, "claims" | "data"> {
  const { claims: _, data: __, ...summary } = row;
  return summary;
}

export const times = <T>(count: number, work: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => work(index)));

/** Runs `count` calls at once, distributed over all stores. */
export const race = <T>(
  stores: readonly [SessionStore, ...SessionStore[]],
  count: number,
  work: (store: SessionStore, index: number) => Promise<T>,
): Promise<T[]> => times(count, (index) => work(stores[index % stores.length] ?? stores[0], index));

export const countTrue = (results: readonly boolean[]): number => results.filter(Boolean).length;

/** One page with all sessions. */
export const ALL: ListPage = { limit: 1000 };

export const handlesOf = async (store: SessionStore, userKey: string, now: number = T0): Promise<string[]> =>
  (await store.listSessionsOfUser(userKey, now, ALL)).map((row) => row.handle);
