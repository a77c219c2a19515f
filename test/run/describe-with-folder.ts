import { existsSync } from "node:fs";
import { join } from "node:path";
import { describeUnlessMissing } from "./describe-unless-missing.ts";

/**
 * `describe` for tests that need the packages of a folder of the repository which has a lock file
 * of its own, so that not every `npm ci` installs them.
 * @param folder from the root of the repository, as in "ecosystem"
 */
export function describeWithFolder(folder: string, name: string, define: () => void): void {
  const isThere = existsSync(join(import.meta.dirname, "../..", folder, "node_modules/.package-lock.json"));
  describeUnlessMissing(
    isThere ? undefined : { what: `${folder}/node_modules`, fix: `run npm ci --prefix ${folder}` },
    name,
    define,
  );
}
