import { randomBytes, randomUUID, scrypt, timingSafeEqual } from "node:crypto";
import { addUser, findUser, type User } from "./database.ts";

/** An error that the page may read. */
export class HttpError extends Error {
  readonly status: number;
  readonly statusCode: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
    this.statusCode = status;
  }
}

export async function signUp(body: unknown): Promise<User> {
  const { name, password } = readNameAndPassword(body);
  if (password.length < 8) throw new HttpError(400, "A password has at least 8 characters.");
  const user: User = { id: randomUUID(), name, role: "member", password: await toHash(password) };
  if (!(await addUser(user))) throw new HttpError(409, "Somebody has that name already.");
  return user;
}

/** Limit how often a password may be tried before you go online. */
export async function signIn(body: unknown): Promise<User> {
  const { name, password } = readNameAndPassword(body);
  const user = await findUser(name);
  // A name that nobody has takes as long as a wrong password, so it cannot be found out.
  const isRight = await fits(password, user?.password ?? (await nobody));
  if (user === undefined || !isRight) throw new HttpError(401, "Wrong name or password.");
  return user;
}

function readNameAndPassword(body: unknown): { readonly name: string; readonly password: string } {
  const { name, password } = (body ?? {}) as { readonly name?: unknown; readonly password?: unknown };
  if (!isText(name) || !isText(password)) throw new HttpError(400, "Please give a name and a password.");
  return { name, password };
}

const isText = (value: unknown): value is string => typeof value === "string" && value !== "" && value.length <= 200;

async function toHash(password: string): Promise<string> {
  const salt = randomBytes(16);
  return `${salt.toString("base64url")}.${(await derive(password, salt)).toString("base64url")}`;
}

async function fits(password: string, stored: string): Promise<boolean> {
  const [salt = "", hash = ""] = stored.split(".");
  return timingSafeEqual(await derive(password, Buffer.from(salt, "base64url")), Buffer.from(hash, "base64url"));
}

/** With the costs that OWASP recommends. */
const derive = (password: string, salt: Buffer): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    scrypt(password.normalize("NFC"), salt, 32, { N: 2 ** 14, r: 8, p: 5 }, (error, key) =>
      error === null ? resolve(key) : reject(error),
    );
  });

const nobody = toHash(randomBytes(16).toString("hex"));
