/**
 * A store that keeps the sessions in the process, for tests.
 *
 * @module
 */
import { warnOfMemory } from "./lib/store/memory-notice.ts";
import type { Lending } from "./lib/store/store-access.ts";
import { createMemoryStore } from "./lib/store/memory-store.ts";
import { readWhole } from "./lib/options/config-reader.ts";
import type { SessionStore } from "./lib/session/session-store.ts";

/** Options of {@link memory}. */
export interface MemoryOptions {
  /**
   * True says that you want this store in production, and turns off the process warning that it
   * gives where `NODE_ENV` is `production`. Default false.
   */
  readonly production?: boolean | undefined;
}

/**
 * Keeps sessions in the memory of this process, so they end with it. For tests. In production, and
 * in a worker of `node:cluster`, it gives the process warning `COUNTERFOIL_MEMORY_STORE`.
 *
 * @throws ConfigError for an option that is unknown or of the wrong type
 * @example
 * ```ts
 * import { createSessions } from "counterfoil";
 * import { memory } from "counterfoil/memory";
 *
 * const sessions = createSessions({ store: memory() });
 * ```
 */
export function memory(options: MemoryOptions = {}): SessionStore {
  const isMeant = readWhole(options, "memory", (section) => section.flag("production") ?? false);
  warnOfMemory("memory()", isMeant, ", or memory({ production: true }) if this is what you want");
  const store: SessionStore & Lending = { ...createMemoryStore(), access: { kind: "memory", isMeant } };
  return store;
}

export type { SessionStore } from "./lib/session/session-store.ts";
