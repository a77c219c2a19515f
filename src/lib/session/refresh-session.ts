import { retryLater, unauthorised } from "../errors.ts";
import { claimedHandle, parseRefreshToken, type RefreshToken } from "../token/refresh-token.ts";
import type { SessionContext } from "./context.ts";
import { describeDevice, type DeviceInput } from "./device.ts";
import { type DeviceFacts, sessionEnd, type SessionRecord } from "./record.ts";
import { isUnknown } from "./guarded-store.ts";
import type { FoundSession } from "./session-store.ts";
import { raiseAlarm, reportReuse, type ReuseEvidence } from "./reuse.ts";
import { decideRotation, rotationPolicy, type RotationState } from "./rotation.ts";
import { issueTokens, mintChild, type TokenInfo } from "./tokens.ts";
import { lookAgainWithNewKeys } from "./unknown-key.ts";
import { untilWon } from "./lost-races.ts";
import { fromUserKey } from "./user-id.ts";
import { type Session, toSession } from "./verify-session.ts";

/** Options of `refreshSession`. */
export interface RefreshOptions {
  /** What the request tells of its device. The HTTP adapters fill it in. */
  readonly device?: DeviceInput;
}

/** For the HTTP part. */
export interface BoundOptions {
  /** The session must have replaced one of these at its sign-in. Undefined: no such demand. */
  readonly replaced?: ReadonlySet<string> | undefined;
}

export interface RefreshedSession<Claims> {
  readonly session: Session<Claims>;
  readonly newAccessToken: TokenInfo;
  /**
   * Its value is the presented one when the token was not rotated. Put it where the old one was only if it differs from that: a late
   * answer must not lay an unrotated token over a newer one.
   */
  readonly newRefreshToken: TokenInfo;
  readonly newIdRefreshToken: TokenInfo;
  /** The same for the life of the session; undefined where `enableAntiCsrf` is false. */
  readonly newAntiCsrfToken: string | undefined;
}

export { claimedHandle };

export async function refreshSession<Claims>(
  context: SessionContext,
  refreshToken: string,
  options: RefreshOptions & BoundOptions = {},
): Promise<RefreshedSession<Claims>> {
  return context.calls.run(async () => {
    await context.ready();
    const token = await authenticateRefreshToken(context, refreshToken);
    // One after another within a process: rivals for one row would read, sign and lose again and
    // again.
    return context.oneAtATime(token.handle, async () => {
      const refreshed = await untilWon(() => attempt<Claims>(context, token, options));
      await context.upkeep.begin();
      return refreshed;
    });
  });
}

/** Parses and authenticates before the store is asked. */
export async function authenticateRefreshToken(context: SessionContext, value: string): Promise<RefreshToken> {
  if (typeof value !== "string") throw unauthorised("REFRESH_TOKEN_MISSING", "there is no refresh token");
  const { ring, realm } = context;
  const parsed = await lookAgainWithNewKeys(context, () => parseRefreshToken(value, ring.findByKid, realm));
  if (parsed.kind === "authentic") return parsed.token;
  throw unauthorised(
    "REFRESH_TOKEN_INVALID",
    "the refresh token is not one that this installation made, or its key is gone",
  );
}

/** Reads, decides and commits; undefined when another request changed the row in between. */
async function attempt<Claims>(
  context: SessionContext,
  token: RefreshToken,
  { device: given, replaced }: RefreshOptions & BoundOptions,
): Promise<RefreshedSession<Claims> | undefined> {
  const record = await findRow(context, token.handle);
  if (replaced !== undefined && (record.replacedHandle === null || !replaced.has(record.replacedHandle)))
    throw unauthorised("REFRESH_TOKEN_MISSING", "there is no refresh token of the session that the other cookies name");
  const { policy, store } = context;
  const { handle, version } = record;
  const now = context.now();
  if (context.clocks.hasEnded(sessionEnd(record, policy), record.storeTime, now)) {
    // Removed at once, so that a clock that is set back finds no row to revive.
    if (!(await store.deleteSessionAtVersion(handle, version))) return undefined;
    throw unauthorised("SESSION_EXPIRED", "the session has expired");
  }

  // The times that rotation compares were noted by other servers, whose clocks may differ from this one's by more than a window.
  const rotationTime = policy.rotation.clock === "store" ? (record.storeTime ?? now) : now;
  const decision = decideRotation(token, record, rotationTime, rotationPolicy(policy.rotation.window));
  switch (decision.outcome) {
    case "mint":
    case "confirm":
    case "renew": {
      const device = describeDevice(given, JSON.parse(record.device) as DeviceFacts);
      const { outcome, next } = decision;
      const child = outcome === "renew" ? token : mintChild(context, token);
      const refreshed = await commit<Claims>(context, record, child, { ...next, device: JSON.stringify(device), now });
      if (refreshed !== undefined) emitRefreshed(context, record, child, { outcome, device });
      return refreshed;
    }
    case "retry":
      throw retryLater(
        "REFRESH_TOKEN_SUPERSEDED",
        "another request has just rotated this refresh token; nothing was lost, try again shortly",
      );
    case "ahead":
      if (context.isFirstInMinute("store-behind", handle))
        context.events.emit("store-behind", {
          handle,
          userId: fromUserKey(record.userKey),
          presentedGeneration: token.generation,
          storedGeneration: record.generation,
        });
      throw unauthorised("STORE_BEHIND", "the refresh token is newer than the store, which has lost writes");
    case "reuse": {
      const device = describeDevice(given);
      const evidence = { now: rotationTime, presentingDevice: device };
      if (policy.rotation.onReuse === "revoke") {
        if (!(await endReused(context, token, record, evidence))) return undefined;
        throw raiseAlarm(context, token, record, evidence);
      }
      // Renewed like a child, the row's tokens and device as they were. By the same
      // compare-and-set, so that a session which is revoked at this moment yields nothing.
      const refreshed = await commit<Claims>(context, record, token, { ...record, now });
      if (refreshed === undefined) return undefined;
      if (context.isFirstInMinute("reuse-detected", handle)) reportReuse(context, token, record, evidence);
      emitRefreshed(context, record, token, { outcome: "renew", device });
      return refreshed;
    }
  }
}

/** @throws SessionError `SESSION_NOT_FOUND`, `REFRESH_TOKEN_SUPERSEDED` */
async function findRow({ store, clocks, now, policy }: SessionContext, handle: string): Promise<FoundSession> {
  const asked = now();
  const record = await store.findSession(handle);
  clocks.note(asked, record?.storeTime);
  if (record !== undefined) return record;
  if (policy.rotation.window > 0 && (await store.wasReplaced(handle, clocks.earlier()))) {
    throw retryLater(
      "REFRESH_TOKEN_SUPERSEDED",
      "a new sign-in has just replaced this session; its cookies are on the way",
    );
  }
  throw unauthorised("SESSION_NOT_FOUND", "the session has been revoked, or has expired and was removed");
}

/**
 * Ends the session of a reused token, unless its row has changed. Tells of the reuse also where the
 * answer gets lost.
 */
async function endReused(
  context: SessionContext,
  token: RefreshToken,
  record: FoundSession,
  evidence: ReuseEvidence,
): Promise<boolean> {
  try {
    return await context.store.deleteSessionAtVersion(record.handle, record.version);
  } catch (error) {
    if (isUnknown(error)) raiseAlarm(context, token, record, { ...evidence, unknown: true });
    throw error;
  }
}

/**
 * Writes the row and makes what is handed out; undefined when another request changed the row in
 * between.
 */
async function commit<Claims>(
  context: SessionContext,
  record: FoundSession,
  refreshToken: RefreshToken,
  { now, ...written }: RotationState & { readonly device: string; readonly now: number },
): Promise<RefreshedSession<Claims> | undefined> {
  const absoluteEnd = Math.min(record.absoluteExpiresAt, record.createdAt + context.policy.absoluteTimeout);
  // By a clock that is behind, a refresh must not end a session which others have prolonged.
  const lastSeenAt = Math.max(context.clocks.stamp(), record.lastSeenAt);
  const expiresAt = Math.min(lastSeenAt + context.policy.idleTimeout, absoluteEnd);
  // Made before the commit: what cannot be handed out must not be written down as handed out.
  const refreshed = answer<Claims>(context, { ...record, expiresAt }, refreshToken, now);
  const { generation, currentHash, parentHash, childMintedAt, childSeenAt, confirmedAt, device } = written;
  const rotation = { generation, currentHash, parentHash, childMintedAt, childSeenAt, confirmedAt };
  const write = { ...rotation, device, lastSeenAt, expiresAt };
  return (await context.store.commitRefresh(record.handle, record.version, write)) ? refreshed : undefined;
}

function emitRefreshed(
  context: SessionContext,
  { handle, userKey }: SessionRecord,
  { generation }: RefreshToken,
  how: { readonly outcome: "mint" | "confirm" | "renew"; readonly device: DeviceFacts },
): void {
  context.events.emit("session-refreshed", { handle, userId: fromUserKey(userKey), generation, ...how });
}

function answer<Claims>(
  context: SessionContext,
  record: SessionRecord,
  refreshToken: RefreshToken,
  now: number,
): RefreshedSession<Claims> {
  const tokens = issueTokens(context, record, refreshToken, now);
  return {
    session: toSession<Claims>(record),
    newAccessToken: tokens.accessToken,
    newRefreshToken: tokens.refreshToken,
    newIdRefreshToken: tokens.idRefreshToken,
    newAntiCsrfToken: context.policy.antiCsrf ? context.antiCsrf.of(record.handle) : undefined,
  };
}
