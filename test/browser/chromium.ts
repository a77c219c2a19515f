/** The Chromium of the tests that drive a real page: Debian's package `chromium`, or the one at `CHROMIUM_PATH`. */
import { type Browser, type BrowserServer, chromium, type LaunchOptions } from "playwright-core";
import { askBroker } from "../broker/broker-client.ts";
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

/** What Playwright keeps Chromium from, and people have: pages that come back as they were, tabs in the background that are slowed down. */
const AS_PEOPLE_HAVE_IT = [
  "--disable-back-forward-cache",
  "--disable-background-timer-throttling",
  "--disable-backgrounding-occluded-windows",
  "--disable-renderer-backgrounding",
];

/** Whether tests are skipped for want of Chromium, which is said loudly. Never in CI, where `openBrowser` fails. */
export const isSkippedWithoutBrowser = (what: string): boolean => isSkippedWithout(CHROMIUM, what);

/** A connection to the Chromium of this run of tests. With it closes what was opened over it. */
export const openBrowser = async (): Promise<Browser> => chromium.connect(await askBroker<string>("chromium"));

/** A Chromium of one's own, for a benchmark. */
export const launchBrowser = (): Promise<Browser> => chromium.launch(launchOptions());

/** A Chromium that many connect to. */
export const launchBrowserServer = (): Promise<BrowserServer> => chromium.launchServer(launchOptions());

const launchOptions = (): LaunchOptions => ({
  executablePath: demandBrowser(CHROMIUM),
  args: ARGS,
  ignoreDefaultArgs: AS_PEOPLE_HAVE_IT,
  // Whoever launched it closes it, also after such a signal.
  handleSIGHUP: false,
  handleSIGINT: false,
  handleSIGTERM: false,
});
