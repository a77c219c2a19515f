import { createSessions } from "counterfoil";
import { sessionsFor } from "counterfoil/next";
import { sqlite } from "counterfoil/sqlite";

interface Data {
  readonly notes?: readonly string[];
}

const origin = process.env["PUBLIC_ORIGIN"] ?? "http://localhost:3000"; // what browsers see, also behind a proxy

// Next bundles the proxy, pages and routes apart, so a process may hold several of these, over one
// database.
const sessions = createSessions<unknown, Data>({
  store: sqlite({ path: process.env["SESSIONS_DB"] ?? "./sessions.db" }),
  http: { publicOrigin: origin },
  cookie: { secure: origin.startsWith("https:") },
});

// Bound once, so that data is checked where it is given and known where it is read.
export const { createNewSession, getServerSession, sessionProxy, verifySession, withSessions } = sessionsFor(sessions);
