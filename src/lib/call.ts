/**
 * What belongs to one call of the library, from its beginning to its end, through whatever it
 * awaits.
 */
import { AsyncLocalStorage } from "node:async_hooks";

export interface Call {
  /** Whose call it is. */
  readonly owner: object;
  /**
   * How long its operations on the store may take together, in ms; infinite where the store names
   * no time.
   */
  readonly timeout: number;
  /** When they must have ended, by `performance.now()`. */
  deadline: number;
  /** Whether the store has begun with one of them. */
  isServed: boolean;
  isOver: boolean;
}

const calls = new AsyncLocalStorage<Call | undefined>();

/** The call that this code runs in; undefined outside of one, and when it is over. */
export function currentCall(): Call | undefined {
  const call = calls.getStore();
  return call?.isOver === true ? undefined : call;
}

export const runInCall: <A extends unknown[], T>(call: Call, work: (...given: A) => T, ...given: A) => T =
  calls.run.bind(calls);

/** For what must not share the time of the call that happens to begin it. */
export const outsideCalls = <T>(work: () => T): T =>
  calls.getStore() === undefined ? work() : calls.run(undefined, work);

/** When an operation that begins now must have ended, by `performance.now()`. */
export const deadlineWithin = (timeout: number): number =>
  Math.min(performance.now() + timeout, currentCall()?.deadline ?? Number.POSITIVE_INFINITY);

/** A step of a long call has succeeded, and the next may take as long as a call of its own. */
export function restartCall(): void {
  const call = currentCall();
  if (call === undefined) return;
  call.deadline = performance.now() + call.timeout;
  call.isServed = false;
}

/** Runs a function of the app's in the middle of a call: the time that it takes does not count. */
export async function pauseCall<T>(work: () => T | Promise<T>): Promise<T> {
  const call = currentCall();
  const begun = performance.now();
  try {
    return await outsideCalls(work);
  } finally {
    if (call !== undefined) call.deadline += performance.now() - begun;
  }
}
