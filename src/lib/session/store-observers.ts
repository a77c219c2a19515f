import { generalError } from "../errors.ts";
import { reportListener } from "./listener-error.ts";
import type { SessionStore } from "./session-store.ts";

/** The operations of a store that reach its database. */
export type StoreOperations = Required<
  Omit<SessionStore, "kind" | "secretFile" | "timeout" | "sweepChunk" | "watch" | "within" | "close">
>;

/** The name of an operation, as in the contract of stores. */
export type StoreOperation = keyof StoreOperations;

/**
 * Observes one operation of the store. It calls `work` before it returns or awaits anything, which
 * runs the operation and returns a promise of its end. What the observer returns is not used.
 */
export type StoreObserver = (operation: StoreOperation, work: () => Promise<unknown>) => unknown;

/** The observers of one store. */
export interface StoreObservers {
  /**
   * @returns a function that removes the observer
   * @throws SessionError `ARGUMENT_INVALID` if it is no function
   */
  readonly add: (observer: StoreObserver) => () => void;
  readonly isObserved: () => boolean;
  /**
   * Runs an operation once, inside all observers, the last one outermost. An error of an observer
   * must be visible, but must not change what becomes of the operation.
   */
  readonly run: <T>(operation: StoreOperation, work: () => Promise<T>) => Promise<T>;
}

export function createStoreObservers(): StoreObservers {
  const observers = new Set<StoreObserver>();
  return {
    add(observer) {
      if (typeof observer !== "function")
        throw generalError("ARGUMENT_INVALID", "the observer of the store is no function, and would never be called");
      // Each call of `add` has its own entry.
      const own: StoreObserver = (operation, work) => observer(operation, work);
      observers.add(own);
      return () => void observers.delete(own);
    },
    isObserved: () => observers.size > 0,
    run(operation, work) {
      let observed = once(work);
      for (const observer of observers) {
        const inner = observed;
        observed = once(() => {
          call(observer, operation, inner);
          return inner();
        });
      }
      return observed();
    },
  };
}

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let begun: Promise<T> | undefined;
  return () => (begun ??= work());
}

function call(observer: StoreObserver, operation: StoreOperation, work: () => Promise<unknown>): void {
  const report = (error: unknown): void => reportListener("an observer of the store", error);
  try {
    const returned = observer(operation, work);
    if (typeof returned !== "object" || returned === null || !("then" in returned)) return;
    Promise.resolve(returned).catch(async (error: unknown) => {
      // Most observers pass the error of the operation on, which is no fault of theirs.
      const own: unknown = await work().then(undefined, (failure: unknown) => failure);
      if (own !== error) report(error);
    });
  } catch (error) {
    report(error);
  }
}
