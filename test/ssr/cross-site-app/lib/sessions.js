import { createSessions } from "counterfoil";
import { sqlite } from "counterfoil/sqlite";

export const sessions = createSessions({
  store: sqlite({ path: process.env["SESSIONS_DB"] ?? "./sessions.db" }),
  http: { publicOrigin: process.env["PUBLIC_ORIGIN"] ?? "http://localhost:3000" },
  cookie: { secure: false },
});
