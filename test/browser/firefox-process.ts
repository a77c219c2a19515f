/**
 * A Firefox that is driven by WebDriver BiDi: Debian's package `firefox-esr`, or the one at
 * `FIREFOX_PATH`.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BidiSession } from "./bidi-session.ts";
import { demandBrowser } from "./installed-browser.ts";
import { FIREFOX } from "./firefox.ts";

/** Beside those that Firefox sets for every driver. */
const PREFERENCES = {
  "app.normandy.enabled": false,
  "browser.aboutwelcome.enabled": false,
  "browser.newtab.preload": false,
  "browser.newtabpage.enabled": false,
  "browser.region.update.enabled": false,
  "browser.safebrowsing.malware.enabled": false,
  "browser.safebrowsing.phishing.enabled": false,
  "browser.sessionstore.interval": 3_600_000,
  "browser.sessionstore.resume_from_crash": false,
  "browser.startup.homepage_override.mstone": "ignore",
  "browser.startup.page": 0,
  "browser.topsites.contile.enabled": false,
  "datareporting.policy.dataSubmissionEnabled": false,
  "datareporting.usage.uploadEnabled": false,
  "dom.ipc.processPrelaunch.enabled": false,
  "dom.push.connection.enabled": false,
  "extensions.screenshots.disabled": true,
  "extensions.systemAddon.update.enabled": false,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "network.dns.disablePrefetch": true,
  "services.settings.server": "data:,#remote-settings-dummy/v1",
  "startup.homepage_welcome_url": "about:blank",
  "toolkit.cosmeticAnimations.enabled": false,
  "toolkit.telemetry.enabled": false,
  // A browser of one person keeps eight pages to go back to. This one has as many for each file
  // that runs.
  "browser.sessionhistory.max_total_viewers": 64,
  // What people have, and drivers turn off: the protections that change cookies.
  "browser.contentblocking.features.standard": "tp,tpPrivate,cookieBehavior5,cookieBehaviorPBM5,cryptoTP,fp",
  "network.cookie.cookieBehavior": 5,
};

export interface Firefox {
  /** Sends a command of WebDriver BiDi. */
  readonly send: BidiSession["send"];
  /** Resolves when its process has ended, by itself too. */
  readonly ended: Promise<unknown>;
  close(): Promise<void>;
}

export async function startFirefox(): Promise<Firefox> {
  const path = demandBrowser(FIREFOX);
  // As root it refuses a home of somebody else, which is what it finds in some containers.
  const home = await mkdtemp(join(tmpdir(), "counterfoil-firefox-"));
  const lines = Object.entries(PREFERENCES).map(([name, value]) => `user_pref("${name}", ${JSON.stringify(value)});\n`);
  await writeFile(join(home, "user.js"), lines.join(""));
  const child = spawn(path, ["--headless", "--no-remote", "--remote-debugging-port=0", "--profile", home], {
    env: { ...process.env, HOME: home, MOZ_CRASHREPORTER_DISABLE: "1" },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const exited = once(child, "exit");
  const forget = async (): Promise<void> => {
    child.kill("SIGKILL");
    await exited;
    await rm(home, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const session = await BidiSession.start(await endpointOf(child, exited));
    return {
      send: session.send.bind(session),
      ended: exited,
      async close() {
        await session.send("browser.close").catch(() => undefined);
        // Its processes of pages end with it, and it ends by itself.
        const late = setTimeout(() => child.kill("SIGKILL"), 10_000);
        await exited;
        clearTimeout(late);
        await forget();
      },
    };
  } catch (error) {
    await forget();
    throw error;
  }
}

/** What it says at its start. */
function endpointOf({ stderr }: ChildProcess, exited: Promise<unknown[]>): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = "";
    stderr?.on("data", (chunk: Buffer) => {
      if (said.length < 10_000) said += chunk.toString();
      const [, endpoint] = /WebDriver BiDi listening on (ws:\S+)/.exec(said) ?? [];
      if (endpoint !== undefined) resolve(endpoint);
    });
    void exited.then(() => reject(new Error(`Firefox did not start:\n${said}`)));
  });
}
