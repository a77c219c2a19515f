import { createMemoryStore } from "./lib/store/memory-store.ts";
import type { SessionStore } from "./lib/store/session-store.ts";

/**
 * A store that keeps sessions in this process only and forgets them when it ends; for tests.
 *
 * @example
 * ```ts
 * import { createSessions } from "counterfoil";
 * import { memory } from "counterfoil/memory";
 *
 * const sessions = createSessions({ store: memory() });
 * ```
 */
export function memory(): SessionStore {
  return createMemoryStore();
}

export type { SessionStore } from "./lib/store/session-store.ts";
