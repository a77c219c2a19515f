import { randomBytes } from "node:crypto";
import { restartCall } from "../call.ts";
import type { KeyRing } from "../key/key-ring.ts";
import type { SessionStore } from "./session-store.ts";
import { sweepChunk } from "./sweep-chunk.ts";
import type { Calls } from "./calls.ts";
import type { Clocks } from "./clocks.ts";

const SWEEP_EVERY = 60_000;
/**
 * The most rows that one request causes to be removed. With a write in each minute, 5 million rows
 * are removed within the hour.
 */
const SWEEP_MOST = 100_000;
/** Event loop turns between two chunks: about as many as a request takes. */
const TURNS = 8;

/** Periodic work that requests with writes begin, so that no timer runs unasked. */
export interface Upkeep {
  /**
   * Rotates the keys if necessary, and starts a sweep in the background if one is due. Never fails.
   */
  readonly begin: () => Promise<void>;
  /** Removes at most `most` expired rows. @returns how many */
  readonly sweep: (most: number) => Promise<number>;
  /** Resolves when no sweep is under way. */
  readonly settled: () => Promise<void>;
  /** Stops the running sweep after its current step. */
  readonly stop: () => Promise<void>;
}

export interface UpkeepParts {
  readonly store: Pick<SessionStore, "deleteExpiredSessions" | "deleteOldAudit" | "takeLease" | "readClock">;
  readonly ring: Pick<KeyRing, "tend">;
  readonly clocks: Pick<Clocks, "now" | "earlier" | "read">;
  readonly aside: Calls["aside"];
  /** How old audit rows become, in ms; undefined: no rows are written. */
  readonly auditRetention?: number | undefined;
}

export function createUpkeep({
  store,
  ring,
  clocks: { now, earlier, read },
  aside,
  auditRetention,
}: UpkeepParts): Upkeep {
  const owner = randomBytes(9).toString("base64url");
  const pauses = createPauses();
  let due = Number.NEGATIVE_INFINITY;
  let leasedUntil = Number.NEGATIVE_INFINITY;
  const state: { running: Promise<unknown> | undefined; isStopped: boolean } = { running: undefined, isStopped: false };

  /**
   * Only the holder of the lease sweeps: processes that delete the same rows would wait for each
   * other.
   */
  async function holdsLease(): Promise<boolean> {
    const time = earlier();
    if (time < leasedUntil) return true;
    if (!(await store.takeLease("sweep", owner, time, time + SWEEP_EVERY))) return false;
    leasedUntil = time + SWEEP_EVERY;
    return true;
  }

  /** Removes in steps on one connection, with pauses for other requests. */
  async function removeInSteps(
    most: number,
    mayGoOn: () => Promise<boolean>,
    remove: (limit: number) => Promise<number>,
  ): Promise<number> {
    let removed = 0;
    while (!state.isStopped && removed < most && (await mayGoOn())) {
      const chunk = Math.min(sweepChunk(store), most - removed);
      const count = await remove(chunk);
      removed += count;
      if (count < chunk) break;
      restartCall();
      await pauses.pause(TURNS);
    }
    return removed;
  }

  /** @returns how many sessions */
  async function removeExpired(most: number, mayGoOn: () => Promise<boolean>): Promise<number> {
    // Rows that expire meanwhile can wait for the next sweep.
    const until = earlier();
    const removed = await removeInSteps(most, mayGoOn, (limit) => store.deleteExpiredSessions(until, limit));
    if (auditRetention !== undefined)
      await removeInSteps(most, mayGoOn, (limit) => store.deleteOldAudit(auditRetention, limit));
    return removed;
  }

  /** Sweeps run one at a time. */
  function start<T>(work: () => Promise<T>): Promise<T> {
    const ends = work().finally(() => {
      state.running = undefined;
    });
    state.running = ends.catch(() => undefined);
    return ends;
  }

  async function sweepInTurn(time: number): Promise<void> {
    try {
      const removed = await removeExpired(SWEEP_MOST, holdsLease);
      // More rows are left: the next request continues without waiting a minute.
      if (removed === SWEEP_MOST) due = time;
    } catch {
      // No caller waits for it, and expired rows can wait.
    }
  }

  return {
    async begin() {
      await ring.tend();
      const time = now();
      if (time < due || state.running !== undefined || state.isStopped) return;
      due = time + SWEEP_EVERY;
      aside(() => start(() => sweepInTurn(time)));
    },
    async sweep(most) {
      while (state.running !== undefined) await pauses.hold(state.running);
      return pauses.hold(
        start(async () => {
          await read();
          return removeExpired(most, async () => true);
        }),
      );
    },
    async settled() {
      await pauses.hold(state.running ?? Promise.resolve());
    },
    async stop() {
      state.isStopped = true;
      await pauses.hold(state.running ?? Promise.resolve());
    },
  };
}

interface Pauses {
  readonly pause: (turns: number) => Promise<void>;
  /** Keeps the process alive until `work` is done; a sweep alone does not. */
  readonly hold: <T>(work: Promise<T>) => Promise<T>;
}

/** Turns of the event loop: an idle process waits for nothing. */
function createPauses(): Pauses {
  let held = 0;
  let next: NodeJS.Immediate | undefined;
  return {
    async pause(turns) {
      for (let turn = 0; turn < turns; turn += 1) {
        await new Promise<void>((resolve) => {
          next = setImmediate(resolve);
          if (held === 0) next.unref();
        });
      }
      next = undefined;
    },
    async hold(work) {
      held += 1;
      next?.ref();
      try {
        return await work;
      } finally {
        held -= 1;
      }
    },
  };
}
