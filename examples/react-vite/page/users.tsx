import { type ReactNode, useState } from "react";
import type { User } from "../shared/api.ts";
import { call, textOf } from "./client.ts";

/**
 * For admins. An app would hide it from others by the claims of the session; here everybody may
 * try, to see that it is the server that refuses.
 */
export function Users(): ReactNode {
  const [users, setUsers] = useState<readonly User[]>([]);
  const [problem, setProblem] = useState("");
  async function show(): Promise<void> {
    try {
      setUsers(await call("GET /api/users", undefined));
    } catch (error) {
      setProblem(textOf(error));
    }
  }
  return (
    <section className="card" aria-labelledby="users">
      <h2 id="users">Users, for admins</h2>
      <ul>
        {users.map(({ name, role }) => (
          <li key={name}>
            <span>{name}</span> <span className="role">{role}</span>
          </li>
        ))}
      </ul>
      <button type="button" onClick={() => void show()}>
        Show users
      </button>
      {problem !== "" && <p role="alert">{problem}</p>}
    </section>
  );
}
