import { beforeAll, describe } from "vitest";

/** What a test needs and this machine lacks. */
export interface Missing {
  /** What is not there, as in "there is no mariadb server". */
  readonly what: string;
  /** What to do about it, as in "install Debian's mariadb-server". */
  readonly fix: string;
}

/**
 * `describe` for tests that need something which a user's machine may lack. Without it, the tests
 * are skipped, with a loud line and a title that name the cure; in CI they fail instead.
 */
export function describeUnlessMissing(missing: Missing | undefined, name: string, define: () => void): void {
  if (missing === undefined) {
    describe(name, define);
    return;
  }
  const { what, fix } = missing;
  const inCi = (process.env["CI"] ?? "") !== "";
  if (!inCi) console.warn(`\nSKIPPED: ${name} was NOT tested: there is no ${what}: ${fix}\n`);
  describe.skipIf(!inCi)(`${name} (needs ${what}: ${fix})`, () => {
    beforeAll(() => {
      throw new Error(`there is no ${what}: ${fix}`);
    });
    define();
  });
}
