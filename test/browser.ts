/** The Chromium of the tests that drive a real page: Debian's package `chromium`, or the one at `CHROMIUM_PATH`. */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { type Browser, chromium } from "playwright-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];
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
const FIX = 'there is no browser: install Debian\'s package "chromium", or set CHROMIUM_PATH';

/** Whether tests are skipped for want of a browser, which is said loudly. Never in CI, where `launchBrowser` fails. */
export function isSkippedWithoutBrowser(what: string): boolean {
  if (findBrowser() !== undefined || (process.env["CI"] ?? "") !== "") return false;
  console.warn(`\nSKIPPED: ${what} was NOT tested: ${FIX}\n`);
  return true;
}

export async function launchBrowser(): Promise<Browser> {
  const executablePath = findBrowser();
  if (executablePath === undefined) throw new Error(FIX);
  return chromium.launch({ executablePath, args: ARGS });
}

/** What `CHROMIUM_PATH` names counts even where nothing is there, so that a wrong path fails and skips nothing. */
function findBrowser(): string | undefined {
  const given = process.env["CHROMIUM_PATH"];
  if (given !== undefined && given !== "") return given;
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const candidates = NAMES.flatMap((name) => folders.map((folder) => join(folder, name)));
  return ["/usr/bin/chromium", ...candidates].find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
