import { type Call, currentCall, outsideCalls, runInCall } from "../call.ts";
import { closedError } from "./guarded-store.ts";
import { withDeadline } from "../with-deadline.ts";

/** The calls of one instance that are under way. */
export interface Calls {
  /**
   * Runs `work` as a call: one deadline for all that it asks of the store. Within a call it is a
   * part of that. @throws SessionError `CLOSED` when it begins after `close`
   */
  readonly run: <A extends unknown[], T>(work: (...given: A) => Promise<T>, ...given: A) => Promise<T>;
  /**
   * The same in two steps: `end` when the work in it, by `runInCall`, has ended.
   * @throws SessionError `CLOSED`
   */
  readonly begin: () => { readonly call: Call; readonly end: () => void };
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

  /** @returns to be called when it has ended */
  function count(): () => void {
    let notify = (): void => undefined;
    const ended = new Promise<void>((resolve) => (notify = resolve));
    running.add(ended);
    return () => {
      running.delete(ended);
      notify();
    };
  }

  const begin: Calls["begin"] = () => {
    const outer = currentCall();
    if (outer?.owner === owner) return { call: outer, end: () => undefined };
    check();
    const most = timeout ?? Number.POSITIVE_INFINITY;
    const call: Call = { owner, timeout: most, deadline: performance.now() + most, isServed: false, isOver: false };
    const leave = count();
    return {
      call,
      end() {
        call.isOver = true;
        leave();
      },
    };
  };

  return {
    check,

    begin,

    async run(work, ...given) {
      const { call, end } = begin();
      try {
        return await runInCall(call, work, ...given);
      } finally {
        end();
      }
    },

    // It never fails.
    aside: (work) => void outsideCalls(work).then(count()),

    async close() {
      isClosed = true;
      const ended = Promise.allSettled(running);
      // What is left then fails with its next operation.
      if (running.size > 0)
        await withDeadline(ended, performance.now() + (timeout ?? PATIENCE), () => TOO_LATE).catch(() => undefined);
    },
  };
}

const TOO_LATE = new Error("a call takes too long");
