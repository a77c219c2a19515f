import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { createSessions } from "counterfoil";
import { freePort } from "../servers/free-port.ts";
import { configOf, FILES, type Place } from "./test-config.ts";

/** Serves `/` and `/notes`, which say who is signed in, `POST /login` and `/api/me`. */
export type Serve = (place: Place, port: number) => Promise<() => Promise<void>>;

/** A server that renders pages, and what the test does to it. */
export interface PageServer extends AsyncDisposable {
  readonly port: number;
  readonly origin: string;
  /** Lets time pass until all access tokens have expired. */
  expire(): void;
  /** How often an event has happened. */
  count(event: string): number;
  /** Ends all sessions of a user, as another process would. */
  revoke(userId: string): Promise<void>;
  /** Runs while nothing can be written to the database. */
  whileDown<T>(run: () => Promise<T>): Promise<T>;
}

/** Longer than the 15 minutes that an access token lives. */
const LATER = 16 * 60_000;

export async function startPages(serve: Serve, config: Place["config"] = {}): Promise<PageServer> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), "counterfoil-ssr-"));
  const place: Place = { origin: `http://localhost:${port}`, folder, config };
  const path = (file: keyof typeof FILES): string => join(folder, FILES[file]);
  let ahead = 0;
  writeFileSync(path("clock"), "0");
  writeFileSync(path("events"), "");
  const stop = await serve(place, port);

  return {
    port,
    origin: place.origin,
    expire() {
      ahead += LATER;
      writeFileSync(path("clock"), String(ahead));
    },
    count: (event) =>
      readFileSync(path("events"), "utf8")
        .split("\n")
        .filter((line) => line === event).length,
    async revoke(userId) {
      const sessions = createSessions(configOf(place));
      await sessions.revokeAllSessionsForUser(userId);
      await sessions.close();
    },
    async whileDown(run) {
      const other = new DatabaseSync(path("database"));
      other.exec("BEGIN IMMEDIATE");
      try {
        return await run();
      } finally {
        other.close();
      }
    },
    async [Symbol.asyncDispose]() {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
