/** Finds the browsers of the tests, which Debian's packages bring. */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

export interface InstalledBrowser {
  /** Debian's package. */
  readonly package: string;
  /** Environment variable that names another executable. */
  readonly variable: string;
  /** Names of the command, the likeliest first. */
  readonly commands: readonly string[];
}

/**
 * Whether tests are skipped for want of a browser, which is said loudly. Never in CI, where
 * `demandBrowser` fails.
 */
export function isSkippedWithout(browser: InstalledBrowser, what: string): boolean {
  if (findBrowser(browser) !== undefined || (process.env["CI"] ?? "") !== "") return false;
  console.warn(`\nSKIPPED: ${what} was NOT tested: ${remedy(browser)}\n`);
  return true;
}

/** The path of the executable. */
export function demandBrowser(browser: InstalledBrowser): string {
  const path = findBrowser(browser);
  if (path === undefined) throw new Error(remedy(browser));
  return path;
}

/**
 * What the variable names counts even where nothing is there, so that a wrong path fails and skips
 * nothing.
 */
function findBrowser({ variable, commands }: InstalledBrowser): string | undefined {
  const given = process.env[variable];
  if (given !== undefined && given !== "") return given;
  const folders = ["/usr/bin", ...(process.env["PATH"] ?? "").split(delimiter)];
  return commands.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

const remedy = (browser: InstalledBrowser): string =>
  `there is no browser: install Debian's package "${browser.package}", or set ${browser.variable}`;
