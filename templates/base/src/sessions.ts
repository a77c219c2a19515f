import { createSessions } from "counterfoil";
import { store } from "./database.ts";

/** In the access token of each session, for the routes and for the page. */
export interface Claims {
  readonly name: string;
  readonly role: "admin" | "member";
}

/** Kept in the database with each session. */
export interface SessionData {
  readonly likes: number;
}

/** What browsers see, also behind a proxy. */
const publicOrigin = process.env["PUBLIC_ORIGIN"] ?? "http://localhost:3000";

export const sessions = createSessions<Claims, SessionData, string>({
  // Ends a session after an hour without use or a day in all. A revoked one ends within a second.
  preset: "standard",
  secret: process.env["COUNTERFOIL_SECRET"],
  store,
  http: { publicOrigin },
  cookie: { secure: publicOrigin.startsWith("https:") },
});

sessions.on("reuse-detected", ({ userId, handle }) => console.warn(`a session of ${userId} was stolen: ${handle}`));
