/** The state of one call of the library, across all its awaits. */
import { AsyncLocalStorage } from "node:async_hooks";

export interface Call {
  /** The instance of the call. */
  readonly owner: object;
  /**
   * The time for all its store operations together, in ms; infinite if the store has no timeout.
   */
  readonly timeout: number;
  /** When the operations must have ended, by `performance.now()`. */
  deadline: number;
  /** Whether the store has begun one of them. */
  isServed: boolean;
  isOver: boolean;
}

const calls = new AsyncLocalStorage<Call | undefined>();

/** @returns the current call; undefined outside of a call and after its end */
export function currentCall(): Call | undefined {
  const call = calls.getStore();
  return call?.isOver === true ? undefined : call;
}

export const runInCall: <A extends unknown[], T>(call: Call, work: (...given: A) => T, ...given: A) => T =
  calls.run.bind(calls);

/** Runs shared work, which must not use the time of the call that begins it. */
export const outsideCalls = <T>(work: () => T): T =>
  calls.getStore() === undefined ? work() : calls.run(undefined, work);

/** The used part of the module of that name; Workers have it. */
interface Workers {
  readonly waitUntil?: (work: Promise<unknown>) => void;
}

let workers: Workers | undefined;
let isLookedFor = false;

/**
 * Begins work that other requests may wait for, or none. A Worker ends what a request has begun as
 * soon as it has the response, and the promise would stay pending for all of them.
 */
export function beginShared<T>(work: () => Promise<T>): Promise<T> {
  const working = outsideCalls(work);
  if (!isLookedFor) {
    isLookedFor = true;
    workers = process.getBuiltinModule?.("cloudflare:workers");
  }
  workers?.waitUntil?.(working);
  return working;
}

/** When an operation that begins now must have ended, by `performance.now()`. */
export const deadlineWithin = (timeout: number): number =>
  Math.min(performance.now() + timeout, currentCall()?.deadline ?? Number.POSITIVE_INFINITY);

/** After a successful step of a long call: the next step gets the time of a new call. */
export function restartCall(): void {
  const call = currentCall();
  if (call === undefined) return;
  call.deadline = performance.now() + call.timeout;
  call.isServed = false;
}

/** Runs a function of the app during a call, without counting its time. */
export async function pauseCall<T>(work: () => T | Promise<T>): Promise<T> {
  const call = currentCall();
  const begun = performance.now();
  try {
    return await outsideCalls(work);
  } finally {
    if (call !== undefined) call.deadline += performance.now() - begun;
  }
}
