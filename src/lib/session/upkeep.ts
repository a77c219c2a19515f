import { randomBytes } from "node:crypto";
import { restartCall } from "../call.ts";
import type { KeyRing } from "../key/key-ring.ts";
import type { SessionStore } from "./session-store.ts";
import { sweepChunk } from "./sweep-chunk.ts";
import type { Calls } from "./calls.ts";
import type { Clocks } from "./clocks.ts";

const SWEEP_EVERY = 60_000;
/**
 * Rows that one request may set going. With a request that writes in each minute, 5 million go
 * within the hour.
 */
const SWEEP_MOST = 100_000;
/** Turns of the event loop that others get between two chunks: about as many as a request takes. */
const TURNS = 8;

/**
 * Work that must be done now and then, begun by requests that write anyway: no timer runs that
 * nobody asked for.
 */
export interface Upkeep {
  /**
   * Looks after the keys, and begins a sweep if one is due, for which nobody waits. Never fails.
   */
  readonly begin: () => Promise<void>;
  /** Removes what has expired, `most` rows at most. How many. */
  readonly sweep: (most: number) => Promise<number>;
  /** Resolves when no sweep is under way. */
  readonly settled: () => Promise<void>;
  /** Ends the sweep that is under way after its next step. */
  readonly stop: () => Promise<void>;
}

export interface UpkeepParts {
  readonly store: Pick<SessionStore, "deleteExpiredSessions" | "takeLease" | "readClock">;
  readonly ring: Pick<KeyRing, "tend">;
  readonly clocks: Pick<Clocks, "now" | "earlier" | "read">;
  readonly aside: Calls["aside"];
}

export function createUpkeep({ store, ring, clocks: { now, earlier, read }, aside }: UpkeepParts): Upkeep {
  const owner = randomBytes(9).toString("base64url");
  const pauses = createPauses();
  let due = Number.NEGATIVE_INFINITY;
  let leasedUntil = Number.NEGATIVE_INFINITY;
  const state: { running: Promise<unknown> | undefined; isStopped: boolean } = { running: undefined, isStopped: false };

  /**
   * One process sweeps, and the others leave it to it: many that delete the same rows would only
   * wait for each other.
   */
  async function holdsLease(): Promise<boolean> {
    const time = earlier();
    if (time < leasedUntil) return true;
    if (!(await store.takeLease("sweep", owner, time, time + SWEEP_EVERY))) return false;
    leasedUntil = time + SWEEP_EVERY;
    return true;
  }

  /** Step by step on one connection, with room for others in between. */
  async function removeExpired(most: number, mayGoOn: () => Promise<boolean>): Promise<number> {
    // What ends while it runs can wait for the next.
    const until = earlier();
    let removed = 0;
    while (!state.isStopped && removed < most && (await mayGoOn())) {
      const chunk = Math.min(sweepChunk(store), most - removed);
      const count = await store.deleteExpiredSessions(until, chunk);
      removed += count;
      if (count < chunk) break;
      restartCall();
      await pauses.pause(TURNS);
    }
    return removed;
  }

  /** One at a time. */
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
      // There is more: the next request goes on instead of waiting a minute.
      if (removed === SWEEP_MOST) due = time;
    } catch {
      // Nobody waits for it, and expired rows can.
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
  /** Keeps the process alive until `work` is done; a sweep by itself does not. */
  readonly hold: <T>(work: Promise<T>) => Promise<T>;
}

/** Turns of the event loop: no time passes where nobody else has anything to do. */
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
