/**
 * Yours to replace: who the users are. An app has them in its database, and limits how often a
 * password may be tried.
 */
import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";

const hash = promisify<string, Buffer, number, Buffer>(scrypt);
const salt = randomBytes(16);
const users = new Map([["alice", await hash("open sesame", salt, 32)]]);
const nobody = randomBytes(32);

interface SignIn {
  readonly name?: unknown;
  readonly password?: unknown;
}

/**
 * The user's id, if the password is right. A name that nobody has takes as long as a wrong
 * password.
 */
export async function checkPassword({ name, password }: SignIn): Promise<string | undefined> {
  if (typeof name !== "string" || typeof password !== "string") return undefined;
  const given = await hash(password, salt, 32);
  return timingSafeEqual(given, users.get(name) ?? nobody) ? name : undefined;
}
