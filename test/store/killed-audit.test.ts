/**
 * Databases and processes that are killed while sessions end: each session that is gone has exactly
 * one audit row of its ending, and none that lives has one.
 */
import { join } from "node:path";
import { createSessions, type Sessions } from "counterfoil";
import type { SessionStore } from "counterfoil/memory";
import { mysql } from "counterfoil/mysql";
import { postgres } from "counterfoil/postgres";
import { redis } from "counterfoil/redis";
import { sqlite } from "counterfoil/sqlite";
import { describe, expect, onTestFinished, test } from "vitest";
import { bound } from "../fixtures/bounds.ts";
import { describeWithServer } from "../servers/describe-with-server.ts";
import { startMariaDb } from "../servers/mariadb.ts";
import { startPostgres } from "../servers/postgres.ts";
import { startRedis } from "../servers/redis.ts";
import type { ServerLifecycle } from "../servers/server-process.ts";
import { startChild } from "./child-process.ts";
import { type Answer, ENDING, endSessions, USERS } from "./endings-load.ts";
import { SECRET, temporaryFolder } from "./fixtures.ts";

const KILLS = bound(3, 20);
/** How many answers come between two kills. */
const ANSWERS = bound(150, 1000);

function makeInstance(store: SessionStore): Sessions {
  const sessions = createSessions({ store, secret: SECRET, ...ENDING });
  onTestFinished(() => sessions.close());
  return sessions;
}

async function readAll(sessions: Sessions): Promise<ReadonlyMap<string, readonly string[]>> {
  const events = new Map<string, string[]>();
  let after: string | undefined;
  do {
    const page = await sessions.getAudit({ limit: 1000, after });
    for (const { handle = "", event } of page.entries) events.set(handle, [...(events.get(handle) ?? []), event]);
    after = page.next;
  } while (after !== undefined);
  return events;
}

/**
 * A sign-in whose answer was lost is known by its own row. Sessions of no row at all would be seen
 * among the live ones and the answered ones.
 */
async function expectExactlyOnce(sessions: Sessions, answers: readonly Answer[]): Promise<void> {
  const audited = await readAll(sessions);
  const live = new Set<string>();
  for (const user of USERS) for (const handle of await sessions.getAllSessionHandlesForUser(user)) live.add(handle);
  const wrong: string[] = [];
  for (const handle of new Set([...audited.keys(), ...live, ...answers.map((answer) => answer.handle)])) {
    const events = audited.get(handle) ?? [];
    const count = (event: string): number => events.filter((each) => each === event).length;
    const [begun, ended] = [count("session-created"), count("session-revoked")];
    if (begun !== 1 || ended !== (live.has(handle) ? 0 : 1))
      wrong.push(`${handle} ${live.has(handle) ? "lives" : "is gone"}: ${begun} begun, ${ended} ended`);
    if (count("claims-changed") > 1) wrong.push(`${handle}: claims changed twice`);
  }
  for (const { handle, is } of answers)
    if (is === "ended" && live.has(handle)) wrong.push(`${handle}: its ending was answered, and it lives`);
  expect(wrong).toEqual([]);
  // Something has happened in every way.
  const all = [...audited.values()].flat();
  for (const event of ["session-created", "session-revoked", "claims-changed"])
    expect(all.filter((each) => each === event).length, event).toBeGreaterThan(KILLS);
  console.log(`${audited.size} sessions, ${all.length} audit rows, ${answers.length} answers, ${KILLS} kills`);
}

/** Two instances, as if they were processes of their own. */
async function expectUnharmed(
  server: Pick<ServerLifecycle, "kill" | "restart">,
  makeStore: () => SessionStore,
): Promise<void> {
  const answers: Answer[] = [];
  let goal = 0;
  let reached = (): void => undefined;
  let isOver = false;
  const instances = [makeInstance(makeStore()), makeInstance(makeStore())];
  const working = Promise.all(
    instances.map((sessions) =>
      endSessions(
        sessions,
        (answer) => {
          answers.push(answer);
          if (answers.length >= goal) reached();
        },
        () => isOver,
      ),
    ),
  );
  const more = (): Promise<unknown> => {
    goal = answers.length + ANSWERS;
    // The work ends only by an error.
    return Promise.race([new Promise<void>((resolve) => (reached = resolve)), working]);
  };
  for (let kills = 0; kills < KILLS; kills += 1) {
    await more();
    await server.kill();
    await server.restart();
  }
  await more();
  isOver = true;
  await working;
  await expectExactlyOnce(makeInstance(makeStore()), answers);
}

describeWithServer("mariadb", "MariaDB", () => {
  test("killed while sessions end", async () => {
    const server = await startMariaDb();
    onTestFinished(() => server.remove());
    const url = server.url(await server.createDatabase());
    await expectUnharmed(server, () => mysql({ url }));
  });
});

describeWithServer("postgres", "PostgreSQL", () => {
  test("killed while sessions end", async () => {
    const server = await startPostgres();
    onTestFinished(() => server.remove());
    const url = server.url(await server.createDatabase());
    await expectUnharmed(server, () => postgres({ url }));
  });
});

describeWithServer("redis", "Redis, appendfsync always", () => {
  test("killed while sessions end", async () => {
    const server = await startRedis({ appendOnly: "always" });
    onTestFinished(() => server.remove());
    await expectUnharmed(server, () => redis({ url: server.url }));
  });
});

describe("SQLite", () => {
  test("a process killed while it ends sessions", async () => {
    const path = join(temporaryFolder(), "app.db");
    const answers: Answer[] = [];
    for (let kills = 0; kills < KILLS; kills += 1) {
      // Two at once, of which one goes on while the other dies.
      const children = [startChild("end-sessions"), startChild("end-sessions")];
      for (const child of children) child.tell({ address: { by: "sqlite", path }, secret: SECRET, now: Date.now() });
      for (const child of children) {
        for (let count = 0; count < ANSWERS; count += 1) answers.push(await child.next<Answer>());
        child.kill();
        answers.push(...(await child.rest<Answer>()));
      }
    }
    await expectExactlyOnce(makeInstance(sqlite({ path })), answers);
  });
});
