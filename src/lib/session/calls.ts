import { type Call, currentCall, outsideCalls, runInCall } from "../call.ts";
import { closedError } from "./guarded-store.ts";
import { inTime } from "../in-time.ts";

/** The calls of one instance that are under way. */
export interface Calls {
  /**
   * Runs `work` as a call: one deadline for all that it asks of the store. Within a call it is a
   * part of that. @throws SessionError `CLOSED` when it begins after `close`
   */
  readonly run: <T>(work: () => Promise<T>) => Promise<T>;
  /** Runs `work`, which never fails, for nobody's sake: no call waits for it, but `close` does. */
  readonly aside: (work: () => Promise<void>) => void;
  /** @throws SessionError `CLOSED` where no call that began before `close` is under way */
  readonly check: () => void;
  /** Done when all have ended, or when they have had the time that a call may take. */
  readonly close: () => Promise<void>;
}

/** Where the store names no time: how long `close` waits, in ms. */
const PATIENCE = 10_000;

/** @param timeout how long the operations of a call may take together, in ms */
export function createCalls(timeout: number | undefined): Calls {
  const owner = {};
  const running = new Set<Promise<unknown>>();
  let isClosed = false;

  const isInside = (): boolean => currentCall()?.owner === owner;

  function check(): void {
    if (isClosed && !isInside()) throw closedError();
  }

  async function counted<T>(work: Promise<T>): Promise<T> {
    running.add(work);
    try {
      return await work;
    } finally {
      running.delete(work);
    }
  }

  return {
    check,

    async run(work) {
      if (isInside()) return work();
      check();
      const most = timeout ?? Number.POSITIVE_INFINITY;
      const call: Call = { owner, timeout: most, deadline: performance.now() + most, isServed: false, isOver: false };
      try {
        return await counted(runInCall(call, work));
      } finally {
        call.isOver = true;
      }
    },

    aside: (work) => void counted(outsideCalls(work)),

    async close() {
      isClosed = true;
      const ended = Promise.allSettled(running);
      // What is left then fails with its next operation.
      if (running.size > 0)
        await inTime(ended, performance.now() + (timeout ?? PATIENCE), () => TOO_LATE).catch(() => undefined);
    },
  };
}

const TOO_LATE = new Error("a call takes too long");
