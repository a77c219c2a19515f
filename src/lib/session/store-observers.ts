import { generalError } from "../errors.ts";
import type { SessionStore } from "./session-store.ts";

/** The operations of a store that reach its database. */
export type StoreOperations = Required<
  Omit<SessionStore, "kind" | "secretFile" | "timeout" | "sweepChunk" | "watch" | "close">
>;

/** The name of an operation, as in the contract of stores. */
export type StoreOperation = keyof StoreOperations;

/**
 * Observes one operation of the store. It calls `work`, which runs the operation, and returns its
 * promise or one with the same outcome.
 */
export type StoreObserver = <T>(operation: StoreOperation, work: () => Promise<T>) => Promise<T>;

/** The observers of one store. */
export interface StoreObservers {
  /**
   * @returns a function that removes the observer
   * @throws SessionError `ARGUMENT_INVALID` if it is no function
   */
  readonly add: (observer: StoreObserver) => () => void;
  readonly isObserved: () => boolean;
  /** Runs an operation inside all observers. */
  readonly run: StoreObserver;
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
      let observed = work;
      for (const observer of observers) {
        const inner = observed;
        observed = () => observer(operation, inner);
      }
      return observed();
    },
  };
}
