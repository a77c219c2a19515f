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
