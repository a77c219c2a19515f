/** The steps of a sign-in with a limit, and of the memory of devices, for each SQL store. */
import type { SessionLimit } from "../../policy.ts";
import { makeRoom } from "../../session/device-limit.ts";
import { shardOfUser } from "../../session/handle.ts";
import type { CreateOutcome } from "../../session/session-store.ts";
import { decideLimit, type LimitDecision } from "../../session/session-limit.ts";
import { ask, change, type Ending, type SignIn, type SqlEndings } from "./sql-endings.ts";
import { readHandle, type SqlStatements } from "./sql-statements.ts";

/** A part of a sign-in. */
export interface SignInPart extends CreateOutcome {
  /** Whether nothing is left to do. */
  readonly isDone: boolean;
}

export interface SignInSteps {
  readonly all: SqlStatements;
  readonly endings: SqlEndings;
  /** How many handles one step removes, the most first. Fewer are removed one by one. */
  readonly chunks: readonly number[];
  /** Whether another lock than that of a row serializes sign-ins. */
  readonly isSerial: boolean;
  /** Whether the transaction may be older than the lock, so that its rows must be read anew. */
  readonly isJoined: boolean;
}

/**
 * A sign-in within a limit, in one transaction. It serializes the users of one shard, so that no
 * sign-in is added during a count.
 */
export function* signInOnce(
  { all, endings, chunks, isSerial, isJoined }: SignInSteps,
  { record, replaces, journal }: SignIn,
  limit: SessionLimit | undefined,
): Ending<SignInPart> {
  const { userKey, createdAt, handle: own } = record;
  const isExact = limit !== undefined && limit.onLimit !== "trim";
  if (isExact && !isSerial) yield change(all.lockRow, [`place-${shardOfUser(userKey)}`]);
  // The replaced session does not count, and no session has the handle of the new one.
  const rivals = [userKey, createdAt, replaces ?? own];
  const { handles, next } =
    limit === undefined
      ? ({ handles: [], next: "add" } as const)
      : yield* chooseEnded(all, { limit, rivals, chunks, isLocked: isExact && isJoined });
  if (next === "refuse") return { created: false, ended: [], replaced: false, isDone: true };
  if (next === "count") {
    const ended = yield* endings.endHandles(handles, journal?.ended);
    return { created: false, ended, replaced: false, isDone: false };
  }
  const ended: string[] = [];
  for (const handle of handles) {
    // A session that its owner ended meanwhile is not reported here.
    if (yield* endings.endOne({ handle }, journal?.ended)) ended.push(handle);
  }
  const replaced = yield* endings.signInOver({ record, replaces, journal });
  return { created: true, ended, replaced, isDone: true };
}

interface Choice {
  readonly limit: SessionLimit;
  /** The values of `surplusOfUser`. */
  readonly rivals: readonly (string | number)[];
  readonly chunks: readonly number[];
  readonly isLocked?: boolean;
}

/** The sessions that a sign-in ends in this step, and what comes after it. */
export function* chooseEnded(
  all: Pick<SqlStatements, "surplusOfUser" | "oldestOfUser">,
  { limit, rivals, chunks, isLocked = false }: Choice,
): Ending<{ readonly handles: readonly string[]; readonly next: LimitDecision["next"] }> {
  const most = limit.onLimit === "trim" ? limit.atOnce : Math.max(...chunks);
  const { rows } = yield ask(all.surplusOfUser(limit.max, most + 1, isLocked), rivals);
  const chunk = chunks.find((count) => count < rows.length);
  const { oldest, next } = decideLimit(limit, rows.length, chunk);
  if (next === "refuse") return { handles: [], next };
  // The query stops at one too many. Its rows are then not the oldest.
  const ended = oldest === rows.length ? rows : (yield ask(all.oldestOfUser(oldest, isLocked), rivals)).rows;
  return { handles: ended.map(readHandle), next };
}

export interface DeviceVisit {
  readonly userKey: string;
  readonly device: string;
  readonly now: number;
  readonly until: number;
  /** How often to try if other sign-ins from this device are faster. */
  readonly attempts: number;
}

/** @returns as `rememberDevice` of a store; undefined also if all attempts were lost */
export function* rememberDevice(
  { touchDevice, listDevices, removeDevices, insertDevice }: SqlStatements,
  { userKey, device, now, until, attempts }: DeviceVisit,
): Ending<boolean | undefined> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const touched = yield change(touchDevice, [now, now, until, userKey, device, now]);
    if (touched.changes > 0) return true;
    const { rows } = yield ask(listDevices, [userKey]);
    const expiries = rows.map(([end]) => Number(end));
    const { isFirst, removeUntil } = makeRoom(expiries, now);
    if (removeUntil !== undefined) yield change(removeDevices, [userKey, removeUntil]);
    const { changes } = yield change(insertDevice, [userKey, device, now, now, until]);
    if (changes > 0) return isFirst ? undefined : false;
    // Another sign-in from this device was faster.
  }
  return undefined;
}
