import { warnOfMemory } from "./lib/store/memory-notice.ts";
import { createMemoryStore } from "./lib/store/memory-store.ts";
import { readStoreOptions } from "./lib/store/store-options.ts";
import type { SessionStore } from "./lib/session/session-store.ts";

/** Options of {@link memory}. */
export interface MemoryOptions {
  /**
   * Whether one process that forgets its sessions is what you want in production; without it there
   * is a process warning where `NODE_ENV` is `production`. Default false.
   */
  readonly production?: boolean | undefined;
}

/**
 * A store that keeps sessions in this process only and forgets them when it ends; for tests. In
 * production, and in a worker of `node:cluster`, the process warns of it
 * (`COUNTERFOIL_MEMORY_STORE`).
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
  const isMeant = readStoreOptions("memory", options, (section) => section.flag("production") ?? false);
  warnOfMemory("memory()", isMeant, ", or memory({ production: true }) if this is what you want");
  return createMemoryStore();
}

export type { SessionStore } from "./lib/session/session-store.ts";
