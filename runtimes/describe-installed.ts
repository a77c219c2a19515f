import { existsSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe } from "vitest";

const INSTALL = "npm ci --prefix runtimes";

const isInstalled = existsSync(join(import.meta.dirname, "node_modules/.package-lock.json"));
const isInCi = (process.env["CI"] ?? "") !== "";

/** Tests that need the runtimes. Without them they are skipped with a loud line, and fail in CI. */
export function describeInstalled(name: string, define: () => void): void {
  if (!isInstalled && !isInCi) console.warn(`\nSKIPPED: ${name} was NOT tested: run ${INSTALL}\n`);
  describe.skipIf(!isInstalled && !isInCi)(name, () => {
    beforeAll(() => {
      if (!isInstalled) throw new Error(`there are no runtimes: run ${INSTALL}`);
    });
    define();
  });
}
