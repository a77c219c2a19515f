import type { SessionStore } from "../../src/lib/session/session-store.ts";

export type OperationName = Exclude<keyof SessionStore, "secretFile">;

/**
 * `before`: the operation does not happen. `after`: it happens, and its response is lost. `beaten`:
 * it does not happen, and answers false, as if another process had been faster.
 */
export type Fault = "before" | "after" | "beaten" | undefined;

/** A real store behind a switch. */
export interface SwitchableStore {
  readonly store: SessionStore;
  /** Names of the operations that calls asked for, in order; emptied by reading. */
  readonly takeCalls: () => OperationName[];
  /** With those of the sweep, which comes when the event loop lets it. */
  readonly takeAllCalls: () => OperationName[];
  /**
   * Decides the fate of each operation from now on; `index` counts from 0, and not those of the
   * sweep.
   */
  readonly setFaults: (faultOf: (operation: OperationName, index: number) => Fault) => void;
  readonly down: () => void;
  /** No compare-and-set of a refresh wins. */
  readonly contend: () => void;
  readonly up: () => void;
}

/** The end of all sessions removes them as a sweep of all times does. */
const isOfSweep = (operation: OperationName, [now]: readonly unknown[]): boolean =>
  operation === "takeLease" || (operation === "deleteExpiredSessions" && now !== Number.MAX_SAFE_INTEGER);

/** What every fault of it throws. */
export const FAULT = new Error("connect ECONNREFUSED");

export function switchable(inner: SessionStore): SwitchableStore {
  let calls: { readonly operation: OperationName; readonly isOfSweep: boolean }[] = [];
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
        const call = { operation, isOfSweep: isOfSweep(operation, args) };
        calls.push(call);
        const fault = faultOf(operation, index);
        if (!call.isOfSweep) index += 1;
        if (fault === "before") throw FAULT;
        if (fault === "beaten") return false;
        const result: unknown = await Reflect.apply(value, target, args);
        if (fault === "after") throw FAULT;
        return result;
      };
    },
  });

  const take = (): typeof calls => {
    const taken = calls;
    calls = [];
    return taken;
  };
  return {
    store,
    takeCalls: () =>
      take()
        .filter((call) => !call.isOfSweep)
        .map(({ operation }) => operation),
    takeAllCalls: () => take().map(({ operation }) => operation),
    setFaults,
    down: () => setFaults(() => "before"),
    contend: () => setFaults((operation) => (operation === "commitRefresh" ? "beaten" : undefined)),
    up: () => setFaults(() => undefined),
  };
}
