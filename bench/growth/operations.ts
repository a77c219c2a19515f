import { randomBytes, randomInt } from "node:crypto";
import type { SessionStore } from "counterfoil/sqlite";
import { newHandle } from "../../src/lib/session/handle.ts";
import { handleOf, IDLE_TIMEOUT, isExpired, type Rows, userKeyOf, userOf } from "./rows.ts";

export const OPERATIONS = ["refresh", "list of a user", "revoke all of a user", "create"] as const;
export type Operation = (typeof OPERATIONS)[number];

const CALLS: Readonly<Record<Operation, number>> = {
  refresh: 40,
  "list of a user": 40,
  "revoke all of a user": 20,
  create: 20,
};

/**
 * Sessions of every eighth user are revoked and made anew, and so cannot be found by their number
 * any more.
 */
const isRevocable = (user: number): boolean => user % 8 === 7;

export type Timings = Readonly<Record<Operation, number[]>>;
export const noTimings = (): Timings => ({ refresh: [], "list of a user": [], "revoke all of a user": [], create: [] });

/** One round on one table: how long each call took, in ms. Leaves as many rows as it found. */
export async function runRound(store: SessionStore, rows: Rows): Promise<Timings> {
  const timings = noTimings();
  for (let call = 0; call < CALLS.refresh; call += 1) {
    const handle = pickLiveHandle(rows);
    timings.refresh.push(await time(() => refresh(store, handle)));
  }
  for (let call = 0; call < CALLS["list of a user"]; call += 1) {
    const userKey = userKeyOf(randomInt(rows.users));
    timings["list of a user"].push(await time(() => store.listSessionsOfUser(userKey, Date.now(), { limit: 250 })));
  }
  for (let call = 0; call < CALLS["revoke all of a user"]; call += 1) {
    const userKey = pickRevocableUser(rows);
    const sessions = (await store.listSessionsOfUser(userKey, 0, { limit: 1000 })).length;
    timings["revoke all of a user"].push(await time(() => store.deleteSessionsOfUser(userKey, undefined, 1000)));
    for (let made = 0; made < sessions; made += 1) {
      const record = newRecord(userKey);
      const took = await time(() => store.createSession(record, undefined));
      if (made === 0 && timings.create.length < CALLS.create) timings.create.push(took);
    }
  }
  return timings;
}

export async function time(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

/**
 * What `refreshSession` asks of a store: a read, and a compare-and-set; false when another refresh
 * came in between.
 */
export async function refresh(store: SessionStore, handle: string): Promise<boolean> {
  const found = await store.findSession(handle);
  if (found === undefined) throw new Error(`there is no session ${handle}`);
  const now = Date.now();
  return store.commitRefresh(handle, found.version, {
    generation: found.generation + 1,
    currentHash: randomBytes(32).toString("base64url"),
    parentHash: found.currentHash,
    childMintedAt: now,
    childSeenAt: null,
    confirmedAt: now,
    lastSeenAt: now,
    expiresAt: now + IDLE_TIMEOUT,
    device: found.device,
  });
}

/** Any of the table, so that no cache is warmer than it would be with so many users. */
export function pickLiveHandle(rows: Rows): string {
  for (;;) {
    const row = randomInt(rows.count);
    if (!isExpired(row) && !isRevocable(userOf(row))) return handleOf(row);
  }
}

const pickRevocableUser = (rows: Rows): string => userKeyOf(randomInt(Math.floor(rows.users / 8)) * 8 + 7);

function newRecord(userKey: string): Parameters<SessionStore["createSession"]>[0] {
  const now = Date.now();
  return {
    handle: newHandle(userKey),
    userKey,
    replacedHandle: null,
    persistent: null,
    amr: null,
    actorKey: null,
    actorHandle: null,
    label: null,
    knownDevice: null,
    version: 1,
    generation: 1,
    currentHash: randomBytes(32).toString("base64url"),
    parentHash: null,
    childMintedAt: null,
    childSeenAt: null,
    confirmedAt: null,
    claims: JSON.stringify({ role: "admin", organisation: "acme" }),
    claimsVersion: 1,
    data: "{}",
    device: JSON.stringify({ ip: "203.0.113.0/24", userAgent: "Firefox on Linux" }),
    createdAt: now,
    authTime: now,
    lastSeenAt: now,
    expiresAt: now + IDLE_TIMEOUT,
    absoluteExpiresAt: now + 3.65 * IDLE_TIMEOUT,
  };
}
