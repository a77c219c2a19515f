import { SessionError } from "../errors.ts";
import { chooseSecrets } from "../session/default-secret.ts";
import { readSecret } from "../session/secret-file.ts";
import type { SessionStore } from "../session/session-store.ts";
import { UsageError } from "./command-error.ts";

/** The option for the file of the app's secret. */
export const SECRET_OPTIONS = { "secret-file": "text" } as const;

/** Its part of a usage text. */
export const SECRET_USAGE = `  --secret-file  a file with the app's secret. Default: what the environment has as COUNTERFOIL_SECRET; for a SQLite file
            without either, the secret file beside it. Never an argument, because other users of the machine see arguments`;

const MIN_LENGTH = 32;

interface GivenSecret {
  /** The path of a file, from the option. */
  readonly file: string | undefined;
  readonly option: "--secret-file" | "--new-secret-file";
  readonly variable: "COUNTERFOIL_SECRET" | "COUNTERFOIL_NEW_SECRET";
}

/**
 * Reads a secret from the file that an option names, or else from the environment.
 *
 * @returns undefined if neither is given @throws UsageError
 */
export async function readGivenSecret({ file, option, variable }: GivenSecret): Promise<string | undefined> {
  if (file !== undefined) return readSecretFile(file, option);
  const text = process.env[variable];
  if (text === undefined || text === "") return undefined;
  if (text.length < MIN_LENGTH)
    throw new UsageError(`${variable} has ${text.length} characters, and a secret has at least ${MIN_LENGTH}`);
  return text;
}

function readSecretFile(file: string, option: string): string {
  let text: string | undefined;
  try {
    text = readSecret(file);
  } catch (error) {
    // The library's own error is about a file that it made.
    const { cause } = error instanceof SessionError ? error : { cause: error };
    throw new UsageError(`${option} names a file without a secret (${cause instanceof Error ? cause.message : "?"})`);
  }
  if (text === undefined) throw new UsageError(`${option} names a file that does not exist`);
  return text;
}

/** The secret of the app. @throws UsageError, SessionError `SECRET_MISMATCH` */
export async function readAppSecret(file: string | undefined, store: SessionStore): Promise<string> {
  const given = await readGivenSecret({ file, option: "--secret-file", variable: "COUNTERFOIL_SECRET" });
  if (given !== undefined) return given;
  if (typeof store.secretFile !== "string")
    throw new UsageError("this needs the app's secret: set COUNTERFOIL_SECRET, or write --secret-file <path>");
  const [secret] = await chooseSecrets(undefined, store)(false);
  return secret;
}
