/** The Firefox of the tests that drive a real page: Debian's package `firefox-esr`, or the one at `FIREFOX_PATH`. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, launch } from "puppeteer-core";
import { demandBrowser, type InstalledBrowser, isSkippedWithout } from "./installed-browser.ts";

const FIREFOX: InstalledBrowser = {
  package: "firefox-esr",
  variable: "FIREFOX_PATH",
  commands: ["firefox-esr", "firefox"],
};

/** Beside those of Puppeteer, which stop updates, telemetry and the pages of a first run. */
const PREFERENCES = {
  "app.normandy.enabled": false,
  "browser.aboutwelcome.enabled": false,
  "browser.region.update.enabled": false,
  "browser.topsites.contile.enabled": false,
  "datareporting.usage.uploadEnabled": false,
  "dom.push.connection.enabled": false,
  "extensions.systemAddon.update.enabled": false,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "network.dns.disablePrefetch": true,
  "toolkit.telemetry.enabled": false,
  // What people have: Puppeteer turns the protections off that change cookies.
  "browser.contentblocking.features.standard": "tp,tpPrivate,cookieBehavior5,cookieBehaviorPBM5,cryptoTP,fp",
  "network.cookie.cookieBehavior": 5,
};

export interface LaunchedFirefox {
  readonly browser: Browser;
  readonly close: () => Promise<void>;
}

/** Whether tests are skipped for want of Firefox, which is said loudly. Never in CI, where `launchFirefox` fails. */
export const isSkippedWithoutFirefox = (what: string): boolean => isSkippedWithout(FIREFOX, what);

export async function launchFirefox(): Promise<LaunchedFirefox> {
  // As root it refuses a home of somebody else, which is what it finds in some containers.
  const home = await mkdtemp(join(tmpdir(), "counterfoil-firefox-"));
  const forget = (): Promise<void> => rm(home, { recursive: true, force: true, maxRetries: 5 });
  try {
    const browser = await launch({
      browser: "firefox",
      executablePath: demandBrowser(FIREFOX),
      headless: true,
      // A busy machine takes its time.
      timeout: 60_000,
      protocolTimeout: 60_000,
      env: { ...process.env, HOME: home, MOZ_CRASHREPORTER_DISABLE: "1" },
      extraPrefsFirefox: PREFERENCES,
    });
    return {
      browser,
      async close() {
        await browser.close();
        await forget();
      },
    };
  } catch (error) {
    await forget();
    throw error;
  }
}
