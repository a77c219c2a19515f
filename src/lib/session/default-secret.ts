import { randomBytes } from "node:crypto";
import { ConfigError } from "../errors.ts";
import type { SessionStore } from "./session-store.ts";

type SecretList = readonly [string, ...string[]];

/**
 * The secrets, current one first. On the first start, when the store has no keys yet, one may be
 * made.
 * @throws SessionError when they cannot be had
 */
export type SecretSource = (isFirstStart: boolean) => Promise<SecretList>;

/**
 * Of stores that keep nothing; a second instance on the same store must open the first one's keys.
 */
const passingSecrets = new WeakMap<SessionStore, SecretList>();

/** Begins with a dot when it is made, see secret-file.ts. */
const DEVELOPMENT_FILE = "./counterfoil.secret";

const HOW = "write secret: process.env.COUNTERFOIL_SECRET, with a value from: openssl rand -base64 32";

/**
 * Where the secrets come from: the config, else a file that is made once, else (for a store that
 * keeps nothing) this process.
 *
 * @throws ConfigError where a store that is not embedded needs one by name
 */
export function chooseSecrets(configured: SecretList | undefined, store: SessionStore): SecretSource {
  if (configured !== undefined) return async () => configured;
  const environment = process.env["NODE_ENV"];
  if (store.secretFile === null) {
    if (environment === "production")
      throw needsSecret(`in production this store needs one, the same in every process; ${HOW}`);
    const secret = passingSecrets.get(store) ?? [randomBytes(32).toString("base64url")];
    passingSecrets.set(store, secret);
    return async () => secret;
  }
  // Nobody sets NODE_ENV in many a container, whose file is gone with it, and of which there are
  // several.
  if (store.secretFile === undefined && environment !== "development" && environment !== "test")
    throw needsSecret(
      `a store that several servers can share needs one, the same in every process; ${HOW}. With NODE_ENV=development one is made in a file`,
    );
  const file = store.secretFile ?? DEVELOPMENT_FILE;
  return async (isFirstStart) => {
    // Loaded late: it needs a file system, which not every runtime has.
    const { readOrMakeSecret } = await import("./secret-file.ts");
    return [readOrMakeSecret(file, isFirstStart)];
  };
}

const needsSecret = (message: string): ConfigError => new ConfigError([{ code: "MISSING", path: "secret", message }]);
