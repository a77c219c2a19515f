/**
 * The Chromium of the tests that drive a real page: Debian's package `chromium-headless-shell`,
 * which is the same engine without its windows and costs a third of the CPU time; else `chromium`,
 * or the one at `CHROMIUM_PATH`.
 */
import { type Browser, type BrowserServer, chromium, type LaunchOptions } from "playwright-core";
import { askBroker } from "../broker/broker-client.ts";
import { demandBrowser, type InstalledBrowser, isSkippedWithout } from "./installed-browser.ts";

const WHOLE: InstalledBrowser = {
  package: "chromium",
  variable: "CHROMIUM_PATH",
  commands: ["chromium", "chromium-browser", "google-chrome"],
};
const SHELL: InstalledBrowser = {
  ...WHOLE,
  package: "chromium-headless-shell",
  commands: ["chromium-headless-shell", ...WHOLE.commands],
};

/** `whole`: with the memory of pages that are gone back to, which the shell lacks. */
export interface ChromiumOptions {
  readonly whole?: boolean | undefined;
}

const installed = ({ whole = false }: ChromiumOptions): InstalledBrowser => (whole ? WHOLE : SHELL);
const ARGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  // The last list of features counts: that of Playwright, and the two pop-ups of the address bar,
  // each of which costs a process for each profile.
  `--disable-features=${[
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable",
    "LensOverlay",
    "MediaRouter",
    "PaintHolding",
    "ThirdPartyStoragePartitioning",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "OptimizationHints",
    "NetworkTimeServiceQuerying",
    "AimEnabled",
    "PreconnectToSearch",
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
  ].join(",")}`,
];

/**
 * What Playwright keeps Chromium from, and people have: pages that come back as they were, tabs in
 * the background that are slowed down.
 */
const AS_PEOPLE_HAVE_IT = [
  "--disable-back-forward-cache",
  "--disable-background-timer-throttling",
  "--disable-backgrounding-occluded-windows",
  "--disable-renderer-backgrounding",
];

/**
 * Whether tests are skipped for want of Chromium, which is said loudly. Never in CI, where
 * `openBrowser` fails.
 */
export const isSkippedWithoutBrowser = (what: string, options: ChromiumOptions = {}): boolean =>
  isSkippedWithout(installed(options), what);

/** A connection to the Chromium of this run of tests. With it closes what was opened over it. */
export const openBrowser = async ({ whole = false }: ChromiumOptions = {}): Promise<Browser> =>
  chromium.connect(await askBroker<string>(whole ? "wholeChromium" : "chromium"));

/** A Chromium of one's own, for a benchmark. */
export const launchBrowser = (): Promise<Browser> => chromium.launch(launchOptions({}));

/** A Chromium that many connect to. */
export const launchBrowserServer = (options: ChromiumOptions): Promise<BrowserServer> =>
  chromium.launchServer(launchOptions(options));

const launchOptions = (options: ChromiumOptions): LaunchOptions => ({
  executablePath: demandBrowser(installed(options)),
  args: ARGS,
  ignoreDefaultArgs: AS_PEOPLE_HAVE_IT,
  // The process that launched it closes it, also after such a signal.
  handleSIGHUP: false,
  handleSIGINT: false,
  handleSIGTERM: false,
});
