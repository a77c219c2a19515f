import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { DatabaseSync } from "node:sqlite";
import { createApp } from "./app.ts";
import { openSessions } from "./sessions.ts";
import type { Settings } from "./settings.ts";
import { openUsers } from "./users.ts";

export interface RunningServer {
  readonly url: string;
  close(): Promise<void>;
}

export async function startServer(settings: Settings): Promise<RunningServer> {
  const database = new DatabaseSync(settings.database);
  const users = await openUsers(database);
  const sessions = openSessions(database, settings);
  await sessions.ready(); // so that a mistake in the settings shows now, and not at the first sign-in

  const server = createApp(sessions, users, settings.page).listen(settings.port);
  await once(server, "listening");
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    async close() {
      server.close();
      server.closeAllConnections();
      await sessions.close();
      database.close();
    },
  };
}
