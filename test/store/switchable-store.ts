import type { SessionStore } from "../../src/lib/store/session-store.ts";

export type OperationName = Exclude<keyof SessionStore, "secretFile">;

/**
 * `before`: the operation does not happen. `after`: it happens, and its response is lost. `beaten`: it does not happen,
 * and answers false, as if another process had been faster.
 */
export type Fault = "before" | "after" | "beaten" | undefined;

/** A real store behind a switch. */
export interface SwitchableStore {
  readonly store: SessionStore;
  /** Names of the operations that were asked for, in order; emptied by reading. */
  readonly takeCalls: () => OperationName[];
  /** Decides the fate of each operation from now on; `index` counts from 0. */
  readonly setFaults: (faultOf: (operation: OperationName, index: number) => Fault) => void;
  readonly down: () => void;
  /** No compare-and-set of a refresh wins. */
  readonly contend: () => void;
  readonly up: () => void;
}

/** What every fault of it throws. */
export const FAULT = new Error("connect ECONNREFUSED");

export function switchable(inner: SessionStore): SwitchableStore {
  let calls: OperationName[] = [];
  let index = 0;
  let faultOf: (operation: OperationName, index: number) => Fault = () => undefined;
  const setFaults: SwitchableStore["setFaults"] = (given) => {
    faultOf = given;
    index = 0;
  };

  const store = new Proxy(inner, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property);
      // To watch is no operation: it asks the database nothing.
      if (typeof value !== "function" || property === "watch") return value;
      const operation = property as OperationName;
      return async (...args: unknown[]): Promise<unknown> => {
        calls.push(operation);
        const fault = faultOf(operation, index);
        index += 1;
        if (fault === "before") throw FAULT;
        if (fault === "beaten") return false;
        const result: unknown = await Reflect.apply(value, target, args);
        if (fault === "after") throw FAULT;
        return result;
      };
    },
  });

  return {
    store,
    takeCalls() {
      const taken = calls;
      calls = [];
      return taken;
    },
    setFaults,
    down: () => setFaults(() => "before"),
    contend: () => setFaults((operation) => (operation === "commitRefresh" ? "beaten" : undefined)),
    up: () => setFaults(() => undefined),
  };
}
