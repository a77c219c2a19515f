import { createSecrets } from "../crypto/secret.ts";
import { rewrapKeys } from "../key/wrapped-key.ts";
import { type Command, defineCommand } from "./command.ts";
import { UsageError } from "./command-error.ts";
import { readGivenSecret, SECRET_OPTIONS, SECRET_USAGE } from "./given-secret.ts";
import { STORE_OPTIONS, STORE_USAGE } from "./open-store.ts";
import { counted } from "./printable.ts";
import { noKeys, withWrappedKeys } from "./with-context.ts";

/** Encrypts the keys in the store with a new secret. */
export const secretRotate: Command = defineCommand({
  usage: `counterfoil secret rotate --store <address> [--prefix counterfoil_] [--secret-file <path>] [--new-secret-file <path>] [--json]
  Encrypts the keys in the store with a new secret. First deploy secret: [old, new] to every process: one that does not know the
  new secret could not start any more. Run again, it changes nothing, and so tells whether a key still needs the old secret.
  --new-secret-file  a file with the new secret. Default: what the environment has as COUNTERFOIL_NEW_SECRET
${SECRET_USAGE}
${STORE_USAGE}`,
  options: { ...STORE_OPTIONS, ...SECRET_OPTIONS, "new-secret-file": "text" },
  async run({ "new-secret-file": file, ...target }) {
    const fresh = await readGivenSecret({ file, option: "--new-secret-file", variable: "COUNTERFOIL_NEW_SECRET" });
    if (fresh === undefined)
      throw new UsageError("name the new secret: --new-secret-file <path>, or set COUNTERFOIL_NEW_SECRET");
    const { rewrapped, total } = await withWrappedKeys(target, (store, old) => {
      if (old === fresh)
        throw new UsageError("the old and the new secret are the same; make one with: counterfoil secret generate");
      return rewrapKeys(store, createSecrets([fresh, old]));
    });
    if (total === 0) throw noKeys();
    return { text: toText(rewrapped, total), json: { rewrapped, total } };
  },
});

function toText(rewrapped: number, total: number): string {
  const fact =
    rewrapped === 0
      ? `the new secret encrypts ${total === 1 ? "the only key" : `all ${total} keys`} already`
      : `encrypted ${counted(rewrapped, "key")} with the new secret`;
  return `${fact}
Next: deploy secret: [new, old] to every process. After a day, when it is done everywhere, deploy secret: new.
For a SQLite file with a secret file beside it: put the new secret into that file before the app starts again.
`;
}
