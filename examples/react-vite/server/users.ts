/** Yours to replace: who the users are. Limit how often a password may be tried, too. */
import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import type { Role, User } from "../shared/api.ts";

export interface Users {
  /** The user, if the password is right. */
  check(name: string, password: string): Promise<User | undefined>;
  setPassword(name: string, password: string): Promise<void>;
  all(): readonly User[];
}

export async function openUsers(database: DatabaseSync): Promise<Users> {
  database.exec("CREATE TABLE IF NOT EXISTS user (name TEXT PRIMARY KEY, role TEXT NOT NULL, password TEXT NOT NULL)");
  const insert = database.prepare("INSERT INTO user (name, role, password) VALUES (?, ?, ?)");
  const find = database.prepare("SELECT name, role, password FROM user WHERE name = ?");
  const list = database.prepare("SELECT name, role FROM user ORDER BY name");
  const update = database.prepare("UPDATE user SET password = ? WHERE name = ?");
  const nobody = await toHash(randomBytes(16).toString("hex"));

  const users: Users = {
    async check(name, password) {
      const found = find.get(name) as { name: string; role: Role; password: string } | undefined;
      // A name that nobody has takes as long as a wrong password, so it cannot be found out.
      const isRight = await fits(password, found?.password ?? nobody);
      return found !== undefined && isRight ? { name: found.name, role: found.role } : undefined;
    },
    async setPassword(name, password) {
      update.run(await toHash(password), name);
    },
    all: () => list.all().map((row) => ({ name: String(row["name"]), role: row["role"] as Role })),
  };

  if (users.all().length === 0) {
    insert.run("alice", "member", await toHash("open sesame"));
    insert.run("olga", "admin", await toHash("open sesame"));
  }
  return users;
}

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
