/**
 * The Firefox of the tests that drive a real page: Debian's package `firefox-esr`, or the one at
 * `FIREFOX_PATH`.
 */
import { askBroker } from "../broker/broker-client.ts";
import { type InstalledBrowser, isSkippedWithout } from "./installed-browser.ts";

export const FIREFOX: InstalledBrowser = {
  package: "firefox-esr",
  variable: "FIREFOX_PATH",
  commands: ["firefox-esr", "firefox"],
};

/**
 * Whether tests are skipped for want of Firefox, which is said loudly. Never in CI, where
 * `sendToFirefox` fails.
 */
export const isSkippedWithoutFirefox = (what: string): boolean => isSkippedWithout(FIREFOX, what);

/** Sends a command of WebDriver BiDi to the Firefox of this run of tests. */
export const sendToFirefox = <Result>(method: string, params: object = {}): Promise<Result> =>
  askBroker<Result>("firefox", { method, params });

/**
 * A window of one's own: only the tab in front of a window is visible, and only in a visible one do
 * timers keep their time.
 *
 * @returns its first tab, which stays empty
 */
export async function openFirefoxWindow(): Promise<string> {
  const { context } = await sendToFirefox<{ context: string }>("browsingContext.create", { type: "window" });
  return context;
}
