/**
 * What the programs in this folder share: commands as lines on stdin, reports as lines on stdout,
 * and a clock that is told the time.
 */
import { writeSync } from "node:fs";
import { flushCompileCache } from "node:module";
import { createInterface } from "node:readline";
import { createSessions, type CounterfoilConfig, type Sessions } from "counterfoil";
import type { SessionStore } from "../../../src/lib/session/session-store.ts";
import { openStore, type StoreAddress } from "../open-store.ts";

/**
 * Written before anything else happens: what was reported was reported, whenever the process is
 * killed.
 */
export const report = (value: unknown): void => void writeSync(1, `${JSON.stringify(value)}\n`);

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/** The next command, parsed; undefined when there will be no more. */
export async function nextCommand<T>(): Promise<T | undefined> {
  const { done, value } = await lines.next();
  return done === true ? undefined : (JSON.parse(value) as T);
}

/** What an instance is opened with. */
export interface Opening {
  readonly address: StoreAddress;
  /** Default: the one beside the database. */
  readonly secret?: string | undefined;
  readonly now: number;
  readonly rotation?: CounterfoilConfig["rotation"];
}

export interface Opened {
  readonly sessions: Sessions;
  /** Sets the clock. */
  readonly at: (now: number) => void;
  /** Outcomes of refreshes and names of other events, in order; emptied by reading. */
  readonly takeEvents: () => string[];
}

export async function open(
  opening: Opening,
  config: CounterfoilConfig = {},
  wrap: (store: SessionStore) => SessionStore = (store) => store,
): Promise<Opened> {
  const { address, secret, rotation } = opening;
  let { now } = opening;
  let events: string[] = [];
  const store = wrap(await openStore(address));
  // All is loaded, and who is killed writes nothing at its end.
  flushCompileCache();
  const given = { ...(secret === undefined ? {} : { secret }), ...(rotation === undefined ? {} : { rotation }) };
  const sessions = createSessions({ store, clock: () => now, ...given, ...config });
  sessions.on("session-refreshed", ({ outcome }) => events.push(outcome));
  sessions.on("reuse-detected", () => events.push("reuse-detected"));
  sessions.on("store-behind", () => events.push("store-behind"));
  return {
    sessions,
    at: (time) => void (now = time),
    takeEvents() {
      const taken = events;
      events = [];
      return taken;
    },
  };
}

export const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error ? String(error.code) : String(error);
