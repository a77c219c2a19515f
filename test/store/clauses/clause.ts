import { deepStrictEqual as same } from "node:assert";
import type { SessionRecord } from "../../../src/lib/session/record.ts";
import type { SessionStore } from "../../../src/lib/store/session-store.ts";
import { newRecord, T0 } from "./rows.ts";

export interface StoreClause {
  readonly id: string;
  /** What the store MUST do. */
  readonly name: string;
  /** Rejects when the store breaks the clause. */
  run(store: SessionStore): Promise<void>;
}

/** Drivers give rows of their own prototype; only the columns count. */
export const plain = <T extends object>(row: T | undefined): T | undefined =>
  row === undefined ? undefined : { ...row };

export const find = async (store: SessionStore, handle: string): Promise<SessionRecord | undefined> =>
  plain(await store.findSession(handle));

export async function add(store: SessionStore, fields: Partial<SessionRecord> = {}): Promise<SessionRecord> {
  const record = newRecord(fields);
  same(await store.createSession(record, undefined), { created: true, ended: [], replaced: false });
  return record;
}

/** What a listing tells of a row. */
export function summaryOf(row: SessionRecord): Omit<SessionRecord, "claims" | "data"> {
  const { claims: _, data: __, ...summary } = row;
  return summary;
}

export const times = <T>(count: number, work: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => work(index)));

export const countTrue = (results: readonly boolean[]): number => results.filter(Boolean).length;

export const handlesOf = async (store: SessionStore, userKey: string, now = T0): Promise<string[]> =>
  (await store.listSessionsOfUser(userKey, now)).map((row) => row.handle);
