import { randomBytes } from "node:crypto";
import {
  closeSync,
  fstatSync,
  linkSync,
  lstatSync,
  openSync,
  readFileSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { newSecret } from "../crypto/secret.ts";
import { generalError, SessionError } from "../errors.ts";

/** Files that were warned about: once per process. */
const warned = new Set<string>();

/**
 * Reads the secret from `file`, or else from the file of this name with a leading dot. The first
 * start makes the latter, because servers of static files skip names with a dot.
 *
 * @throws SessionError if the secret can be neither read nor made
 */
export function readOrMakeSecret(file: string, isFirstStart: boolean): string {
  const hidden = hiddenName(file);
  let path = hidden;
  try {
    const secret = readSecret(hidden);
    if (secret !== undefined) return secret;
    path = file;
    const earlier = readSecret(file);
    if (earlier !== undefined) return earlier;
    path = hidden;
    // A new secret could not open the existing keys, and would block the restored file.
    if (!isFirstStart) throw missingSecret(hidden, file);
    return makeSecret(hidden);
  } catch (cause) {
    if (cause instanceof SessionError) throw cause;
    throw generalError(
      "STORE_UNAVAILABLE",
      `the secret file ${path} can be neither read nor made; make its folder writable, or set secret in the config`,
      cause,
    );
  }
}

function hiddenName(file: string): string {
  const base = basename(file);
  return base.startsWith(".") ? file : join(dirname(file), `.${base}`);
}

function makeSecret(file: string): string {
  // Linked after it is complete, so that no process reads half a secret. The first link wins.
  const draft = `${file}.${randomBytes(6).toString("hex")}`;
  writeFileSync(draft, `${newSecret()}\n`, { mode: 0o600, flag: "wx", flush: true });
  try {
    linkSync(draft, file);
    process.emitWarning(
      `made the secret that protects the session keys: ${file} (mode 0600). Keep it with the database; everyone is signed out if it is lost.`,
      { type: "CounterfoilNotice", code: "COUNTERFOIL_SECRET_MADE" },
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

/**
 * Reads a secret from a file, and warns once if other users can access the file.
 *
 * @returns undefined if there is no such file
 * @throws SessionError `STORE_UNAVAILABLE` if the file has no secret
 * @throws Error of the file system
 */
export function readSecret(file: string): string | undefined {
  let open: number;
  try {
    open = openSync(file, "r");
  } catch (error) {
    if (isCode(error, "ENOENT") && linkAt(file) === undefined) return undefined;
    throw error;
  }
  try {
    const text = readFileSync(open, "utf8").trim();
    if (text.length < 32) throw emptySecret(file, text.length);
    // Checked on the open file, because its name may point to another one meanwhile.
    warnIfExposed(file, fstatSync(open));
    return text;
  } finally {
    closeSync(open);
  }
}

/** A secret file, as `counterfoil doctor` sees it. */
export interface SecretFile {
  readonly path: string;
  /** Why other users can access it. */
  readonly exposure: string | undefined;
}

/**
 * Looks for the secret file of this name, or of the one with a leading dot. It is reported here, so
 * that a later reading does not warn.
 *
 * @returns undefined if there is none
 */
export function findSecretFile(file: string): SecretFile | undefined {
  for (const path of [hiddenName(file), file]) {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats === undefined) continue;
    warned.add(path);
    return { path, exposure: exposureOf(path, stats) };
  }
  return undefined;
}

function warnIfExposed(file: string, stats: Stats): void {
  const fault = exposureOf(file, stats);
  if (fault === undefined || warned.has(file)) return;
  warned.add(file);
  process.emitWarning(
    `the secret file ${file} ${fault}. Who reads it can sign access tokens with a copy of the database, and who writes it chooses the keys. Make it yours alone (chown, chmod 600), and replace the secret if anybody may have read it.`,
    { type: "CounterfoilWarning", code: "COUNTERFOIL_SECRET_EXPOSED" },
  );
}

/**
 * @returns why other users can access the file; undefined if they cannot, or if the system has
 * neither modes nor owners
 */
function exposureOf(file: string, { mode, uid }: Stats): string | undefined {
  const own = process.platform === "win32" ? undefined : process.geteuid?.();
  if (own === undefined) return undefined;
  const link = linkAt(file);
  const what = link === undefined ? "" : "is a symbolic link to a file that ";
  if (link !== undefined && link.uid !== own) return "is a symbolic link of another user's";
  if (uid !== own) return `${what}belongs to another user`;
  return (mode & 0o066) === 0 ? undefined : `${what}can be read or written by other users`;
}

function linkAt(file: string): Stats | undefined {
  const stats = lstatSync(file, { throwIfNoEntry: false });
  return stats?.isSymbolicLink() === true ? stats : undefined;
}

const emptySecret = (file: string, length: number): SessionError =>
  generalError(
    "STORE_UNAVAILABLE",
    `the secret file ${file} holds no secret; put the right one back, or remove it and the database to start over with everyone signed out`,
    new Error(`it has ${length} characters, and a secret has at least 32`),
  );

const missingSecret = (hidden: string, file: string): SessionError =>
  generalError(
    "SECRET_MISMATCH",
    `the secret file is missing, there is neither ${hidden} nor ${file}, and the keys in the store were encrypted with what it held; put it back, or, to start over with everyone signed out, remove the database too`,
  );

const isCode = (error: unknown, code: string): boolean =>
  error instanceof Error && "code" in error && error.code === code;
