import { beginShared, type Call, currentCall, runInCall } from "../call.ts";
import { closedError } from "./guarded-store.ts";
import { withDeadline } from "../with-deadline.ts";

/** The calls of one instance that are running. */
export interface Calls {
  /**
   * Runs `work` as a call with one deadline for all its store operations. Inside another call it is
   * part of that call. @throws SessionError `CLOSED` if it begins after `close`
   */
  readonly run: <A extends unknown[], T>(work: (...given: A) => Promise<T>, ...given: A) => Promise<T>;
  /**
   * `run` in two steps: the caller calls `end` after the work that it did with `runInCall`.
   * @throws SessionError `CLOSED`
   */
  readonly begin: () => { readonly call: Call; readonly end: () => void };
  /** Runs background work, which never rejects. No call waits for it, but `close` does. */
  readonly aside: (work: () => Promise<void>) => void;
  /** @throws SessionError `CLOSED` unless a call that began before `close` is running */
  readonly check: () => void;
  /** Resolves when all calls have ended, or after the timeout of a call. */
  readonly close: () => Promise<void>;
}

/** How long `close` waits if the store has no timeout, in ms. */
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

  /** @returns a function that ends the count */
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
    aside: (work) => void beginShared(work).then(count()),

    async close() {
      isClosed = true;
      const ended = Promise.allSettled(running);
      // The remaining calls fail with their next operation.
      if (running.size > 0)
        await withDeadline(ended, performance.now() + (timeout ?? PATIENCE), () => TOO_LATE).catch(() => undefined);
    },
  };
}

const TOO_LATE = new Error("a call takes too long");
