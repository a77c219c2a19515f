/** Users, and in the same file the sessions. */
import { DatabaseSync } from "node:sqlite";
import { sqlite } from "counterfoil/sqlite";

export interface User {
  readonly id: string;
  readonly name: string;
  readonly role: "admin" | "member";
  /** A slow hash. */
  readonly password: string;
}

const database = new DatabaseSync(process.env["DATABASE"] ?? "app.db");
database.exec(`CREATE TABLE IF NOT EXISTS users (
  id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, role TEXT NOT NULL, password TEXT NOT NULL
) STRICT`);

export const store = sqlite({ database });

/** @returns false if somebody has the name already */
export async function addUser({ id, name, role, password }: User): Promise<boolean> {
  const insert = database.prepare(
    "INSERT INTO users (id, name, role, password) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
  );
  return insert.run(id, name, role, password).changes === 1;
}

export async function findUser(name: string): Promise<User | undefined> {
  return database.prepare("SELECT id, name, role, password FROM users WHERE name = ?").get(name) as unknown as
    | User
    | undefined;
}

export async function listUsers(): Promise<readonly Pick<User, "name" | "role">[]> {
  return database.prepare("SELECT name, role FROM users ORDER BY name LIMIT 100").all() as unknown as User[];
}

export async function closeDatabase(): Promise<void> {
  database.close();
}
