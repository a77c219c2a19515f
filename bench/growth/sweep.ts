import { fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { SessionStore } from "counterfoil/sqlite";
import type { GrowthTable } from "./database.ts";
import { pickLiveHandle, refresh } from "./operations.ts";
import { countExpired, type Rows } from "./rows.ts";
import { openStore } from "./store.ts";
import type { SweepOrder, SweepResult } from "./sweeper.ts";

/** With and without a sweep in turn, so that the noise of the machine hits both. */
const PHASES = 4;
const QUIET_FOR = 3000;
const MOST_STATEMENTS = 60;
/** A refresh is begun every so many ms, whatever became of those before. */
const PACE = 5;

export interface SweepFigures {
  /** How long each sweep statement took, in ms. */
  readonly statements: readonly number[];
  readonly removed: number;
  /** How long others' refreshes took while there was a sweep, and while there was none. */
  readonly during: readonly number[];
  readonly without: readonly number[];
}

/**
 * Sweeps without a pause, which is more than the library does: it lets a request of the process
 * that sweeps come between.
 */
export async function measureSweep(table: GrowthTable, chunk: number): Promise<SweepFigures> {
  const store = openStore(table.address);
  const sweeper = fork(fileURLToPath(new URL("sweeper.ts", import.meta.url)), [JSON.stringify(table.address)]);
  const statements: number[] = [];
  const [during, without]: [number[], number[]] = [[], []];
  // No more than find as many rows as they may take.
  const fruitful = Math.floor(countExpired(table.rows) / chunk / PHASES);
  const order: SweepOrder = { statements: Math.min(MOST_STATEMENTS, fruitful), chunk };
  let removed = 0;
  try {
    await once(sweeper, "message");
    await refreshSteadily(store, table.rows, delay(QUIET_FOR));
    for (let phase = 0; phase < PHASES; phase += 1) {
      without.push(...(await refreshSteadily(store, table.rows, delay(QUIET_FOR))));
      const swept = once(sweeper, "message") as Promise<[SweepResult]>;
      sweeper.send(order);
      during.push(...(await refreshSteadily(store, table.rows, swept)));
      const [result] = await swept;
      statements.push(...result.took);
      removed += result.removed;
    }
  } finally {
    sweeper.kill();
    await store.close();
  }
  return { statements, removed, during, without };
}

/**
 * How long each refresh took from the moment when it was due, so that what waits behind a slow one
 * counts, too.
 */
async function refreshSteadily(store: SessionStore, rows: Rows, work: Promise<unknown>): Promise<number[]> {
  const took: number[] = [];
  const underWay: Promise<void>[] = [];
  const end = new AbortController();
  const refreshDue = async (due: number): Promise<void> => {
    await refresh(store, pickLiveHandle(rows));
    took.push(performance.now() - due);
  };
  const begin = async (): Promise<void> => {
    for (let due = performance.now(); !end.signal.aborted; due += PACE) {
      await delay(Math.max(0, due - performance.now()));
      underWay.push(refreshDue(due));
    }
  };
  const beginning = begin();
  await work;
  end.abort();
  await beginning;
  await Promise.all(underWay);
  return took;
}
