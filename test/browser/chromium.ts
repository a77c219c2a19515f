/** The Chromium of the tests that drive a real page: Debian's package `chromium`, or the one at `CHROMIUM_PATH`. */
import { type Browser, chromium, type LaunchOptions } from "playwright-core";
import { demandBrowser, type InstalledBrowser, isSkippedWithout } from "./installed-browser.ts";

const CHROMIUM: InstalledBrowser = {
  package: "chromium",
  variable: "CHROMIUM_PATH",
  commands: ["chromium", "chromium-browser", "google-chrome"],
};
const ARGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Whether tests are skipped for want of Chromium, which is said loudly. Never in CI, where `launchBrowser` fails. */
export const isSkippedWithoutBrowser = (what: string): boolean => isSkippedWithout(CHROMIUM, what);

/** @param options what differs from the Chromium of most tests */
export async function launchBrowser(options: Pick<LaunchOptions, "ignoreDefaultArgs"> = {}): Promise<Browser> {
  return chromium.launch({ executablePath: demandBrowser(CHROMIUM), args: ARGS, ...options });
}
