import { currentCall } from "../../call.ts";
import type { SessionError } from "../../errors.ts";
import { markUntouched, storeError } from "../../session/store-error.ts";

/**
 * A queue before a pool, whose own queue does not know calls. Running calls go before new ones, and
 * calls that cannot succeed in time fail at once (docs/decisions/046).
 */
export interface ConnectionQueue {
  /**
   * Waits for a slot, until `deadline` at most. @returns a function that frees the slot, to be
   * called once
   * @throws SessionError `STORE_BUSY`
   */
  readonly enter: (deadline: number) => Promise<() => void>;
}

export interface ConnectionQueueOptions {
  /**
   * The number of connections; undefined if the pool does not tell it, and then no call waits here.
   */
  readonly size: () => number | undefined;
  /**
   * How many calls may wait for their first connection. Default: as many as can still begin in time
   * at the current pace, but at least four per connection.
   */
  readonly limit: number | undefined;
}

const WAITERS_EACH = 4;
/** The weight of the latest use of a connection in the pace. */
const WEIGHT = 1 / 8;

type Admit = () => void;

export function createConnectionQueue({ size, limit }: ConnectionQueueOptions): ConnectionQueue {
  // Both in order of arrival. The second set has the few running calls.
  const beginning = new Set<Admit>();
  const goingOn = new Set<Admit>();
  /** Since when each slot is in use. */
  const used = new Set<{ readonly since: number }>();
  /** How long a slot was in use recently, in ms. */
  let pace = 0;
  let isAdmitting = false;

  const slots = (): number => size() ?? Number.POSITIVE_INFINITY;

  function take(): () => void {
    const slot = { since: performance.now() };
    used.add(slot);
    return () => {
      used.delete(slot);
      pace += (performance.now() - slot.since - pace) * WEIGHT;
      if (isAdmitting || goingOn.size + beginning.size === 0) return;
      isAdmitting = true;
      // Deferred, because the call that freed the slot may continue with another operation.
      setImmediate(admit);
    };
  }

  function admit(): void {
    isAdmitting = false;
    while (used.size < slots()) {
      const queue = goingOn.size > 0 ? goingOn : beginning;
      const [next] = queue;
      if (next === undefined) return;
      queue.delete(next);
      next();
    }
  }

  function wait(queue: Set<Admit>, until: number): Promise<() => void> {
    return new Promise((resolve, reject) => {
      const served: Admit = () => {
        clearTimeout(timer);
        resolve(take());
      };
      const timer = setTimeout(
        () => {
          queue.delete(served);
          reject(busy("no connection to the database came free in time"));
        },
        Math.max(0, until - performance.now()),
      );
      queue.add(served);
    });
  }

  /** @param patience how long they can wait, in ms */
  function mostWaiters(patience: number): number {
    if (limit !== undefined) return limit;
    const [oldest] = used;
    const slowest = Math.max(pace, oldest === undefined ? 0 : performance.now() - oldest.since);
    return slots() * Math.max(WAITERS_EACH, patience / slowest);
  }

  return {
    async enter(deadline) {
      const call = currentCall();
      const isBegun = call?.isServed === true;
      const isNext = used.size < slots() && (isBegun || beginning.size === 0);
      const slot = isNext ? take() : await (isBegun ? wait(goingOn, deadline) : begin(deadline));
      if (call !== undefined) call.isServed = true;
      return slot;
    },
  };

  function begin(deadline: number): Promise<() => void> {
    // A call that has not begun after half of its time would take a connection from calls that can
    // still succeed, and fail with it.
    const patience = (deadline - performance.now()) / 2;
    if (beginning.size >= mostWaiters(patience))
      return Promise.reject(busy("too many calls wait for a connection to the database"));
    return wait(beginning, performance.now() + patience);
  }
}

const busy = (fact: string): SessionError => markUntouched(storeError(fact, undefined, "STORE_BUSY"));
