/** The browsers that tests run in, behind one interface. */
import { isSkippedWithoutBrowser, launchBrowser } from "./chromium.ts";
import { isSkippedWithoutFirefox, launchFirefox } from "./firefox.ts";
import { createChromiumTab, createFirefoxTab, type Tab } from "./tab.ts";

export type BrowserName = "Chromium" | "Firefox";

export interface BrowserUnderTest {
  readonly name: BrowserName;
  /** Shares no cookie, storage, lock or channel with any other. */
  newProfile(): Promise<Profile>;
  close(): Promise<void>;
}

export interface Profile {
  newTab(): Promise<Tab>;
  /** Closes its tabs too. */
  close(): Promise<void>;
}

/** What Playwright keeps Chromium from, and people have: pages that come back as they were, tabs in the background that are slowed down. */
const AS_PEOPLE_HAVE_IT = [
  "--disable-back-forward-cache",
  "--disable-background-timer-throttling",
  "--disable-backgrounding-occluded-windows",
  "--disable-renderer-backgrounding",
];

export const BROWSER_NAMES: readonly BrowserName[] = ["Chromium", "Firefox"];

/** Whether tests are skipped for want of this browser, which is said loudly. Never in CI. */
export const isSkippedIn = (name: BrowserName, what: string): boolean =>
  name === "Chromium" ? isSkippedWithoutBrowser(what) : isSkippedWithoutFirefox(what);

export async function launchUnderTest(name: BrowserName): Promise<BrowserUnderTest> {
  return name === "Chromium" ? launchChromiumUnderTest() : launchFirefoxUnderTest();
}

async function launchChromiumUnderTest(): Promise<BrowserUnderTest> {
  const browser = await launchBrowser({ ignoreDefaultArgs: AS_PEOPLE_HAVE_IT });
  return {
    name: "Chromium",
    close: () => browser.close(),
    async newProfile() {
      const context = await browser.newContext();
      return {
        newTab: async () => createChromiumTab(await context.newPage()),
        close: () => context.close(),
      };
    },
  };
}

async function launchFirefoxUnderTest(): Promise<BrowserUnderTest> {
  const { browser, close } = await launchFirefox();
  return {
    name: "Firefox",
    close,
    async newProfile() {
      const context = await browser.createBrowserContext();
      return {
        newTab: async () => createFirefoxTab(await context.newPage()),
        close: () => context.close(),
      };
    },
  };
}
