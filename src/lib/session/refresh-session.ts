import { ERROR_TYPES, isErrorFromAuth, retryLater, type SessionError, unauthorised } from "../errors.ts";
import { claimedHandle, parseRefreshToken, type RefreshToken } from "../token/refresh-token.ts";
import type { AuditNote } from "../revocation/log-store.ts";
import { actorField } from "./actor.ts";
import { findActorSession } from "./actor-session.ts";
import type { SessionContext } from "./context.ts";
import { describeDevice, type DeviceInput } from "./device.ts";
import { type DeviceFacts, sessionEnd, type SessionRecord, storedDevice } from "./record.ts";
import { endedEntries } from "./journals.ts";
import { isUnknown } from "./guarded-store.ts";
import type { FoundSession, RefreshWrite } from "./session-store.ts";
import { locateIp } from "./locate.ts";
import { auditReuse, raiseAlarm, reportReuse, reuseFacts } from "./reuse.ts";
import { decideRotation, rotationPolicy, type RotationState } from "./rotation.ts";
import { issueTokens, mintChild, type TokenInfo } from "./tokens.ts";
import { lookAgainWithNewKeys } from "./unknown-key.ts";
import { contended, MOST_ATTEMPTS } from "./lost-races.ts";
import { fromUserKey, type UserId } from "./user-id.ts";
import { type Session, toSession } from "./verify-session.ts";

/** Options of `refreshSession`. */
export interface RefreshOptions {
  /**
   * The device, for the list of sessions; its label counts only if the session has none. Default:
   * the device stays as it is.
   */
  readonly device?: DeviceInput;
}

/** For the HTTP part. */
export interface BoundOptions {
  /** The session must have replaced one of these at its sign-in. Undefined: no such condition. */
  readonly replaced?: ReadonlySet<string> | undefined;
  /** Whether reuse is refused softly, and raises no alarm. Default false. */
  readonly isSoft?: boolean;
}

/** The result of `refreshSession`. */
export interface RefreshedSession<Claims = unknown, Id extends UserId = UserId> {
  /** The session. */
  readonly session: Session<Claims, Id>;
  /** The new access token, for the cookie `access`. */
  readonly newAccessToken: TokenInfo;
  /**
   * The refresh token, for the cookie `refresh`. Set the cookie only if the value differs from the
   * presented token: a late response must not overwrite a newer token with an unrotated one.
   */
  readonly newRefreshToken: TokenInfo;
  /** The marker, for the cookie `marker`, which scripts can read. */
  readonly newIdRefreshToken: TokenInfo;
  /**
   * The anti-CSRF token, the same for the life of the session. Undefined if `tokens.enableAntiCsrf`
   * is false.
   */
  readonly newAntiCsrfToken: string | undefined;
}

export { claimedHandle };

/** The caller begins the call. */
export async function refreshSession(
  context: SessionContext,
  refreshToken: string,
  options: RefreshOptions & BoundOptions = {},
): Promise<RefreshedSession> {
  const { store, clocks } = context;
  await context.ready();
  const token = await authenticateRefreshToken(context, refreshToken);
  // Serialized within the process: rivals for one row would read, sign and lose repeatedly.
  const { locate } = context.policy;
  const location = locate === undefined ? undefined : await locateIp(locate, options.device?.ip);
  const leave = await context.oneAtATime(token.handle);
  try {
    for (let attempts = 0; attempts < MOST_ATTEMPTS; attempts += 1) {
      const asked = context.now();
      const record = await store.findSession(token.handle);
      clocks.note(asked, record?.storeTime);
      if (record === undefined) throw await whyGone(context, token.handle);
      const decided = decide(context, token, await withActorEnd(context, record), { ...options, location });
      if (decided.kind === "end") {
        if (await endAtVersion(context, record, decided)) throw decided.refusal();
      } else if (await store.commitRefresh(record.handle, record.version, decided.write)) {
        decided.report();
        await context.upkeep.begin();
        return decided.refreshed;
      }
      // Another request has changed the row in between.
    }
    throw contended();
  } catch (error) {
    if (isErrorFromAuth(error) && error.errType === ERROR_TYPES.RETRY) context.countSoftRefusal();
    throw error;
  } finally {
    leave();
  }
}

/** Parses and authenticates the token before any store access. */
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

/** The change to a row, which is committed if the row is unchanged. */
type Decided =
  | {
      readonly kind: "write";
      readonly write: RefreshWrite;
      readonly refreshed: RefreshedSession;
      /** Emits the event, after the commit. */
      readonly report: () => void;
    }
  | Ending;

interface Ending {
  readonly kind: "end";
  /** The error for the client, after the session has ended. */
  readonly refusal: () => SessionError;
  /** Emits the event if the commit's response was lost. */
  readonly reportUnknown: () => void;
  /** The row of the audit table. */
  readonly audit?: AuditNote | undefined;
}

/** A row, and when the session of its actor ends. */
interface ActedRow extends FoundSession {
  /** Null: that has ended. Undefined: the user acts. */
  readonly actorEnds?: number | null;
}

async function withActorEnd(context: SessionContext, record: FoundSession): Promise<ActedRow> {
  if (record.actorHandle === null) return record;
  const actor = await findActorSession(context, record.actorHandle);
  return { ...record, actorEnds: actor === undefined ? null : sessionEnd(actor, context.policy) };
}

function decide(
  context: SessionContext,
  token: RefreshToken,
  record: ActedRow,
  {
    device: given,
    replaced,
    isSoft,
    location,
  }: RefreshOptions & BoundOptions & { readonly location: string | undefined },
): Decided {
  if (replaced !== undefined && (record.replacedHandle === null || !replaced.has(record.replacedHandle)))
    throw unauthorised("REFRESH_TOKEN_MISSING", "there is no refresh token of the session that the other cookies name");
  const { policy } = context;
  const { handle } = record;
  const now = context.now();
  // Removed at once, so that a clock that is set back cannot revive the row.
  if (context.clocks.hasEnded(sessionEnd(record, policy), record.storeTime, now)) return EXPIRED;
  if (record.actorEnds === null) return endedByActor(context, record);

  // Other servers wrote the times that rotation compares. Their clocks may differ from this one's
  // by more than a window.
  const rotationTime = policy.rotation.clock === "store" ? (record.storeTime ?? now) : now;
  const decision = decideRotation(token, record, rotationTime, rotationPolicy(policy.rotation.window));
  switch (decision.outcome) {
    case "mint":
    case "confirm":
    case "renew": {
      const device = JSON.stringify(describeDevice(given, JSON.parse(record.device) as DeviceFacts, location));
      const { outcome, next } = decision;
      const child = outcome === "renew" ? token : mintChild(context, token);
      return {
        kind: "write",
        ...prepareWrite(context, record, child, { ...next, device, now }),
        report: () => emitRefreshed(context, record, child, { outcome, device: storedDevice({ ...record, device }) }),
      };
    }
    case "retry":
      throw superseded();
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
      if (isSoft === true) throw superseded();
      const device = describeDevice(given, {}, location);
      const evidence = { now: rotationTime, presentingDevice: device };
      if (policy.rotation.onReuse === "revoke")
        return {
          kind: "end",
          refusal: () => raiseAlarm(context, token, record, evidence),
          reportUnknown: () => void raiseAlarm(context, token, record, { ...evidence, unknown: true }),
          audit: context.audit.note("session-revoked", () => ({
            reason: "reuse",
            ...reuseFacts(token, record, evidence),
            ...actorField(record),
          })),
        };
      // Like a renewal of a child: the row's tokens and device stay. The same compare-and-set
      // ensures that a session which is revoked at this moment yields no tokens.
      return {
        kind: "write",
        ...prepareWrite(context, record, token, { ...record, now }),
        report() {
          if (context.isFirstInMinute("reuse-detected", handle)) {
            reportReuse(context, token, record, evidence);
            context.calls.aside(() => auditReuse(context, token, record, evidence));
          }
          emitRefreshed(context, record, token, { outcome: "renew", device });
        },
      };
    }
  }
}

const superseded = (): SessionError =>
  retryLater(
    "REFRESH_TOKEN_SUPERSEDED",
    "another request has just rotated this refresh token; nothing was lost, try again shortly",
  );

const EXPIRED: Ending = {
  kind: "end",
  refusal: () => unauthorised("SESSION_EXPIRED", "the session has expired"),
  reportUnknown: () => undefined,
};

function endedByActor({ events, audit }: SessionContext, record: SessionRecord): Ending {
  const { handle, userKey } = record;
  const report = (unknown: { readonly unknown?: true }): void =>
    events.emit("session-revoked", {
      handles: [handle],
      userId: fromUserKey(userKey),
      reason: "actor-ended",
      ...actorField(record),
      ...unknown,
    });
  return {
    kind: "end",
    refusal() {
      report({});
      return unauthorised("SESSION_NOT_FOUND", "the session of the actor has ended, and this one with it");
    },
    reportUnknown: () => report({ unknown: true }),
    audit: audit.note("session-revoked", () => ({ reason: "actor-ended", ...actorField(record) })),
  };
}

/** @returns the reason why the row is missing */
async function whyGone({ store, clocks, policy }: SessionContext, handle: string): Promise<SessionError> {
  if (policy.rotation.window > 0 && (await store.wasReplaced(handle, clocks.earlier())))
    return retryLater(
      "REFRESH_TOKEN_SUPERSEDED",
      "a new sign-in has just replaced this session; its cookies are on the way",
    );
  return unauthorised("SESSION_NOT_FOUND", "the session has been revoked, or has expired and was removed");
}

/** Ends a session unless its row has changed. Emits the event also if the response is lost. */
async function endAtVersion(
  { store, journals }: SessionContext,
  { handle, version }: FoundSession,
  { reportUnknown, audit }: Ending,
): Promise<boolean> {
  try {
    const isEnded = await journals.during(
      (journal) => store.deleteSessionAtVersion(handle, version, journal),
      (ended) => (ended ? endedEntries([handle]) : []),
      audit,
    );
    if (isEnded) journals.ended([handle]);
    return isEnded;
  } catch (error) {
    if (isUnknown(error)) {
      journals.doubt(endedEntries([handle]));
      reportUnknown();
    }
    throw error;
  }
}

/** The fields for the row, and the tokens for the client. */
function prepareWrite(
  context: SessionContext,
  record: ActedRow,
  refreshToken: RefreshToken,
  { now, ...written }: RotationState & { readonly device: string; readonly now: number },
): { readonly write: RefreshWrite; readonly refreshed: RefreshedSession } {
  const absoluteEnd = Math.min(record.absoluteExpiresAt, record.createdAt + context.policy.absoluteTimeout);
  // A process whose clock is behind must not shorten a session that another one has prolonged.
  const lastSeenAt = Math.max(context.clocks.stamp(), record.lastSeenAt);
  const expiresAt = Math.min(lastSeenAt + context.policy.idleTimeout, absoluteEnd);
  // Tokens are made before the commit: if that fails, the row must not record them.
  const refreshed = answer(context, { ...record, expiresAt }, refreshToken, now);
  const { generation, currentHash, parentHash, childMintedAt, childSeenAt, confirmedAt, device } = written;
  const rotation = { generation, currentHash, parentHash, childMintedAt, childSeenAt, confirmedAt };
  return { write: { ...rotation, device, lastSeenAt, expiresAt }, refreshed };
}

function emitRefreshed(
  context: SessionContext,
  record: SessionRecord,
  { generation }: RefreshToken,
  how: { readonly outcome: "mint" | "confirm" | "renew"; readonly device: DeviceFacts },
): void {
  const { handle, userKey } = record;
  const userId = fromUserKey(userKey);
  context.events.emit("session-refreshed", { handle, userId, generation, ...how, ...actorField(record) });
}

function answer(context: SessionContext, record: ActedRow, refreshToken: RefreshToken, now: number): RefreshedSession {
  const tokens = issueTokens(context, { ...record, actorEnds: record.actorEnds ?? undefined }, refreshToken, now);
  return {
    session: toSession(record),
    newAccessToken: tokens.accessToken,
    newRefreshToken: tokens.refreshToken,
    newIdRefreshToken: tokens.idRefreshToken,
    newAntiCsrfToken: context.policy.antiCsrf ? context.antiCsrf.of(record.handle) : undefined,
  };
}
