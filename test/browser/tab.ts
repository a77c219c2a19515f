/** A tab of any browser, and no more of it than tests need. */
import type { Page as ChromiumPage } from "playwright-core";
import type { Page as FirefoxPage } from "puppeteer-core";
import { until } from "../servers/until.ts";

export interface Tab {
  /** Loads a page, and waits until it has loaded. The status of its answer. */
  goto(url: string): Promise<number>;
  /** Runs a function in the page. It sees nothing of the test but its argument, which travels as JSON does. */
  evaluate<Result>(run: () => Result): Promise<Awaited<Result>>;
  evaluate<Argument, Result>(run: (argument: Argument) => Result, argument: Argument): Promise<Awaited<Result>>;
  reload(): Promise<void>;
  /** Goes to the page before, which may come out of the browser's memory as it was left. */
  goBack(): Promise<void>;
  /** Puts the tab before the others of its window; those are hidden then, in Firefox only. */
  bringToFront(): Promise<void>;
  close(): Promise<void>;
}

const ofChromium = new WeakMap<Tab, ChromiumPage>();

/** Playwright's page, for what only Chromium's own protocol can stage. */
export function chromiumPage(tab: Tab): ChromiumPage {
  const page = ofChromium.get(tab);
  if (page === undefined) throw new Error("this tab is not Chromium's");
  return page;
}

export function createChromiumTab(page: ChromiumPage): Tab {
  const evaluate = page.evaluate.bind(page) as Tab["evaluate"];
  const tab: Tab = {
    evaluate,
    goto: async (url) => (await page.goto(url))?.status() ?? 0,
    reload: async () => void (await page.reload()),
    goBack: () => leave(evaluate, () => evaluate(() => history.back())),
    bringToFront: () => page.bringToFront(),
    close: () => page.close(),
  };
  ofChromium.set(tab, page);
  return tab;
}

export function createFirefoxTab(page: FirefoxPage): Tab {
  const evaluate: Tab["evaluate"] = page.evaluate.bind(page);
  return {
    evaluate,
    // After a page out of memory Puppeteer misses the next load, and waits for it in vain.
    async goto(url) {
      await leave(evaluate, () => page.goto(url));
      // A page that is only passed through, as Firefox shows one at times, has no status.
      return until(`${url} has loaded`, () =>
        evaluate(() => {
          const [entry] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
          return document.readyState === "complete" && (entry?.responseStatus || undefined);
        }),
      );
    },
    reload: () => leave(evaluate, () => page.reload()),
    goBack: () => leave(evaluate, () => evaluate(() => history.back())),
    bringToFront: () => page.bringToFront(),
    close: () => page.close(),
  };
}

let departures = 0;

/** Waits in the page itself for the next one: both drivers wait for a load that never comes when that comes out of memory. */
async function leave(evaluate: Tab["evaluate"], start: () => Promise<unknown>): Promise<void> {
  const departure = ++departures;
  await evaluate((mark) => void Object.assign(globalThis, { departure: mark }), departure);
  // What becomes of it shows in the page.
  start().catch(() => undefined);
  await until("the next page", () =>
    evaluate(
      (mark) =>
        Reflect.get(globalThis, "departure") !== mark &&
        document.readyState === "complete" &&
        location.href !== "about:blank",
      departure,
    ),
  );
}
