/**
 * From a route to the statement of the database there are nine functions at most, the middleware among them, on each
 * way that a refresh takes.
 */
import { DatabaseSync } from "node:sqlite";
import { createSessions } from "counterfoil";
import { createNewSession, sessionRoutes } from "counterfoil/express";
import { postgres } from "counterfoil/postgres";
import { sqlite } from "counterfoil/sqlite";
import type { SessionStore } from "counterfoil/memory";
import express from "express";
import pg from "pg";
import { expect, onTestFinished, test } from "vitest";
import { listen } from "../fixtures/listen.ts";
import { describeWithServer } from "../servers/describe-with-server.ts";
import { sharedPostgres } from "../servers/shared.ts";
import { watchCallChains } from "./call-chains.ts";

const MOST = 9;

/** The statements of a refresh with the functions that led to each. */
async function refreshOver(
  open: (note: (text: string) => void) => SessionStore,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const chains = watchCallChains();
  onTestFinished(chains.end);
  const found = new Map<string, readonly string[]>();
  let isWatched = false;
  const store = open((text) => {
    if (isWatched) found.set(text, chains.take());
  });
  const sessions = createSessions({ store, secret: "a secret of at least thirty-two bytes" });
  onTestFinished(() => sessions.close());
  const app = express();
  app.use(sessionRoutes({ sessions }));
  app.post("/sign-in", (request, response, next) => {
    createNewSession(request, response, "alice", { sessions }).then(() => response.end(), next);
  });
  const { port, close } = await listen(app);
  onTestFinished(close);
  const url = `http://127.0.0.1:${port}`;
  const signedIn = await fetch(`${url}/sign-in`, { method: "POST" });
  const cookie = signedIn.headers.getSetCookie().map((line) => line.slice(0, line.indexOf(";")));
  isWatched = true;
  const answer = await fetch(`${url}/session/refresh`, { method: "POST", headers: { cookie: cookie.join("; ") } });
  isWatched = false;
  expect(answer.status).toBe(200);
  return found;
}

function expectFew(found: ReadonlyMap<string, readonly string[]>): void {
  // Not of the sweep, which a sign-in or a refresh begins.
  const ways = [...found].filter(([, way]) => way.length > 0 && !way.some((hop) => hop.includes("upkeep")));
  for (const [text, way] of ways) console.log([`${way.length}: ${text.slice(0, 60)}`, ...way].join("\n  "));
  expect(ways.map(([text]) => text.slice(0, 6))).toEqual(["SELECT", "UPDATE"]);
  for (const [, way] of ways) expect(way.length).toBeLessThanOrEqual(MOST);
}

test("SQLite", async () => {
  const found = await refreshOver((note) => {
    const database = new DatabaseSync(":memory:");
    onTestFinished(() => database.close());
    const prepare = database.prepare.bind(database);
    database.prepare = (text) => {
      const statement = prepare(text);
      for (const name of ["run", "get", "all"] as const) {
        const work = statement[name].bind(statement) as (...values: unknown[]) => never;
        statement[name] = (...values: unknown[]) => {
          note(text);
          return work(...values);
        };
      }
      return statement;
    };
    return sqlite({ database });
  });
  expectFew(found);
});

describeWithServer("postgres", "a server", () => {
  test("PostgreSQL", async () => {
    const server = await sharedPostgres();
    const connectionString = server.url(await server.createDatabase());
    const found = await refreshOver((note) => {
      const pool = new pg.Pool({ connectionString }).on("error", () => undefined);
      onTestFinished(() => pool.end());
      pool.on("connect", (client) => {
        const query = client.query.bind(client) as (asked: pg.QueryConfig) => Promise<pg.QueryResult>;
        Object.assign(client, {
          query(asked: pg.QueryConfig) {
            note(asked.text);
            return query(asked);
          },
        });
      });
      return postgres({ pool });
    });
    expectFew(found);
  });
});
