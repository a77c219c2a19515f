/**
 * Counterfoil's demo. Run `npm start` at the root of the repository, then open the URL that it
 * prints.
 */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { close, init } from "counterfoil";
import { sqlite } from "counterfoil/sqlite";
import { createAgents } from "./agents.ts";
import { type Claims, createApp, type SessionData } from "./app.ts";
import { createEventStream } from "./event-stream.ts";
import { createStories } from "./stories.ts";
import { seconds, TIMES } from "./times.ts";

// A fresh file with each start, so that the story always begins at its beginning and nothing is
// left in the repository.
const folder = mkdtempSync(join(tmpdir(), "counterfoil-demo-"));

const sessions = await init<Claims, SessionData>({
  store: sqlite({ path: join(folder, "sessions.db") }),
  // As short-lived as the file. An app would take it from its environment, or leave it out here and
  // let one be made beside the file.
  secret: randomBytes(32).toString("base64url"),
  tokens: {
    accessToken: {
      validity: seconds(TIMES.accessValidity),
      // Asks the store with each request, so that an ended session is over at once, and not when
      // its access token runs out.
      revocation: "store",
    },
  },
  rotation: { window: seconds(TIMES.window) },
  // The page shows why a request was refused.
  http: { diagnostics: true },
  // Plain http on localhost; never in production.
  cookie: { secure: false },
});

const agents = createAgents(() => origin);
const stories = createStories();
const events = createEventStream(stories);
const server = createServer(createApp(sessions, { agents, events, stories }));
let origin = "";

// The loopback address only: a visitor who reaches the demo can sign in as anybody.
server.listen(Number(process.env["PORT"] ?? 3000), "127.0.0.1", () => {
  const { port } = server.address() as AddressInfo;
  origin = `http://127.0.0.1:${port}`;
  console.log(`Counterfoil's demo is at http://localhost:${port} (stop it with Ctrl+C)`);
});

server.on("error", (error: NodeJS.ErrnoException) => {
  const advice = error.code === "EADDRINUSE" ? "; choose another port: PORT=3001 npm start" : "";
  console.error(`the demo cannot listen: ${error.message}${advice}`);
  process.exitCode = 1;
  void stop();
});

for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void stop());

async function stop(): Promise<void> {
  server.close();
  server.closeAllConnections();
  await close();
  rmSync(folder, { recursive: true, force: true });
}
