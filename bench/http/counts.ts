import { createHook } from "node:async_hooks";

/** What a process has made. */
export interface Counts {
  readonly promises: number;
  readonly timers: number;
}

/** @returns to be called once, for the counts since then */
export function startCounting(): () => Counts {
  let [promises, timers] = [0, 0];
  const hook = createHook({
    init(_id, type) {
      if (type === "PROMISE") promises += 1;
      else if (type === "Timeout") timers += 1;
    },
  });
  hook.enable();
  return () => {
    hook.disable();
    return { promises, timers };
  };
}
