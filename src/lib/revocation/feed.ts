import { beginShared } from "../call.ts";
import type { Clock } from "../clock.ts";
import type { LogEntry, LogStore } from "./log-store.ts";
import { type JudgedToken, type LogVerdict, RevokedSessions } from "./revoked-sessions.ts";

export interface FeedPolicy {
  /** How old the position in the log may be, in ms. */
  readonly bound: number;
  /** Whether to watch for messages of the store: false, true, or an address for them. */
  readonly listen: boolean | string;
}

export interface FeedParts extends FeedPolicy {
  readonly store: Pick<LogStore, "readLog" | "watchLog">;
  readonly now: Clock;
  /** Called with the new entries of each read but the first. */
  readonly heard: (entries: readonly LogEntry[]) => void;
  /** Gets the time of the store, and when it was asked for by `now`. */
  readonly noteTime?: (asked: number, storeTime: number) => void;
  /** Gets sentences for the operator. */
  readonly tell: (fault: string) => void;
  /** Never goes back and never stands still, in ms. Default: `performance.now`. */
  readonly monotonic?: Clock;
  /** The most entries in memory. Beyond it the store is asked instead. Default: 500,000. */
  readonly mostEntries?: number;
}

/** Follows the log of revocations. Requests drive the reading, so an idle process reads nothing. */
export interface Feed {
  /**
   * Whether the log was read within the bound. It starts a read early enough that a process with
   * steady requests never waits for one.
   */
  readonly isFresh: (now: number) => boolean;
  /** What the log says of a token. */
  readonly judge: (token: JudgedToken) => LogVerdict;
  /**
   * Reads the log now, or waits for the read that runs.
   *
   * @returns whether it could, and all of the log fits into memory
   */
  readonly read: () => Promise<boolean>;
  /**
   * The same for a request: a read that began long before it does not count.
   *
   * @returns whether the position is within the bound, or younger than this call
   */
  readonly readFor: () => Promise<boolean>;
  /** Whether the log was ever read. */
  readonly hasRead: () => boolean;
  /** How old the position is, in ms; undefined before the first read. */
  readonly lag: () => number | undefined;
  /** Adds what this process did itself, which acts at once. */
  readonly note: (entries: readonly LogEntry[]) => void;
  /** Increases with each new entry: a token that passed then passes until it changes. */
  readonly version: () => number;
  /** How many epochs are known, see `JudgedToken`. */
  readonly epochs: () => number;
  /** Begins to watch, if that is wanted. */
  readonly watch: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** 50 MB of ended sessions, or 155 MB of epochs of users. */
const MOST_ENTRIES = 500_000;

/**
 * After a jump of the store's clock, a failed read or a change of the server, entries may become
 * visible this much later than their time, in ms.
 */
const WIDE = 75_000;

/** How much the clocks may drift apart between two reads without being a jump, in ms. */
const DRIFT = 1000;

/** The least time between two reads that messages start, in ms. */
const PAUSE = 20;

/** Until a log that does not fit into memory is tried again, in ms. */
const RETRY_FULL = 60_000;

/** When a read began, by both clocks of this process. */
interface Moment {
  readonly monotonic: number;
  readonly time: number;
}

interface Position extends Moment {
  readonly storeTime: number;
}

export function createFeed(parts: FeedParts): Feed {
  const { bound, store, now, heard, tell, mostEntries = MOST_ENTRIES } = parts;
  const monotonic = parts.monotonic ?? (() => performance.now());
  const revoked = new RevokedSessions();
  let position: Position | undefined;
  /** Until when reads begin at `wideSince`. */
  let wideUntil = Number.NEGATIVE_INFINITY;
  let wideSince = 0;
  let reading: Promise<boolean> | undefined;
  let version = 0;
  let fullAt: number | undefined;
  /** The store's time at the first read, advanced by this process's clocks. */
  let forgetAt = Number.POSITIVE_INFINITY;
  let latest: Moment | undefined;
  let isStopped = false;

  /** By both clocks: the steady one stands still when it is set back, the other one in a freeze. */
  const ageOf = (at: Moment, time: number, steady = monotonic()): number =>
    Math.max(steady - at.monotonic, time - at.time);

  function widen(since: number): void {
    wideSince = monotonic() < wideUntil ? Math.min(wideSince, since - WIDE) : since - WIDE;
    wideUntil = monotonic() + WIDE;
  }

  function addAll(entries: readonly LogEntry[]): LogEntry[] {
    const added = entries.filter((entry) => revoked.add(entry));
    if (added.length > 0) version += 1;
    return added;
  }

  /** Where the entries that may have become visible since the last read begin. */
  function startOf(overlap: number): number {
    if (position === undefined) return 0;
    const since = position.storeTime - overlap;
    return monotonic() < wideUntil ? Math.min(since, wideSince) : since;
  }

  let overlap = WIDE;

  async function readOnce(): Promise<boolean> {
    const begun: Moment = { monotonic: monotonic(), time: now() };
    const before = position;
    let page = await store.readLog(startOf(overlap), mostEntries + 1);
    overlap = page.overlap;
    parts.noteTime?.(begun.time, page.storeTime);
    if (before !== undefined) {
      const passed = begun.monotonic - before.monotonic;
      const jumped = page.storeTime - before.storeTime - passed;
      if (Math.abs(jumped) > DRIFT + (monotonic() - begun.monotonic)) {
        widen(Math.min(before.storeTime, page.storeTime));
        page = await store.readLog(startOf(overlap), mostEntries + 1);
      }
    }
    // Tokens expire by the clock of this process, so a jump of the store's must not make it forget
    // what has ended.
    if (latest !== undefined) forgetAt += ageOf(latest, begun.time, begun.monotonic);
    latest = begun;
    forgetAt = Math.min(page.storeTime, forgetAt);
    revoked.forget(forgetAt);
    const added = addAll(page.entries);
    const isFull = page.entries.length > mostEntries || revoked.size > mostEntries;
    fullAt = isFull ? begun.monotonic : undefined;
    if (!isFull) position = { ...begun, storeTime: page.storeTime };
    if (before !== undefined && added.length > 0) heard(added);
    return !isFull;
  }

  function read(): Promise<boolean> {
    if (fullAt !== undefined && monotonic() - fullAt < RETRY_FULL) return Promise.resolve(false);
    // It is shared, so it belongs to no call.
    reading ??= beginShared(readOnce)
      .catch(() => {
        // The next server may be another one, with another clock.
        if (position !== undefined) widen(position.storeTime);
        return false;
      })
      .finally(() => {
        reading = undefined;
      });
    return reading;
  }

  async function readFor(): Promise<boolean> {
    const asked = monotonic();
    for (;;) {
      if (!(await read())) return false;
      if (position === undefined) return false;
      if (position.monotonic >= asked || ageOf(position, now()) <= bound) return true;
      // It waited for a slow read of earlier. The next one begins after this request.
    }
  }

  let unwatch: (() => Promise<void>) | undefined;
  let timer: NodeJS.Timeout | undefined;
  let soon: NodeJS.Timeout | undefined;
  let wokenAt = Number.NEGATIVE_INFINITY;

  /** The first message starts a read at once, later ones after a pause. */
  function wake(): void {
    if (isStopped || soon !== undefined) return;
    const wait = reading === undefined ? wokenAt + PAUSE - monotonic() : PAUSE;
    if (wait <= 0) {
      wokenAt = monotonic();
      void read();
      return;
    }
    soon = setTimeout(() => {
      soon = undefined;
      wake();
    }, wait).unref();
  }

  return {
    isFresh(time) {
      if (position === undefined) return false;
      const age = ageOf(position, time);
      if (age * 2 > bound) void read();
      return age <= bound;
    },
    judge: (token) => revoked.judge(token),
    read,
    readFor,
    hasRead: () => position !== undefined,
    lag: () => (position === undefined ? undefined : Math.max(0, ageOf(position, now()))),
    note(entries) {
      // Beyond this the store is asked anyway, and a later read brings them.
      if (revoked.size <= mostEntries) addAll(entries);
    },
    version: () => version,
    epochs: () => revoked.epochs,
    async watch() {
      if (parts.listen === false || timer !== undefined) return;
      // Messages may be lost, and a process without requests must know, too.
      timer = setInterval(() => void read(), bound / 2).unref();
      const url = typeof parts.listen === "string" ? parts.listen : undefined;
      unwatch = await store.watchLog?.(wake, url, tell);
      if (isStopped) await unwatch?.();
    },
    async stop() {
      isStopped = true;
      clearInterval(timer);
      clearTimeout(soon);
      await reading;
      await unwatch?.();
    },
  };
}
