import type { ErrorCode } from "../errors.ts";
import type { Notice, NoticeCode, Notify } from "../notices.ts";
import type { Clock } from "../clock.ts";
import type { EventHub } from "./events.ts";
import type { CountedRefusals } from "./stats.ts";

const MINUTE = 60_000;

/** Reports refusals and set-up errors. Its memory does not grow with the requests of clients. */
export interface Refusals {
  /** Counts a refused request; `notice` is the reason, if known. */
  readonly count: (code: ErrorCode, notice?: Notice) => void;
  /**
   * Reports a set-up error that refuses no request, for instance cookies that the browser will
   * drop.
   */
  readonly notify: (notice: Notice) => void;
  /** As `notify`, if the process was warned already. */
  readonly note: (code: NoticeCode) => void;
  /** @returns the numbers of all kinds that were seen, since the start */
  readonly totals: () => readonly CountedRefusals[];
}

interface Counted {
  readonly code: ErrorCode | null;
  readonly notice: NoticeCode | null;
  total: number;
  toldAt: number;
  /** Since the last event. */
  count: number;
  since: number;
}

/**
 * Emits `request-refused` at the first refusal of a kind, then at most once a minute with their
 * number, so a flood costs a counter. No timer runs: the rest of a burst is reported with the next
 * refusal.
 */
export function createRefusals(notify: Notify, emit: EventHub["emit"], now: Clock): Refusals {
  // The keys are pairs from two closed lists.
  const kinds = new Map<string, Counted>();

  function count(code: ErrorCode | null, notice: NoticeCode | null): void {
    const name = `${code} ${notice}`;
    const time = now();
    const kind = kinds.get(name) ?? { code, notice, total: 0, toldAt: Number.NEGATIVE_INFINITY, count: 0, since: time };
    kinds.set(name, kind);
    if (kind.count === 0) kind.since = time;
    kind.count += 1;
    kind.total += 1;
    if (time - kind.toldAt < MINUTE) return;
    const event = { code, notice, count: kind.count, since: kind.since };
    kind.toldAt = time;
    kind.count = 0;
    emit("request-refused", event);
  }

  return {
    count(code, notice) {
      count(code, notice?.code ?? null);
      if (notice !== undefined) notify(notice);
    },
    note: (code) => count(null, code),
    totals: () => Array.from(kinds.values(), ({ code, notice, total }) => ({ code, notice, count: total })),
    notify(notice) {
      count(null, notice.code);
      notify(notice);
    },
  };
}
