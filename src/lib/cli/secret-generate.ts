import { writeFileSync } from "node:fs";
import { newSecret } from "../crypto/secret.ts";
import { type Command, defineCommand } from "./command.ts";
import { UsageError } from "./command-error.ts";

/** Makes a secret. */
export const secretGenerate: Command = defineCommand({
  usage: `counterfoil secret generate [--to <path>] [--json]
  Prints a new secret for the option secret: 32 random bytes as base64url.
  --to      writes the secret to this new file instead, which only you can read`,
  options: { to: "text" },
  run({ to }) {
    const secret = newSecret();
    if (to === undefined) return { text: `${secret}\n`, json: { secret } };
    try {
      writeFileSync(to, `${secret}\n`, { mode: 0o600, flag: "wx", flush: true });
    } catch (error) {
      const isThere = error instanceof Error && "code" in error && error.code === "EEXIST";
      throw new UsageError(
        isThere
          ? "--to names a file that exists, and may hold a secret in use; name a new one"
          : `--to names a file that cannot be written (${error instanceof Error ? error.message : String(error)})`,
      );
    }
    return { text: `wrote a new secret to ${to}\n`, json: { file: to } };
  },
});
