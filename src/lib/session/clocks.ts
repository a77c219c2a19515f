import type { Policy } from "../policy.ts";
import { generalError } from "../errors.ts";
import type { SessionStore } from "./session-store.ts";
import type { Clock } from "../clock.ts";
import type { EventHub } from "./events.ts";
import type { Refusals } from "./refusals.ts";

/**
 * This process's clock and the database's, because either may be wrong (docs/decisions/044). For an
 * embedded store the two are the steady clock and the machine's current one. If the app has its own
 * clock, there is only that one.
 */
export interface Clocks {
  /** This process's time. */
  readonly now: Clock;
  /** The earlier of the two. A session that has ended by it has ended by both. */
  readonly earlier: Clock;
  /** The later of the two. A session that has begun by either has begun by it. */
  readonly later: Clock;
  /** The database's clock if there is one, else this process's. */
  readonly shared: Clock;
  /**
   * The time to write into rows: this process's, unless it is more than a minute behind the shared
   * one. Other processes would consider such rows expired.
   */
  readonly stamp: Clock;
  /**
   * The time to sign, which the log of revocations is compared with: this process's, unless it is
   * far from the shared one.
   */
  readonly signed: Clock;
  /** Whether the database's time is known. */
  readonly isShared: () => boolean;
  /** Asks the store what time it is. */
  readonly read: () => Promise<void>;
  /**
   * Records the database's time from a row.
   *
   * @param asked when the row was requested, by this process's clock; the response was in flight
   * since then
   */
  readonly note: (asked: number, storeTime: number | undefined) => void;
  /**
   * Whether the time `end` has passed.
   *
   * @param storeTime the database's time from the row
   * @param at by this process's clock; default now
   * @throws SessionError `CLOCKS_DISAGREE` if it has passed by only one of the clocks
   */
  readonly hasEnded: (end: number, storeTime: number | undefined, at?: number) => boolean;
}

export interface ClockParts {
  readonly policy: Pick<Policy, "accessToken" | "rotation">;
  readonly store: Pick<SessionStore, "readClock">;
  readonly now: Clock;
  readonly emit: EventHub["emit"];
  readonly notify: Refusals["notify"];
}

const MINUTE = 60_000;

/** Well within the skew that every comparison allows, in ms. */
const FAR = 10_000;

export function createClocks(parts: ClockParts): Clocks {
  const { policy, store, now } = parts;
  if (policy.rotation.clock === "process") return oneClock(now);
  /** Advanced by a monotonic clock. */
  let noted: { readonly storeTime: number; readonly at: number } | undefined;
  const other = (): number =>
    noted === undefined ? Date.now() : Math.floor(noted.storeTime + performance.now() - noted.at);
  const tellOf = createSkewTeller(parts);

  function note(asked: number, storeTime: number | undefined): void {
    if (storeTime === undefined) return;
    noted = { storeTime, at: performance.now() };
    tellOf.difference(asked, now(), storeTime);
  }

  return {
    now,
    earlier: () => Math.min(now(), other()),
    later: () => Math.max(now(), other()),
    shared: () => (noted === undefined ? Math.min(now(), other()) : other()),
    stamp() {
      const time = now();
      return noted !== undefined && other() - time > MINUTE ? other() : time;
    },
    signed() {
      const [time, beside] = [now(), noted === undefined ? Math.min(now(), Date.now()) : other()];
      return Math.abs(time - beside) > FAR ? beside : time;
    },
    isShared: () => noted !== undefined,
    async read() {
      if (store.readClock !== undefined) note(now(), await store.readClock());
    },
    note,
    hasEnded(end, storeTime, at = now()) {
      const time = now();
      const beside = storeTime ?? other();
      // The same moment on the other clock: it is as long ago there.
      const ended = [at, beside - (time - at)].filter((each) => end <= each).length;
      if (ended !== 1) return ended > 0;
      tellOf.dispute(time, beside);
      throw generalError(
        "CLOCKS_DISAGREE",
        "the session has ended by the clock of this process or by that of the database, and not by the other; nothing was changed, set the clock that is wrong",
      );
    },
  };
}

/** For a clock of the app, and in unit tests. */
export const oneClock = (now: Clock): Clocks => ({
  now,
  earlier: now,
  later: now,
  shared: now,
  stamp: now,
  signed: now,
  isShared: () => false,
  read: async () => undefined,
  note: () => undefined,
  hasEnded: (end, _, at = now()) => end <= at,
});

interface SkewTeller {
  readonly difference: (asked: number, answered: number, storeTime: number) => void;
  readonly dispute: (time: number, storeTime: number) => void;
}

function createSkewTeller({ policy, emit, notify }: ClockParts): SkewTeller {
  let toldAt = Number.NEGATIVE_INFINITY;
  const { validity } = policy.accessToken;

  // Timed by the monotonic clock, because the other two are in doubt.
  function dispute(processTime: number, storeTime: number): void {
    if (performance.now() - toldAt < MINUTE) return;
    toldAt = performance.now();
    emit("clock-skew", { processTime, storeTime });
  }

  return {
    dispute,
    difference(asked, answered, storeTime) {
      const behind = storeTime - answered;
      const ahead = asked - storeTime;
      const [distance, direction] = behind > ahead ? [behind, "behind"] : [ahead, "ahead of"];
      if (distance > MINUTE) dispute(answered, storeTime);
      if (distance <= validity / 3) return;
      notify({
        code: "COUNTERFOIL_CLOCK",
        about: direction,
        write: () =>
          `The clock of this process is ${Math.round(distance / 1000)} s ${direction} the database's, and an access token lives for ${validity / 1000} s: ` +
          "other processes take tokens that it signs for expired, or for too long. Set the clock of this machine, and keep it right (NTP).",
      });
    },
  };
}
