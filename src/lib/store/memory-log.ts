import type { AuditPosition, AuditQuery, AuditRow, NewAuditRow } from "../revocation/audit-store.ts";
import { type Journal, type LogEntry, type LogPage, type NewLogEntry, WRITER_LENGTH } from "../revocation/log-store.ts";
import type { SessionRecord } from "../session/record.ts";

/** The log of revocations and the audit table of a store in memory. */
export interface MemoryLog {
  readonly append: (entry: NewLogEntry, journal: Journal | undefined) => void;
  readonly audit: (row: SessionRecord, journal: Journal | undefined) => void;
  readonly appendAudit: (row: NewAuditRow, id: string) => void;
  readonly readAudit: (query: AuditQuery) => readonly AuditRow[];
  /** @returns how many rows it removed */
  readonly removeAudit: (matches: (row: AuditRow) => boolean, limit: number) => number;
  readonly read: (since: number, limit: number) => LogPage;
  readonly watch: (wake: () => void) => () => Promise<void>;
  /** Removes entries that no longer count. */
  readonly forget: () => void;
}

/** How long an operation may take, in ms. Here it is done at once; the clock may be set back. */
const OVERLAP = 1000;

export function createMemoryLog(): MemoryLog {
  let logged: { readonly at: number; readonly entry: LogEntry }[] = [];
  /** The oldest first. */
  let audited: AuditRow[] = [];
  const appendAudit = ({ event, handle, userKey, actorKey, facts }: NewAuditRow, id: string): void =>
    void audited.push({ loggedAt: Date.now(), id, event, handle, userKey, actorKey, facts });
  const listeners = new Set<() => void>();
  return {
    append(entry, journal) {
      if (journal === undefined) return;
      const at = Date.now();
      const base = { until: at + journal.keep, by: journal.id.slice(0, WRITER_LENGTH) };
      const isEpoch = entry.kind === "user" || entry.kind === "all";
      logged.push({ at, entry: isEpoch ? { ...entry, ...base, at, id: journal.id } : { ...entry, ...base } });
      for (const wake of listeners) wake();
    },
    audit({ handle, userKey, actorKey }, journal) {
      if (journal?.audit !== undefined)
        appendAudit({ handle, userKey, actorKey, ...journal.audit }, journal.id + handle);
    },
    appendAudit,
    readAudit({ userKey, from, limit, after }) {
      const isAsked = (row: AuditRow): boolean =>
        row.loggedAt >= from &&
        (userKey === undefined || row.userKey === userKey) &&
        (after === undefined || newestFirst(after, row) < 0);
      return audited.filter(isAsked).sort(newestFirst).slice(0, limit);
    },
    removeAudit(matches, limit) {
      const removed = new Set(audited.filter(matches).slice(0, limit));
      audited = audited.filter((row) => !removed.has(row));
      return removed.size;
    },
    read(since, limit) {
      const storeTime = Date.now();
      const entries = logged.flatMap(({ at, entry }) => (at >= since && entry.until > storeTime ? entry : []));
      return { entries: entries.slice(0, limit), storeTime, overlap: OVERLAP };
    },
    watch(wake) {
      listeners.add(wake);
      return async () => void listeners.delete(wake);
    },
    forget() {
      const now = Date.now();
      logged = logged.filter(({ entry }) => entry.until > now);
    },
  };
}

/** Ids are ASCII, so UTF-16 order equals byte order. */
const newestFirst = (a: AuditPosition, b: AuditPosition): number =>
  b.loggedAt - a.loggedAt || Number(a.id < b.id) - Number(a.id > b.id);
