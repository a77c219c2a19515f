/** The browsers that tests run in, behind one interface. */
import type { Browser } from "playwright-core";
import { type ChromiumOptions, isSkippedWithoutBrowser, openBrowser } from "./chromium.ts";
import { isSkippedWithoutFirefox, openFirefoxWindow, sendToFirefox } from "./firefox.ts";
import { FirefoxTab } from "./firefox-tab.ts";
import { createChromiumTab, type Tab } from "./tab.ts";

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

export const BROWSER_NAMES: readonly BrowserName[] = ["Chromium", "Firefox"];

/** Whether tests are skipped for want of this browser, which is said loudly. Never in CI. */
export const isSkippedIn = (name: BrowserName, what: string, options: ChromiumOptions = {}): boolean =>
  name === "Chromium" ? isSkippedWithoutBrowser(what, options) : isSkippedWithoutFirefox(what);

/**
 * The browser of this run, over a connection of one's own: with that closes what was opened over
 * it.
 */
export const openUnderTest = async (name: BrowserName, options: ChromiumOptions = {}): Promise<BrowserUnderTest> =>
  name === "Chromium" ? createChromiumUnderTest(await openBrowser(options)) : openFirefox();

export function createChromiumUnderTest(browser: Browser): BrowserUnderTest {
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

async function openFirefox(): Promise<BrowserUnderTest> {
  const window = await openFirefoxWindow();
  return {
    name: "Firefox",
    close: () => sendToFirefox("browsingContext.close", { context: window }),
    async newProfile() {
      const profile = await sendToFirefox<{ userContext: string }>("browser.createUserContext");
      return {
        newTab: () => FirefoxTab.open(window, profile.userContext),
        close: () => sendToFirefox("browser.removeUserContext", profile),
      };
    },
  };
}
