import { expect } from "vitest";
import { explore } from "./explore.ts";
import type { Found, Property } from "./explore.ts";
import type { Bounds, Scheme } from "./model.ts";

/** Says in one line what was searched and what came of it. */
export function report(scheme: Scheme, bounds: Bounds, what: string, found: Found): Found {
  const verdict = found.counterexample === null ? "holds" : "FAILS";
  const effort = `${String(found.states)} states, ${found.seconds.toFixed(1)} s`;
  console.log(`${scheme.name}: ${what} ${verdict}, ${effort}, ${JSON.stringify(bounds)}`);
  return found;
}

/** Holds in every state of the world, which has more than so many. */
export function expectToHold(scheme: Scheme, bounds: Bounds, properties: readonly Property[], states: number): void {
  const found = report(scheme, bounds, properties.join(", "), explore(scheme, bounds, properties));
  expect(found.counterexample).toBeNull();
  expect(found.states).toBeGreaterThan(states);
}

/** There is a counterexample, and its last line, the fault, is like this. */
export function expectToFail(scheme: Scheme, bounds: Bounds, properties: readonly Property[], fault = /./): void {
  const found = report(scheme, bounds, properties.join(", "), explore(scheme, bounds, properties));
  expect(found.counterexample?.at(-1)).toMatch(fault);
}
