import { randomBytes } from "node:crypto";
import { type Call, currentCall } from "../call.ts";
import { CLOCK_SKEW } from "../clock.ts";
import type { Feed } from "../revocation/feed.ts";
import {
  type AuditNote,
  type Journal,
  LEAST_KEEP,
  type LogEntry,
  type NewLogEntry,
  WRITER_LENGTH,
} from "../revocation/log-store.ts";
import type { SessionStore } from "./session-store.ts";

/** Makes what operations write into the log of revocations, and follows up on it. */
export interface Journals {
  /** For one operation. */
  readonly next: (audit?: AuditNote) => Journal;
  /**
   * Whether an entry was written by this instance, which has reported it. A response that was lost
   * named no more than the call did, so its entry counts as one of another instance.
   */
  readonly isReported: (entry: LogEntry) => boolean;
  /**
   * Runs an operation that writes entries. One that took long writes them again, because readers
   * may have read past their time before they became visible.
   *
   * @param audit the row of the audit table for each session that the operation changes
   */
  readonly during: <T>(
    work: (journal: Journal) => Promise<T>,
    entriesOf: (result: T) => readonly NewLogEntry[],
    audit?: AuditNote,
  ) => Promise<T>;
  /**
   * After an operation whose response was lost: if its sessions turn out to be gone, the entries
   * are written again, because its own may become visible very late.
   */
  readonly doubt: (entries: readonly NewLogEntry[]) => void;
  /** Writes an entry by itself. */
  readonly append: (entry: NewLogEntry) => Promise<void>;
  /** Sessions that this process has ended: it knows at once, and wakes others. */
  readonly ended: (handles: readonly string[]) => void;
  /** The same for changed claims. */
  readonly changed: (handle: string, claimsVersion: number) => void;
  readonly stop: () => void;
}

export interface JournalParts {
  readonly store: Pick<
    SessionStore,
    "appendLog" | "announceLog" | "logFault" | "isProvisional" | "findSession" | "listSessionsOfUser"
  >;
  /** Runs work that nobody waits for. */
  readonly aside: (work: () => Promise<void>) => void;
  readonly feed: Feed | undefined;
  /** The validity of access tokens, in ms. */
  readonly validity: number;
  readonly listens: boolean;
  /** The shared clock. */
  readonly now: () => number;
  /** In ms. Default: `performance.now`. */
  readonly monotonic?: () => number;
}

export const endedEntries = (handles: readonly string[]): readonly NewLogEntry[] =>
  handles.map((handle) => ({ kind: "ended", handle }));

/** The most lost responses that are remembered. */
const MOST_DOUBTS = 1000;

/** Shorter than the overlap of any reader, in ms. */
const LONG = 10_000;

/** The least time between two announcements, in ms. */
const PAUSE = 20;

export function createJournals(parts: JournalParts): Journals {
  const { store, aside, feed, validity, listens, now, monotonic = () => performance.now() } = parts;
  const writer = randomBytes(WRITER_LENGTH).toString("base64url").slice(0, WRITER_LENGTH);
  const keep = Math.max(validity, LEAST_KEEP) + 2 * CLOCK_SKEW;
  const announce =
    listens && store.announceLog !== undefined ? createAnnouncer(() => store.announceLog?.()) : undefined;

  const next = (audit?: AuditNote): Journal => ({ id: writer + randomBytes(12).toString("base64url"), keep, audit });

  /** What nobody knows yet, the newest. */
  let doubtful: readonly NewLogEntry[] = [];
  /** Handles of calls whose responses were lost. */
  const lost = new Set<string>();
  let isSettling = false;

  async function isGone(entry: NewLogEntry): Promise<boolean> {
    if (entry.kind === "ended") return (await store.findSession(entry.handle)) === undefined;
    if (entry.kind !== "user") return false;
    const left = await store.listSessionsOfUser(entry.userKey, Number.NEGATIVE_INFINITY, { limit: 2 });
    return left.every(({ handle }) => handle === entry.except);
  }

  /** The store responds again. Nobody waits for it, and a failure leaves it for the next time. */
  async function settle(): Promise<void> {
    isSettling = true;
    try {
      for (const entry of doubtful) {
        if (await isGone(entry)) await append(entry);
        doubtful = doubtful.filter((other) => other !== entry);
      }
    } catch {
      // The next operation tries again.
    } finally {
      isSettling = false;
    }
  }

  /** Calls with an operation that the app may still roll back. */
  const provisional = new WeakSet<Call>();

  /** The feed then learns from the log, after the commit. */
  function note(entries: readonly LogEntry[]): void {
    const call = currentCall();
    if (call === undefined || !provisional.has(call)) feed?.note(entries);
  }

  async function append(entry: NewLogEntry): Promise<void> {
    if (store.logFault?.() !== undefined) return;
    await store.appendLog(entry, next());
    announce?.tell();
  }

  return {
    next,
    isReported: (entry) => entry.by === writer && !(entry.kind === "ended" && lost.delete(entry.handle)),
    async during(work, entriesOf, audit) {
      const begun = monotonic();
      const journal = next(audit);
      const result = await work(journal);
      const call = currentCall();
      if (call !== undefined && store.isProvisional?.(journal) === true) provisional.add(call);
      if (doubtful.length > 0 && !isSettling) aside(settle);
      if (monotonic() - begun > LONG) for (const entry of entriesOf(result)) await append(entry);
      return result;
    },
    doubt(entries) {
      doubtful = [...doubtful, ...entries].slice(-MOST_DOUBTS);
      for (const entry of entries) if (entry.kind === "ended") lost.add(entry.handle);
      for (const handle of lost) if (lost.size > MOST_DOUBTS) lost.delete(handle);
    },
    append,
    ended(handles) {
      announce?.tell();
      note(handles.map((handle) => ({ kind: "ended", handle, by: writer, until: now() + keep })));
    },
    changed(handle, claimsVersion) {
      announce?.tell();
      note([{ kind: "claims", handle, claimsVersion, by: writer, until: now() + keep }]);
    },
    stop: () => announce?.stop(),
  };
}

/** Announces the first change at once, and those shortly after it together. */
function createAnnouncer(send: () => Promise<void> | undefined): {
  readonly tell: () => void;
  readonly stop: () => void;
} {
  let sentAt = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;

  function tell(): void {
    if (timer !== undefined) return;
    const wait = sentAt + PAUSE - performance.now();
    if (wait > 0) {
      timer = setTimeout(() => {
        timer = undefined;
        tell();
      }, wait).unref();
      return;
    }
    sentAt = performance.now();
    // Only a hint: without it readers are within their bound all the same.
    void Promise.resolve(send()).catch(() => undefined);
  }

  return { tell, stop: () => clearTimeout(timer) };
}
