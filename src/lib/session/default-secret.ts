import { randomBytes } from "node:crypto";
import { linkSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { ConfigError, generalError, SessionError } from "../errors.ts";
import type { SessionStore } from "../store/session-store.ts";

type SecretList = readonly [string, ...string[]];

/** The secrets, current one first. On the first start, when the store has no keys yet, one may be made. @throws SessionError when they cannot be had */
export type SecretSource = (isFirstStart: boolean) => SecretList;

/** Of stores that keep nothing; a second instance on the same store must open the first one's keys. */
const passingSecrets = new WeakMap<SessionStore, SecretList>();

const DEVELOPMENT_FILE = "./counterfoil.secret";

/**
 * Where the secrets come from: the config, else a file that is made once, else (for a store that keeps nothing) this process.
 *
 * @throws ConfigError in production on a store that is not embedded
 */
export function chooseSecrets(configured: SecretList | undefined, store: SessionStore): SecretSource {
  if (configured !== undefined) return () => configured;
  if (process.env["NODE_ENV"] === "production" && typeof store.secretFile !== "string") {
    throw new ConfigError([
      {
        code: "MISSING",
        path: "secret",
        message:
          "in production this store needs one, the same in every process; write secret: process.env.COUNTERFOIL_SECRET, with a value from: openssl rand -base64 32",
      },
    ]);
  }
  if (store.secretFile === null) {
    const secret = passingSecrets.get(store) ?? [randomBytes(32).toString("base64url")];
    passingSecrets.set(store, secret);
    return () => secret;
  }
  const file = store.secretFile ?? DEVELOPMENT_FILE;
  return (isFirstStart) => [readOrMakeSecret(file, isFirstStart)];
}

function readOrMakeSecret(file: string, isFirstStart: boolean): string {
  try {
    const secret = readSecret(file);
    if (secret !== undefined) return secret;
    // A new one would not open the keys that are there, and would stand in the way of the one that is put back.
    if (!isFirstStart) throw missingSecret(file);
    return makeSecret(file);
  } catch (cause) {
    if (cause instanceof SessionError) throw cause;
    throw generalError(
      "STORE_UNAVAILABLE",
      `the secret file ${file} can be neither read nor made; make its folder writable, or set secret in the config`,
      cause,
    );
  }
}

function makeSecret(file: string): string {
  // Written whole and then given its name, so that another process never reads half a secret; the first to link wins.
  const draft = `${file}.${randomBytes(6).toString("hex")}`;
  writeFileSync(draft, `${randomBytes(32).toString("base64url")}\n`, { mode: 0o600, flag: "wx", flush: true });
  try {
    linkSync(draft, file);
    process.emitWarning(
      `made the secret that protects the session keys: ${file} (mode 0600). Keep it with the database; everyone is signed out if it is lost.`,
      {
        type: "CounterfoilNotice",
        code: "COUNTERFOIL_SECRET_MADE",
      },
    );
  } catch (error) {
    if (!isCode(error, "EEXIST")) throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  const secret = readSecret(file);
  if (secret === undefined) throw new Error(`${file} disappeared`);
  return secret;
}

function readSecret(file: string): string | undefined {
  try {
    const text = readFileSync(file, "utf8").trim();
    if (text.length < 32) throw emptySecret(file, text.length);
    return text;
  } catch (error) {
    if (isCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

const emptySecret = (file: string, length: number): SessionError =>
  generalError(
    "STORE_UNAVAILABLE",
    `the secret file ${file} holds no secret; put the right one back, or remove it and the database to start over with everyone signed out`,
    new Error(`it has ${length} characters, and a secret has at least 32`),
  );

const missingSecret = (file: string): SessionError =>
  generalError(
    "SECRET_MISMATCH",
    `the secret file ${file} is missing, and the keys in the store were encrypted with what it held; put it back, or, to start over with everyone signed out, remove the database too`,
  );

const isCode = (error: unknown, code: string): boolean =>
  error instanceof Error && "code" in error && error.code === code;
