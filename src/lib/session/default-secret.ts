import { newSecret } from "../crypto/secret.ts";
import { ConfigError } from "../errors.ts";
import type { SessionStore } from "./session-store.ts";

type SecretList = readonly [string, ...string[]];

/**
 * The secrets, current one first. The first start may make one, because the store has no keys yet.
 * @throws SessionError if they cannot be read or made
 */
export type SecretSource = (isFirstStart: boolean) => Promise<SecretList>;

/** Secrets of memory stores. A second instance on the same store must open the first one's keys. */
const passingSecrets = new WeakMap<SessionStore, SecretList>();

/** The name has a leading dot when the library makes the file, see secret-file.ts. */
export const DEVELOPMENT_FILE = "./counterfoil.secret";

const HOW = "write secret: process.env.COUNTERFOIL_SECRET, with a value from: openssl rand -base64 32";

/**
 * Takes the secrets from the config, else from a file that is made once, else (for a memory store)
 * from this process.
 *
 * @throws ConfigError if the store is not embedded and needs a configured secret
 */
export function chooseSecrets(configured: SecretList | undefined, store: SessionStore): SecretSource {
  if (configured !== undefined) return async () => configured;
  const environment = process.env["NODE_ENV"];
  if (store.secretFile === null) {
    if (environment === "production")
      throw needsSecret(`in production this store needs one, the same in every process; ${HOW}`);
    const secret = passingSecrets.get(store) ?? [newSecret()];
    passingSecrets.set(store, secret);
    return async () => secret;
  }
  // NODE_ENV is unset in many containers. Their file would be lost with them, and each would have
  // its own.
  if (store.secretFile === undefined && environment !== "development" && environment !== "test")
    throw needsSecret(
      `a store that several servers can share needs one, the same in every process; ${HOW}. With NODE_ENV=development one is made in a file`,
    );
  const file = store.secretFile ?? DEVELOPMENT_FILE;
  return async (isFirstStart) => {
    // Loaded late, because some runtimes have no file system.
    const { readOrMakeSecret } = await import("./secret-file.ts");
    return [readOrMakeSecret(file, isFirstStart)];
  };
}

const needsSecret = (message: string): ConfigError => new ConfigError([{ code: "MISSING", path: "secret", message }]);
