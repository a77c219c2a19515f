import { beforeAll, describe } from "vitest";
import { missingPackage, type ServerKind } from "./binaries.ts";

/**
 * `describe` for what needs a server of this kind. Where its binaries are missing, the tests are
 * skipped, with a loud line and a title that name the Debian package; in CI they fail instead.
 */
export function describeWithServer(kind: ServerKind, name: string, define: () => void): void {
  const missing = missingPackage(kind);
  if (missing === undefined) {
    describe(name, define);
    return;
  }
  const fix = `install Debian's ${missing}`;
  const inCi = (process.env["CI"] ?? "") !== "";
  if (!inCi) console.warn(`\nSKIPPED: ${name} was NOT tested: there is no ${kind} server: ${fix}\n`);
  describe.skipIf(!inCi)(`${name} (needs ${kind}: ${fix})`, () => {
    beforeAll(() => {
      throw new Error(`there is no ${kind} server: ${fix}`);
    });
    define();
  });
}
