import type { Setup } from "./setup.ts";

declare global {
  var counterfoilSetup: Setup | undefined;
}

/**
 * The server of Next runs in the process of the test, which leaves the instance of each clause
 * here.
 */
export function setup(): Setup {
  if (globalThis.counterfoilSetup === undefined) throw new Error("no clause is running");
  return globalThis.counterfoilSetup;
}
