import { createHook } from "node:async_hooks";

/** What Node makes for code that waits: promises with their reactions, timers, ticks. */
export interface Resources {
  readonly promises: number;
  readonly timers: number;
  readonly others: number;
}

/** Counts what is made between `start` and `stop`. */
export function createCounter(): { readonly start: () => void; readonly stop: () => Resources } {
  const types: string[] = [];
  let isOn = false;
  const hook = createHook({
    init(_id, type) {
      if (isOn) types.push(type);
    },
  });
  return {
    start() {
      types.length = 0;
      hook.enable();
      isOn = true;
    },
    stop() {
      isOn = false;
      hook.disable();
      const count = (...wanted: string[]): number => types.filter((type) => wanted.includes(type)).length;
      const promises = count("PROMISE");
      const timers = count("Timeout", "Immediate");
      return { promises, timers, others: types.length - promises - timers };
    },
  };
}
