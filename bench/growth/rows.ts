/**
 * Rows as the library writes them, each computed from its number, so that nobody has to remember
 * millions of handles.
 */
import { hash, randomBytes } from "node:crypto";
import { shardOfUser } from "../../src/lib/session/handle.ts";
import type { SessionRecord } from "../../src/lib/session/record.ts";

const DAY = 86_400_000;
export const IDLE_TIMEOUT = 100 * DAY;

/**
 * Whose session each of twenty is: of ten users four have one, three two, two three and one four.
 */
const OWNERS = [0, 1, 2, 3, 4, 4, 5, 5, 6, 6, 7, 7, 7, 8, 8, 8, 9, 9, 9, 9] as const;
const SESSIONS_PER_USER = 2;

const CLAIMS = JSON.stringify({ role: "admin", organisation: "acme" });
const SYSTEMS = ["Windows", "macOS", "iPhone", "Android", "Linux"] as const;

/** Of 256 rows, so many have expired: 5 %. */
const EXPIRED = 13;

export interface Rows {
  readonly count: number;
  readonly users: number;
  /** When they were made; ms since the epoch. */
  readonly now: number;
}

export const rowsOf = (count: number, now: number): Rows => ({ count, users: count / SESSIONS_PER_USER, now });

/** A user's key: a UUID, as JSON. */
export function userKeyOf(user: number): string {
  const hex = hash("sha256", `user ${user}`, "hex");
  return `"${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}"`;
}

export const userOf = (row: number): number =>
  Math.floor(row / OWNERS.length) * 10 + (OWNERS[row % OWNERS.length] ?? 0);

export const handleOf = (row: number): string => spellHandle(userKeyOf(userOf(row)), diceOf(row));

export const isExpired = (row: number): boolean => (diceOf(row)[17] ?? 0) < EXPIRED;

/** About how many. */
export const countExpired = ({ count }: Rows): number => (count * EXPIRED) / 256;

/** All of them, in an order in which sessions of one user are far apart, as sign-ins are. */
export function* generateRows({ count, now }: Rows): Generator<SessionRecord> {
  const step = coprimeNear(Math.floor(count * 0.618), count);
  for (let turn = 0; turn < count; turn += 1) yield rowAt((turn * step) % count, now);
}

function rowAt(row: number, now: number): SessionRecord {
  const userKey = userKeyOf(userOf(row));
  const dice = diceOf(row);
  const roll = (at: number): number => dice.readUInt16BE(at) / 65_536;
  const daysUnseen = isExpired(row) ? 100 + 30 * roll(18) : daysSinceSeen(roll(18), roll(20));
  const lastSeenAt = Math.round(now - daysUnseen * DAY);
  const createdAt = Math.round(lastSeenAt - 100 * DAY * roll(22));
  const generation = 2 + Math.floor(500 * roll(24));
  return {
    handle: spellHandle(userKey, dice),
    userKey,
    replacedHandle: null,
    persistent: null,
    amr: null,
    actorKey: null,
    actorHandle: null,
    label: null,
    knownDevice: null,
    version: generation,
    generation,
    currentHash: randomBytes(32).toString("base64url"),
    parentHash: randomBytes(32).toString("base64url"),
    childMintedAt: lastSeenAt,
    childSeenAt: null,
    confirmedAt: lastSeenAt,
    claims: CLAIMS,
    claimsVersion: 1,
    data: "{}",
    device: JSON.stringify({
      ip: `${dice[26]}.${dice[27]}.${dice[28]}.0/24`,
      userAgent: `Firefox on ${SYSTEMS[(dice[29] ?? 0) % SYSTEMS.length]}`,
    }),
    createdAt,
    authTime: createdAt,
    lastSeenAt,
    expiresAt: lastSeenAt + IDLE_TIMEOUT,
    absoluteExpiresAt: createdAt + 365 * DAY,
  };
}

/** Half of them within the last day, and of the others the more the longer ago the fewer. */
const daysSinceSeen = (first: number, second: number): number => (first < 0.5 ? second : 1 + 98 * second * second);

const diceOf = (row: number): Buffer => hash("sha256", `session ${row}`, "buffer");

const spellHandle = (userKey: string, dice: Buffer): string =>
  Buffer.concat([Buffer.of(shardOfUser(userKey)), dice.subarray(0, 17)]).toString("base64url");

function coprimeNear(start: number, count: number): number {
  const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));
  let step = start;
  while (divisor(step, count) !== 1) step += 1;
  return step;
}
