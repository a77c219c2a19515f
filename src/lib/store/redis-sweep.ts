import type { PlaceKeys } from "./redis-keys.ts";
import { text } from "./redis-rows.ts";
import type { RunScript } from "./redis-runner.ts";
import * as scripts from "./redis-scripts.ts";

/** Removes what has expired, place by place, and remembers which places have nothing that could. */
export interface RedisSweep {
  /**
   * Something in the place ends at this time. Called before it is written, so that no sweep
   * overlooks it.
   */
  readonly note: (place: number, end: number) => void;
  readonly deleteExpired: (now: number, limit: number) => Promise<number>;
}

/**
 * Places that each sweep looks at in any case, since other processes write to them as well: each is
 * looked at in 16 sweeps.
 */
const IN_ANY_CASE = 16;

export function createRedisSweep(run: RunScript, places: readonly PlaceKeys[]): RedisSweep {
  // The earliest end in each place, as far as this process knows.
  const earliest = places.map(() => Number.NEGATIVE_INFINITY);
  let turn = 0;

  const note = (place: number, end: number): void => {
    earliest[place] = Math.min(earliest[place] ?? end, end);
  };

  /** How many sessions of the place have expired. */
  async function look({ expiries, replaced }: PlaceKeys, place: number, now: number): Promise<number> {
    // What is noted while the server looks stays noted.
    earliest[place] = Number.POSITIVE_INFINITY;
    try {
      const [count, ...ends] = (await run(scripts.countExpired, [expiries, replaced], [now])) as readonly unknown[];
      const expired = Number(count);
      for (const end of expired > 0 ? [Number.NEGATIVE_INFINITY] : ends.map((each) => Number(text(each))))
        note(place, end);
      return expired;
    } catch (error) {
      note(place, Number.NEGATIVE_INFINITY);
      throw error;
    }
  }

  return {
    note,
    async deleteExpired(now, limit) {
      turn += 1;
      const strides = places.length / IN_ANY_CASE;
      let removed = 0;
      for (let round = 0; removed < limit; round += 1) {
        const isDue = (place: number): boolean =>
          (earliest[place] ?? 0) <= now || (round === 0 && place % strides === turn % strides);
        const due = places.flatMap((keys, place) => (isDue(place) ? [{ keys, place }] : []));
        const counts = await Promise.all(due.map(({ keys, place }) => look(keys, place, now)));
        let left = limit - removed;
        const sweeps = due.flatMap(({ keys }, index) => {
          const share = Math.min(left, counts[index] ?? 0);
          left -= share;
          return share > 0 ? [run(scripts.deleteExpired, [keys.expiries], [now, share])] : [];
        });
        if (sweeps.length === 0) break;
        // Others may sweep at the same time; then another round finds what is left, since fewer
        // than `limit` must mean that there are no more.
        for (const count of await Promise.all(sweeps)) removed += Number(count);
      }
      return removed;
    },
  };
}
