import { createHash } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { createSessions, type CreatedSession, type Sessions } from "counterfoil";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import type { SessionStore } from "../../src/lib/store/session-store.ts";
import { T0 } from "../../src/lib/testing/rows.ts";
import { toUserKey } from "../../src/lib/session/user-id.ts";
import { type Child, startChild } from "./child-process.ts";
import type { FirstStart } from "./children/first-start.ts";
import type { Answered } from "./children/refresh-for-ever.ts";
import type { RefreshedMany, RefreshMany } from "./children/refresh-many.ts";
import type { TimedRefresh } from "./children/refresh-until-refused.ts";
import type { Revoke, Revoked } from "./children/revoke.ts";
import type { RotatedKey } from "./children/rotate-key.ts";
import { type AddressOf, describeDatabases, stopDatabases } from "./databases.ts";
import { outcomeOf, SECRET, temporaryFolder } from "./fixtures.ts";
import { openStore, type StoreAddress } from "./open-store.ts";

const SETTLED = 30_000;

afterAll(stopDatabases);

interface Here {
  readonly sessions: Sessions;
  readonly store: SessionStore;
  readonly events: readonly string[];
}

interface HereOptions {
  readonly clock?: () => number;
  /** Undefined: the one beside the database. */
  readonly secret?: string | undefined;
}

/** An instance in this process. */
async function openHere(address: StoreAddress, { clock = () => T0, secret }: HereOptions): Promise<Here> {
  const store = await openStore(address);
  const sessions = createSessions({ store, clock, ...(secret === undefined ? {} : { secret }) });
  const events: string[] = [];
  sessions.on("session-refreshed", ({ outcome }) => events.push(outcome));
  sessions.on("reuse-detected", () => events.push("reuse-detected"));
  onTestFinished(() => sessions.close());
  return { sessions, store, events };
}

const bytesOf = (token: string): Buffer => Buffer.from(token.slice("cfr1.".length), "base64url");

/** Whether a refresh token carries the hash of another: bytes 47 to 79 of it. */
const isChildOf = (child: string, parent: string): boolean =>
  bytesOf(child)
    .subarray(47, 79)
    .equals(createHash("sha256").update(bytesOf(parent)).digest());

const count = (items: readonly string[], item: string): number => items.filter((other) => other === item).length;

/** One after another on the addresses of a database; each is ready when this is done. */
async function startAll(programs: readonly string[], addressOf: AddressOf, secret?: string): Promise<Child[]> {
  const children = programs.map((program, index) =>
    startChild(program, { address: addressOf(index), secret, now: T0 }),
  );
  for (const child of children) expect(await child.next()).toBe("ready");
  return children;
}

/** One command for each process, sent before any answer is read; the answers of all together. */
async function refreshAtOnce(children: readonly Child[], commands: readonly RefreshMany[]): Promise<RefreshedMany> {
  for (const [index, child] of children.entries()) child.tell(commands[index]);
  const answers = await Promise.all(children.map((child) => child.next<RefreshedMany>()));
  return {
    tokens: answers.flatMap(({ tokens }) => tokens),
    refusals: answers.flatMap(({ refusals }) => refusals),
    events: answers.flatMap(({ events }) => events),
  };
}

/** Starts all of them at once on one database, and checks that they agree. */
async function startAtOnce(children: readonly Child[], addressOf: AddressOf, secret?: string): Promise<void> {
  for (const [index, child] of children.entries()) child.tell(addressOf(index));
  const started = await Promise.all(children.map((child) => child.next<FirstStart>()));
  expect(started.flatMap(({ error = [] }) => error)).toEqual([]);
  expect(new Set(started.flatMap(({ kids }) => kids)).size).toBe(1);
  expect(started.every(({ kids }) => kids.length === 1)).toBe(true);

  const { sessions } = await openHere(addressOf(0), { secret });
  for (const { accessToken, antiCsrfToken, refreshToken } of started) {
    expect(await outcomeOf(sessions.getSession(accessToken, antiCsrfToken))).toBe("ok");
    expect(await outcomeOf(sessions.refreshSession(refreshToken))).toBe("ok");
  }
  await sessions.close();
}

describeDatabases(({ name, makeEmpty }) => {
  const figures: string[] = [];

  /** A line of figures in the end. */
  async function measured(what: string, work: () => Promise<string | void>): Promise<void> {
    const begun = performance.now();
    const more = await work();
    figures.push(`${more ?? what} in ${((performance.now() - begun) / 1000).toFixed(1)} s`);
  }

  afterAll(() => console.log(`${name}: ${figures.join("; ")}`));

  test("8 processes that start at once on an empty database, 20 times over, agree on one key ring", async () => {
    const children = await startAll(Array<string>(8).fill("first-start"), await makeEmpty(), SECRET);
    await measured("20 starts of 8", async () => {
      for (let round = 0; round < 20; round += 1) await startAtOnce(children, await makeEmpty(), SECRET);
    });
  });

  test("50 parallel refreshes of one token from 4 processes, 100 times over: the session lives, in one lineage", async () => {
    const addressOf = await makeEmpty();
    let now = T0;
    const { sessions, store, events } = await openHere(addressOf(3), { clock: () => now, secret: SECRET });
    const created = await sessions.createNewSession("alice");
    const children = await startAll(Array<string>(4).fill("refresh-many"), addressOf, SECRET);
    const COUNTS = [13, 13, 12, 12];
    const present = (...tokens: string[]): Promise<RefreshedMany> =>
      refreshAtOnce(
        children,
        COUNTS.map((each, index) => ({ token: tokens[index % tokens.length] ?? "", count: each, now })),
      );

    const first = created.refreshToken.value;
    const minted = await present(first);
    expect([minted.refusals, count(minted.events, "mint"), minted.events.length]).toEqual([[], 50, 50]);
    expect(new Set(minted.tokens).size).toBe(50);
    expect(minted.tokens.every((token) => isChildOf(token, first))).toBe(true);

    let siblings = minted.tokens;
    await measured("100 rounds of 50 refreshes", async () => {
      for (let round = 1; round <= 100; round += 1) {
        now += SETTLED;
        const [a = "", b = "", ...rest] = siblings;
        // One child takes over, once, although all processes present it; every other time two compete, and one of them wins everything.
        const rivals = round % 2 === 0 ? [a, b] : [a];
        const presented = await present(...rivals);
        const winner = presented.tokens.every((token) => isChildOf(token, a)) ? a : b;
        expect(presented.tokens.every((token) => isChildOf(token, winner))).toBe(true);
        expect(new Set(presented.tokens).size).toBe(50 / rivals.length);
        expect(presented.events.toSorted()).toEqual(["confirm", ...Array<string>(50 / rivals.length - 1).fill("mint")]);
        expect(presented.refusals).toEqual(Array<string>(rivals.length === 1 ? 0 : 25).fill("REFRESH_TOKEN_SUPERSEDED"));
        // What was superseded is refused softly, wherever it is presented.
        const superseded = [rest[0], rest[1], rest[2], winner === a ? b : a].map((token = "") => ({ token, count: 1, now }));
        expect(await refreshAtOnce(children, superseded)).toEqual({
          tokens: [],
          refusals: Array<string>(4).fill("REFRESH_TOKEN_SUPERSEDED"),
          events: [],
        });
        expect((await store.findSession(created.session.handle))?.generation).toBe(1 + round);
        siblings = presented.tokens;
      }
    });

    now += SETTLED;
    expect(await outcomeOf(sessions.refreshSession(siblings[0] ?? ""))).toBe("ok");
    expect(events).toEqual(["confirm"]);
  });

  test("two processes that rotate the signing key at once report the same pending key", async () => {
    const children = await startAll(["rotate-key", "rotate-key"], await makeEmpty(), SECRET);
    const kids = new Set<string>();
    await measured("20 rotations", async () => {
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
    });
    expect(kids.size).toBe(20);
  });

  test("no answered token is unknown or raises an alarm, at whatever moment the process is killed", async () => {
    const addressOf = await makeEmpty();
    let now = T0;
    const { sessions, store } = await openHere(addressOf(0), { clock: () => now + 7_000, secret: SECRET });
    const { session, refreshToken } = await sessions.createNewSession("alice");
    let token = refreshToken.value;
    let version = 1;
    let refreshes = 0;
    let unanswered = 0;
    const outcomes: string[] = [];
    let kills = 0;
    await measured("kills", async () => {
      // Some must fall between commit and answer, where the store knows more than the client.
      for (; kills < 30 || (unanswered < 3 && kills < 200); kills += 1) {
        const child = startChild("refresh-for-ever", { address: addressOf(kills), secret: SECRET, now });
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
        const row = await store.findSession(session.handle);
        if (row !== undefined && row.version > version + answers.length) unanswered += 1;
        version = row?.version ?? 0;
      }
      return `${kills} kills in ${refreshes} answered refreshes, ${unanswered} between commit and answer`;
    });
    expect(new Set(outcomes)).toEqual(new Set(["mint", "renew", "confirm"]));
    expect(unanswered).toBeGreaterThanOrEqual(3);
    expect(await outcomeOf(sessions.refreshSession(token))).toBe("ok");
  });

  test("once a revocation is done, no refresh that starts later succeeds, and no row comes back", async () => {
    const addressOf = await makeEmpty();
    const { sessions, store } = await openHere(addressOf(0), { secret: SECRET });
    const created: CreatedSession<unknown>[] = [];
    for (let index = 0; index < 40; index += 1) created.push(await sessions.createNewSession(`user ${index}`));
    const [refresher, revoker] = await startAll(["refresh-until-refused", "revoke"], addressOf, SECRET);
    refresher?.tell(created.map(({ refreshToken }) => refreshToken.value));

    const refreshes: TimedRefresh[] = [];
    const revokedAt: bigint[] = [];
    await measured("revocations", async () => {
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
      return `40 revocations against ${refreshes.length} refreshes`;
    });

    const late = refreshes.filter(({ began, session }) => BigInt(began) > (revokedAt[session] ?? 0n));
    expect(late.length).toBeGreaterThanOrEqual(40);
    expect(new Set(late.map(({ outcome }) => outcome))).toEqual(new Set(["SESSION_NOT_FOUND"]));
    expect(new Set(refreshes.map(({ outcome }) => outcome))).toEqual(new Set(["ok", "SESSION_NOT_FOUND"]));
    for (const [index, { session }] of created.entries()) {
      expect(await store.findSession(session.handle)).toBeUndefined();
      expect(await store.listSessionsOfUser(toUserKey(`user ${index}`), T0)).toEqual([]);
    }
  });
});

describe("the secret beside a SQLite file", () => {
  const addressIn = (folder: string): StoreAddress => ({ by: "sqlite", path: join(folder, "sessions.db") });

  test("8 processes that start at once on nothing agree on one secret, too", async () => {
    for (let round = 0; round < 5; round += 1) {
      const folder = temporaryFolder();
      const addressOf = (): StoreAddress => addressIn(folder);
      await startAtOnce(await startAll(Array<string>(8).fill("first-start"), addressOf), addressOf);
      expect(readdirSync(folder).filter((file) => file.includes("secret"))).toEqual(["sessions.db.secret"]);
    }
  });

  test.each(["sessions.db", "sessions.db-wal", "sessions.db.secret"])(
    "a process that is killed when it has just made %s leaves nothing that stops the next",
    async (stage) => {
      for (let round = 0; round < 3; round += 1) {
        const folder = temporaryFolder();
        const address = addressIn(folder);
        const [killed, next] = await startAll(["first-start", "first-start"], () => address);
        killed?.tell(address);
        while (!existsSync(join(folder, stage))) await new Promise(setImmediate);
        killed?.kill();
        await killed?.rest();
        next?.tell(address);
        const started = await next?.next<FirstStart>();
        expect(started).toMatchObject({ kids: [expect.any(String)] });
        const { sessions } = await openHere(address, {});
        expect(await outcomeOf(sessions.getSession(started?.accessToken ?? "", started?.antiCsrfToken))).toBe("ok");
      }
    },
  );
});
