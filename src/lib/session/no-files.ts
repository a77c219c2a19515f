/**
 * What stands in bundles for runtimes without files in place of SQLite and of the file of the
 * secret: package.json, "imports".
 */
import { ConfigError } from "../errors.ts";
import type { readOrMakeSecret as readFromFile } from "./secret-file.ts";
import { unsuitableStore } from "./store-error.ts";

/** @throws SessionError `STORE_UNSUITABLE` */
export function sqlite(): never {
  throw unsuitableStore(
    "no store is configured, and this runtime has no files for the default one; write store: d1(env.DB) with the d1 of counterfoil/d1, or the store of a database server",
  );
}

/** @throws ConfigError */
export const readOrMakeSecret: typeof readFromFile = () => {
  throw new ConfigError([
    {
      code: "MISSING",
      path: "secret",
      message:
        "this runtime has no files to keep one in; write secret, the same in every process, with a value from: openssl rand -base64 32",
    },
  ]);
};
