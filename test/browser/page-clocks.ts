import { until } from "../servers/until.ts";
import type { Tab } from "./tab.ts";

/** Puts the monotonic clock of a page ahead, as if so much time had passed while it was open. */
export const passInPage = (tab: Tab, ms: number): Promise<void> =>
  tab.evaluate((by) => {
    const now = performance.now.bind(performance);
    performance.now = () => now() + by;
  }, ms);

/** Sets the wall clock of a page wrong, until it is left. */
export const setWallClock = (tab: Tab, ms: number): Promise<void> =>
  tab.evaluate((by) => {
    const now = Date.now.bind(Date);
    Date.now = () => now() + by;
  }, ms);

/** Stops the monotonic clock of a page, until it is left; `passInPage` puts it ahead. */
export const stopClock = (tab: Tab): Promise<void> =>
  tab.evaluate(() => {
    const at = performance.now();
    performance.now = () => at;
  });

interface HeldTimeout {
  readonly ms: number;
  readonly controller: AbortController;
}

/** From now on, until the page is left, its `AbortSignal.timeout` fires when a test says so. */
export const holdTimeouts = (tab: Tab): Promise<void> =>
  tab.evaluate(() => {
    const timeouts: HeldTimeout[] = [];
    AbortSignal.timeout = (ms) => {
      const controller = new AbortController();
      timeouts.push({ ms, controller });
      return controller.signal;
    };
    Object.assign(globalThis, { timeouts });
  });

/** The timeouts that the page has set since they are held, ms. */
export const timeoutsOf = (tab: Tab): Promise<readonly number[]> =>
  tab.evaluate(() => (globalThis as unknown as { timeouts: HeldTimeout[] }).timeouts.map(({ ms }) => ms));

/** Waits until the page has set a timeout of so many ms, and lets it fire. */
export async function passTimeout(tab: Tab, ms: number): Promise<void> {
  await until(`a timeout of ${ms} ms`, () =>
    tab.evaluate((time) => {
      const { timeouts } = globalThis as unknown as { timeouts: HeldTimeout[] };
      const one = timeouts.find((each) => each.ms === time && !each.controller.signal.aborted);
      one?.controller.abort(new DOMException("The operation timed out.", "TimeoutError"));
      return one !== undefined;
    }, ms),
  );
}

interface HeldTimer {
  readonly ms: number;
  readonly id: number;
  readonly run: () => void;
}

/**
 * From now on, until the page is left, what its `setTimeout` was given runs when a test says so.
 */
export const holdTimers = (tab: Tab): Promise<void> =>
  tab.evaluate(() => {
    const timers: HeldTimer[] = [];
    let last = 0;
    globalThis.setTimeout = ((run: () => void, ms = 0) => {
      timers.push({ ms, run, id: (last += 1) });
      return last;
    }) as typeof setTimeout;
    globalThis.clearTimeout = (id) => {
      const index = timers.findIndex((timer) => timer.id === id);
      if (index >= 0) timers.splice(index, 1);
    };
    Object.assign(globalThis, { timers });
  });

/** The timers that wait in the page since they are held, ms. */
export const timersOf = (tab: Tab): Promise<readonly number[]> =>
  tab.evaluate(() => (globalThis as unknown as { timers: HeldTimer[] }).timers.map(({ ms }) => ms));

/** Waits until the page has set a timer of so many ms, and lets it run. */
export async function passTimer(tab: Tab, ms: number): Promise<void> {
  await until(`a timer of ${ms} ms`, () =>
    tab.evaluate((time) => {
      const { timers } = globalThis as unknown as { timers: HeldTimer[] };
      const index = timers.findIndex((timer) => timer.ms === time);
      const [timer] = index < 0 ? [] : timers.splice(index, 1);
      timer?.run();
      return timer !== undefined;
    }, ms),
  );
}
