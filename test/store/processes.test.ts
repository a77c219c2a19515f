import { createHash } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { createSessions, type Sessions } from "counterfoil";
import { sqlite } from "counterfoil/sqlite";
import { expect, onTestFinished, test } from "vitest";
import { type Child, startChild } from "./child-process.ts";
import type { FirstStart } from "./children/first-start.ts";
import type { Answered } from "./children/refresh-for-ever.ts";
import type { RefreshedMany, RefreshMany } from "./children/refresh-many.ts";
import type { TimedRefresh } from "./children/refresh-until-refused.ts";
import type { Revoke, Revoked } from "./children/revoke.ts";
import type { RotatedKey } from "./children/rotate-key.ts";
import { T0 } from "../../src/lib/testing/rows.ts";
import { outcomeOf, temporaryFolder } from "./fixtures.ts";

const SETTLED = 30_000;
const databaseIn = (folder: string): string => join(folder, "sessions.db");

/** An instance in this process, on the same file and secret as the children. */
function openHere(path: string, clock: () => number = () => T0): { sessions: Sessions; events: string[] } {
  const sessions = createSessions({ store: sqlite({ path }), clock });
  const events: string[] = [];
  sessions.on("session-refreshed", ({ outcome }) => events.push(outcome));
  sessions.on("reuse-detected", () => events.push("reuse-detected"));
  onTestFinished(() => sessions.close());
  return { sessions, events };
}

function rowsOf(path: string): { handle: string; version: number; generation: number }[] {
  const database = new DatabaseSync(path);
  const rows = database.prepare("SELECT handle, version, generation FROM counterfoil_session").all();
  database.close();
  return rows as { handle: string; version: number; generation: number }[];
}

const bytesOf = (token: string): Buffer => Buffer.from(token.slice("cfr1.".length), "base64url");

/** Whether a refresh token carries the hash of another: bytes 44 to 76 of it. */
const isChildOf = (child: string, parent: string): boolean =>
  bytesOf(child)
    .subarray(44, 76)
    .equals(createHash("sha256").update(bytesOf(parent)).digest());

const count = (items: readonly string[], item: string): number => items.filter((other) => other === item).length;

async function startAll(programs: readonly string[], path: string): Promise<Child[]> {
  const children = programs.map((program) => startChild(program, { path, now: T0 }));
  for (const child of children) expect(await child.next()).toMatch(/ready|loaded/);
  return children;
}

/** One command for each process, sent before any answer is read; the answers of all together. */
async function refreshAtOnce(children: readonly Child[], commands: readonly RefreshMany[]): Promise<RefreshedMany> {
  for (const [index, child] of children.entries()) child.tell(commands[index % commands.length]);
  const answers = await Promise.all(children.map((child) => child.next<RefreshedMany>()));
  return {
    tokens: answers.flatMap(({ tokens }) => tokens),
    refusals: answers.flatMap(({ refusals }) => refusals),
    events: answers.flatMap(({ events }) => events),
  };
}

test("52 parallel refreshes of one token from 4 processes: the session lives, in one lineage", async () => {
  const path = databaseIn(temporaryFolder());
  let now = T0;
  const { sessions, events } = openHere(path, () => now);
  const first = (await sessions.createNewSession("alice")).refreshToken.value;
  const children = await startAll(Array<string>(4).fill("refresh-many"), path);

  const minted = await refreshAtOnce(children, [{ token: first, count: 13, now }]);
  expect([minted.refusals, count(minted.events, "mint"), minted.events.length]).toEqual([[], 52, 52]);
  expect(new Set(minted.tokens).size).toBe(52);
  expect(minted.tokens.every((token) => isChildOf(token, first))).toBe(true);

  // One of them takes over, once, although it too is presented by all processes at once.
  now += SETTLED;
  const [chosen = "", sibling = ""] = minted.tokens;
  const confirmed = await refreshAtOnce(children, [{ token: chosen, count: 13, now }]);
  expect(confirmed.refusals).toEqual([]);
  expect([count(confirmed.events, "confirm"), count(confirmed.events, "mint")]).toEqual([1, 51]);
  expect(confirmed.tokens.every((token) => isChildOf(token, chosen))).toBe(true);
  expect(await outcomeOf(sessions.refreshSession(sibling))).toBe("RETRY/REFRESH_TOKEN_SUPERSEDED");

  // Of two siblings that compete, one wins everything and the other is refused softly.
  now += SETTLED;
  const [a = "", b = ""] = confirmed.tokens;
  const competed = await refreshAtOnce(
    children,
    [a, b].map((token) => ({ token, count: 13, now })),
  );
  expect([count(competed.events, "confirm"), count(competed.events, "mint")]).toEqual([1, 25]);
  expect(competed.refusals).toEqual(Array<string>(26).fill("REFRESH_TOKEN_SUPERSEDED"));
  const winner = competed.tokens.every((token) => isChildOf(token, a)) ? a : b;
  expect(competed.tokens.every((token) => isChildOf(token, winner))).toBe(true);

  now += SETTLED;
  expect(await outcomeOf(sessions.refreshSession(competed.tokens[0] ?? ""))).toBe("ok");
  expect(events).toEqual(["confirm"]);
  expect(rowsOf(path)).toMatchObject([{ generation: 4 }]);
});

test("8 processes that start at once on nothing agree on one key ring and one secret", async () => {
  for (let round = 0; round < 5; round += 1) {
    const folder = temporaryFolder();
    const path = databaseIn(folder);
    const children = await startAll(Array<string>(8).fill("first-start"), path);
    for (const child of children) child.tell("go");
    const started = await Promise.all(children.map((child) => child.next<FirstStart>()));
    expect(started.flatMap(({ error = [] }) => error)).toEqual([]);
    expect(new Set(started.flatMap(({ kids }) => kids)).size).toBe(1);
    expect(started.every(({ kids }) => kids.length === 1)).toBe(true);
    expect(readdirSync(folder).filter((name) => name.includes("secret"))).toEqual(["sessions.db.secret"]);

    const { sessions } = openHere(path);
    for (const { accessToken, antiCsrfToken, refreshToken } of started) {
      expect(await outcomeOf(sessions.getSession(accessToken, antiCsrfToken))).toBe("ok");
      expect(await outcomeOf(sessions.refreshSession(refreshToken))).toBe("ok");
    }
  }
});

test.each(["sessions.db", "sessions.db-wal", "sessions.db.secret"])(
  "a process that is killed when it has just made %s leaves nothing that stops the next",
  async (stage) => {
    for (let round = 0; round < 3; round += 1) {
      const folder = temporaryFolder();
      const path = databaseIn(folder);
      const [killed, next] = await startAll(["first-start", "first-start"], path);
      killed?.tell("go");
      while (!existsSync(join(folder, stage))) await new Promise(setImmediate);
      killed?.kill();
      await killed?.rest();
      next?.tell("go");
      const started = await next?.next<FirstStart>();
      expect(started).toMatchObject({ kids: [expect.any(String)] });
      const { sessions } = openHere(path);
      expect(await outcomeOf(sessions.getSession(started?.accessToken ?? "", started?.antiCsrfToken))).toBe("ok");
    }
  },
);

test("two processes that rotate the signing key at once report the same pending key", async () => {
  const path = databaseIn(temporaryFolder());
  const children = await startAll(["rotate-key", "rotate-key"], path);
  const kids = new Set<string>();
  for (let round = 0; round < 20; round += 1) {
    // Each time the key of the round before is active.
    const now = T0 + round * 600_000;
    for (const child of children) child.tell(now);
    const [one, other] = await Promise.all(children.map((child) => child.next<RotatedKey>()));
    expect(one?.kid).toBe(other?.kid);
    expect([one?.activatesAt, other?.activatesAt]).toEqual([now + 600_000, now + 600_000]);
    expect([one?.made, other?.made].filter(Boolean)).toHaveLength(1);
    // So does whoever comes later, while it is pending.
    children[round % 2]?.tell(now + 599_999);
    expect((await children[round % 2]?.next<RotatedKey>())?.kid).toBe(one?.kid);
    kids.add(one?.kid ?? "");
  }
  expect(kids.size).toBe(20);
});

test("no answered token is unknown or raises an alarm, at whatever moment the process is killed", async () => {
  const path = databaseIn(temporaryFolder());
  const creator = openHere(path).sessions;
  let { value: token } = (await creator.createNewSession("alice")).refreshToken;
  await creator.close();
  let now = T0;
  let version = 1;
  let refreshes = 0;
  let unanswered = 0;
  const outcomes: string[] = [];
  let kills = 0;
  // Some must fall between commit and answer, where the store knows more than the client.
  for (; kills < 30 || (unanswered < 3 && kills < 200); kills += 1) {
    const child = startChild("refresh-for-ever", { path, now });
    child.tell({ token, now });
    // The first answer shows that the new process knows the last token of the killed one.
    const answers = [];
    const enough = 1 + Math.floor(Math.random() * 40);
    while (answers.length < enough) answers.push(await child.next<Answered>());
    child.kill();
    answers.push(...(await child.rest<Answered>()));
    expect(answers.flatMap(({ error = [] }) => error)).toEqual([]);
    outcomes.push(...answers.flatMap((answer) => answer.events));
    refreshes += answers.length;
    ({ token, now } = answers.at(-1) ?? { token, now });
    const [row] = rowsOf(path);
    if (row !== undefined && row.version > version + answers.length) unanswered += 1;
    version = row?.version ?? 0;
  }
  expect(new Set(outcomes)).toEqual(new Set(["mint", "renew", "confirm"]));
  expect(unanswered).toBeGreaterThanOrEqual(3);
  const { sessions } = openHere(path, () => now + 7_000);
  expect(await outcomeOf(sessions.refreshSession(token))).toBe("ok");
  console.log(`${kills} kills in ${refreshes} answered refreshes; ${unanswered} between commit and answer`);
});

test("once a revocation is done, no refresh that starts later succeeds, and no row comes back", async () => {
  const path = databaseIn(temporaryFolder());
  const { sessions } = openHere(path);
  const created = [];
  for (let index = 0; index < 40; index += 1) created.push(await sessions.createNewSession(`user ${index}`));
  const [refresher, revoker] = await startAll(["refresh-until-refused", "revoke"], path);
  refresher?.tell(created.map(({ refreshToken }) => refreshToken.value));

  const refreshes: TimedRefresh[] = [];
  const revokedAt: bigint[] = [];
  for (const [index, { session }] of created.entries()) {
    // The refresher is at work on all of them; how far it has come differs.
    for (let turn = 0; turn < 40 + index; turn += 1) {
      const refresh = await refresher?.next<TimedRefresh>();
      if (refresh !== undefined) refreshes.push(refresh);
      if (index > 30) break;
    }
    revoker?.tell({ handle: session.handle, userId: `user ${index}`, all: index % 2 === 1 } satisfies Revoke);
    const revoked = await revoker?.next<Revoked>();
    expect(revoked?.existed).toBe(true);
    revokedAt.push(BigInt(revoked?.done ?? 0));
  }
  refreshes.push(...((await refresher?.rest<TimedRefresh>()) ?? []));

  const late = refreshes.filter(({ began, session }) => BigInt(began) > (revokedAt[session] ?? 0n));
  expect(late.length).toBeGreaterThanOrEqual(40);
  expect(new Set(late.map(({ outcome }) => outcome))).toEqual(new Set(["SESSION_NOT_FOUND"]));
  expect(new Set(refreshes.map(({ outcome }) => outcome))).toEqual(new Set(["ok", "SESSION_NOT_FOUND"]));
  expect(rowsOf(path)).toEqual([]);
  console.log(`40 revocations against ${refreshes.length} refreshes, ${late.length} of them too late`);
});
