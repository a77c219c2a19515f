import type { ErrorCode } from "../errors.ts";
import type { Notice, NoticeCode, Notify } from "../notices.ts";
import type { Clock } from "../clock.ts";
import type { EventHub } from "./events.ts";

const MINUTE = 60_000;

/**
 * Where refusals and faults of the set-up are told of. Nothing here grows with what clients send.
 */
export interface Refusals {
  /** A request was refused, and `notice` is why, where that is known. */
  readonly count: (code: ErrorCode, notice?: Notice) => void;
  /** A fault that refuses nothing by itself, for instance cookies that the browser will drop. */
  readonly notify: (notice: Notice) => void;
  /** As `tell`, where the process has been warned already. */
  readonly note: (code: NoticeCode) => void;
}

interface Counted {
  toldAt: number;
  /** Since the last event. */
  count: number;
  since: number;
}

/**
 * Emits `request-refused` at the first refusal of a kind, and then at most once a minute with their
 * number: a flood of refused requests costs a counter. No timer runs, so the rest of a burst is
 * told of with the next refusal.
 */
export function createRefusals(notify: Notify, emit: EventHub["emit"], now: Clock): Refusals {
  // Both halves of the name are closed lists.
  const kinds = new Map<string, Counted>();

  function count(code: ErrorCode | null, notice: NoticeCode | null): void {
    const name = `${code} ${notice}`;
    const time = now();
    const kind = kinds.get(name) ?? { toldAt: Number.NEGATIVE_INFINITY, count: 0, since: time };
    kinds.set(name, kind);
    if (kind.count === 0) kind.since = time;
    kind.count += 1;
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
    notify(notice) {
      count(null, notice.code);
      notify(notice);
    },
  };
}
