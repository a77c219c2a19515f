/** Users, and in the same database the sessions. */
import { postgres } from "counterfoil/postgres";
import pg from "pg";

export interface User {
  readonly id: string;
  readonly name: string;
  readonly role: "admin" | "member";
  /** A slow hash. */
  readonly password: string;
}

const pool = new pg.Pool({ connectionString: process.env["DATABASE_URL"] });
// Otherwise a connection that breaks while nobody uses it would end the process.
pool.on("error", (error) => console.error(error));
await pool.query(`CREATE TABLE IF NOT EXISTS users (
  id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, role TEXT NOT NULL, password TEXT NOT NULL
)`);

export const store = postgres({ pool });

/** @returns false if somebody has the name already */
export async function addUser({ id, name, role, password }: User): Promise<boolean> {
  const { rowCount } = await pool.query(
    "INSERT INTO users (id, name, role, password) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
    [id, name, role, password],
  );
  return rowCount === 1;
}

export async function findUser(name: string): Promise<User | undefined> {
  const { rows } = await pool.query<User>("SELECT id, name, role, password FROM users WHERE name = $1", [name]);
  return rows[0];
}

export async function listUsers(): Promise<readonly Pick<User, "name" | "role">[]> {
  const { rows } = await pool.query<User>("SELECT name, role FROM users ORDER BY name LIMIT 100");
  return rows;
}

export async function closeDatabase(): Promise<void> {
  await pool.end();
}
