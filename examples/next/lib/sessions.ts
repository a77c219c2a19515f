import { createSessions, type Sessions } from "counterfoil";
import { sqlite } from "counterfoil/sqlite";

const origin = process.env["PUBLIC_ORIGIN"] ?? "http://localhost:3000"; // what browsers see, also behind a proxy

// Next bundles the proxy, pages and routes apart, so a process may hold several of these, over one database.
export const sessions: Sessions = createSessions({
  store: sqlite({ path: process.env["SESSIONS_DB"] ?? "./sessions.db" }),
  http: { publicOrigin: origin },
  cookie: { secure: origin.startsWith("https:") },
});
