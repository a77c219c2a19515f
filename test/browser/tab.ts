/** A tab of any browser, and no more of it than tests need. */
import type { Page } from "playwright-core";
import { until } from "../servers/until.ts";

export interface Tab {
  /** Loads a page, and waits until it has loaded. The status of its answer. */
  goto(url: string): Promise<number>;
  /**
   * Runs a function in the page. It sees nothing of the test but its argument, which travels as
   * JSON does.
   */
  evaluate<Result>(run: () => Result): Promise<Awaited<Result>>;
  evaluate<Argument, Result>(run: (argument: Argument) => Result, argument: Argument): Promise<Awaited<Result>>;
  reload(): Promise<void>;
  /** Goes to the page before, which may come out of the browser's memory as it was left. */
  goBack(): Promise<void>;
  /** Puts the tab before the others of its window; those are hidden then, in Firefox only. */
  bringToFront(): Promise<void>;
  close(): Promise<void>;
}

const ofChromium = new WeakMap<Tab, Page>();

/** Playwright's page, for what only Chromium's own protocol can stage. */
export function chromiumPage(tab: Tab): Page {
  const page = ofChromium.get(tab);
  if (page === undefined) throw new Error("this tab is not Chromium's");
  return page;
}

export function createChromiumTab(page: Page): Tab {
  const tab: Tab = {
    evaluate: page.evaluate.bind(page) as Tab["evaluate"],
    goto: async (url) => (await page.goto(url))?.status() ?? 0,
    reload: async () => void (await page.reload()),
    goBack: () => leavePage(tab, () => tab.evaluate(() => history.back())),
    bringToFront: () => page.bringToFront(),
    close: () => page.close(),
  };
  ofChromium.set(tab, page);
  return tab;
}

let departures = 0;

/**
 * Waits in the page itself for the next one: drivers wait for a load that never comes when that
 * comes out of memory.
 */
export async function leavePage(tab: Tab, start: () => Promise<unknown>): Promise<void> {
  const departure = ++departures;
  await tab.evaluate((mark) => void Object.assign(globalThis, { departure: mark }), departure);
  // What becomes of it shows in the page.
  start().catch(() => undefined);
  await until("the next page", () =>
    tab.evaluate(
      (mark) =>
        Reflect.get(globalThis, "departure") !== mark &&
        document.readyState === "complete" &&
        location.href !== "about:blank",
      departure,
    ),
  );
}
