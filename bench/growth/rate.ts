import { setTimeout as delay } from "node:timers/promises";
import type { GrowthTable } from "./database.ts";
import { pickLiveHandle, refresh } from "./operations.ts";
import { openStore } from "./store.ts";

const AT_ONCE = 32;
const WARM_UP = 1500;
const COUNT_FOR = 5000;

/**
 * How many refreshes a second one process gets done, so many at once. It shares the machine with
 * the server.
 */
export async function measureRate(table: GrowthTable): Promise<number> {
  const store = openStore(table.address);
  let done = 0;
  const end = new AbortController();
  const refreshOn = async (): Promise<void> => {
    while (!end.signal.aborted) {
      if (await refresh(store, pickLiveHandle(table.rows))) done += 1;
      // A store that answers at once must let the clock go on.
      if (done % 100 === 0) await delay(0);
    }
  };
  const running = Array.from({ length: AT_ONCE }, refreshOn);
  try {
    await delay(WARM_UP);
    const [begun, before] = [performance.now(), done];
    await delay(COUNT_FOR);
    return ((done - before) / (performance.now() - begun)) * 1000;
  } finally {
    end.abort();
    await Promise.all(running);
    await store.close();
  }
}
