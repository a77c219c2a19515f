/**
 * Sessions of the tests of rendered pages: over a file, by a clock that the test moves. Copied into
 * the Next app as well.
 */
import { appendFileSync, readFileSync } from "node:fs";
import type { CounterfoilConfig, Sessions } from "counterfoil";
import { sqlite } from "counterfoil/sqlite";

/** Where the test and the server meet. */
export interface Place {
  readonly origin: string;
  /** Holds the database, how far the clock is ahead (ms), and one line for each event. */
  readonly folder: string;
  readonly config: Omit<CounterfoilConfig, "store" | "clock">;
}

export const FILES = { database: "sessions.db", clock: "clock", events: "events" } as const;

export function configOf({ origin, folder, config }: Place): CounterfoilConfig {
  return {
    ...config,
    store: sqlite({ path: `${folder}/${FILES.database}` }),
    clock: () => Date.now() + Number(readFileSync(`${folder}/${FILES.clock}`, "utf8")),
    http: { publicOrigin: origin, ...config.http },
    cookie: { secure: false, ...config.cookie },
  };
}

export function noteEvents(on: Sessions["on"], { folder }: Place): void {
  for (const name of ["session-created", "session-refreshed", "session-revoked", "reuse-detected"] as const) {
    on(name, () => appendFileSync(`${folder}/${FILES.events}`, `${name}\n`));
  }
}
