import type { DatabaseSync } from "node:sqlite";
import { createSessions, type Sessions } from "counterfoil";
import { sqlite } from "counterfoil/sqlite";
import type { Claims } from "../shared/api.ts";
import type { Settings } from "./settings.ts";

export type AppSessions = Sessions<Claims, unknown, string>;

export function openSessions(database: DatabaseSync, settings: Settings): AppSessions {
  const { publicOrigin, pageOrigin, cookieDomain, secret, clock } = settings;
  const sessions: AppSessions = createSessions({
    // Ends after an hour without use or a day in all, and a session that is ended is over at once.
    preset: "standard",
    store: sqlite({ database }),
    secret,
    clock,
    // A page on another origin is let in by its exact name, and its preflights are answered.
    http: { publicOrigin, trustedOrigins: pageOrigin === undefined ? [] : [pageOrigin] },
    cookie: { secure: publicOrigin.startsWith("https:"), domain: cookieDomain },
  });
  sessions.on("reuse-detected", ({ userId, handle }) => console.warn(`a session of ${userId} was stolen: ${handle}`));
  return sessions;
}
