import { CLOCK_SKEW } from "../clock.ts";
import type { Policy } from "../policy.ts";
import { generalError } from "../errors.ts";
import { isUnknown } from "./guarded-store.ts";
import { type Actor, actorField, withActor } from "./actor.ts";
import { admitActor } from "./actor-session.ts";
import { writeAmr } from "./amr.ts";
import type { SessionContext } from "./context.ts";
import { describeDevice, type DeviceInput } from "./device.ts";
import { newHandle } from "./handle.ts";
import { forgetAgain, ifKnown, recogniseDevice } from "./known-device.ts";
import { locateIp } from "./locate.ts";
import { toJson } from "./json-value.ts";
import { endedEntries } from "./journals.ts";
import { reportRevoked } from "./report-revoked.ts";
import { sessionEnd, type SessionRecord } from "./record.ts";
import { issueTokens, mintFirstRefreshToken, type IssuedTokens } from "./tokens.ts";
import { toUserKey, type UserId } from "./user-id.ts";
import type { Session } from "./verify-session.ts";

/** Options of `createNewSession`. */
export interface CreateOptions {
  /** The device, for the list of sessions. Default: unknown. */
  readonly device?: DeviceInput;
  /**
   * When the user signed in, in ms since the epoch; not in the future. Default: now, and with an
   * `actor` the actor's sign-in.
   */
  readonly authTime?: number;
  /**
   * How the user signed in (RFC 8176), for instance `["pwd", "otp", "mfa"]`: at most 10 texts of at
   * most 32 characters, in the access token as claim `amr`. `requireAmr` of routes asks for it.
   * Default: none, and with an `actor` the actor's.
   */
  readonly amr?: readonly string[];
  /**
   * Whether the cookies outlive the browser. False: they have neither `Max-Age` nor `Expires`, also
   * after each refresh. Default: `session.persistent` of the config, and false with an `actor`.
   */
  readonly persistent?: boolean;
  /**
   * Who acts for the user, for instance an employee of the support: the actor's user id and live
   * session. The new session lasts for `session.actorTimeout` at most, and ends with the actor's
   * session. Its access token has the claim `act` (RFC 8693 4.1). Default: the user acts.
   */
  readonly actor?: Actor;
}

/** A new session and its tokens. */
export interface CreatedSession<Claims = unknown, Id extends UserId = UserId> extends IssuedTokens {
  /** The session. */
  readonly session: Session<Claims, Id>;
  /**
   * The anti-CSRF token, which unsafe requests must send in the header `anti-csrf`. Undefined if
   * `tokens.enableAntiCsrf` is false.
   */
  readonly antiCsrfToken: string | undefined;
}

/** Whether `{}`, the default, is a value of the app's type. */
// oxlint-disable-next-line typescript/no-generated-empty-object-type -- the question is about this very type
export type IsOptional<T> = Record<never, never> extends T ? true : false;

/** The arguments after the user id. Claims and data are optional if the app's types allow `{}`. */
export type NewSessionRest<Claims, Data> =
  IsOptional<Data> extends true
    ? IsOptional<Claims> extends true
      ? [jwtPayload?: Claims, sessionData?: Data, options?: CreateOptions]
      : [jwtPayload: Claims, sessionData?: Data, options?: CreateOptions]
    : IsOptional<Claims> extends true
      ? [jwtPayload: Claims | undefined, sessionData: Data, options?: CreateOptions]
      : [jwtPayload: Claims, sessionData: Data, options?: CreateOptions];

export interface NewSession {
  readonly userId: UserId;
  readonly jwtPayload?: unknown;
  readonly sessionData?: unknown;
  readonly options?: CreateOptions | undefined;
  /** A session to revoke in the same step. */
  readonly replaces?: { readonly handle: string; readonly userId?: UserId; readonly actor?: Actor } | undefined;
  /** A session whose cookies this one's take the place of. Default: that of `replaces`. */
  readonly replacedHandle?: string | undefined;
}

export const createSession = (context: SessionContext, wanted: NewSession): Promise<CreatedSession> =>
  context.calls.run(() => create(context, wanted));

async function create(
  context: SessionContext,
  { userId, jwtPayload = {}, sessionData = {}, options = {}, replaces, replacedHandle }: NewSession,
): Promise<CreatedSession> {
  const userKey = toUserKey(userId);
  const claims = toJson(jwtPayload, "jwtPayload");
  const data = toJson(sessionData, "sessionData");
  await context.ready();

  const { policy, events } = context;
  const authTime = checkAuthTime(options.authTime, context.now());
  const acting = "actor" in options ? await admitActor(context, options.actor) : undefined;
  const location = policy.locate === undefined ? undefined : await locateIp(policy.locate, options.device?.ip);
  const now = context.now();
  const handle = newHandle(userKey);
  const refreshToken = mintFirstRefreshToken(context, handle);
  const begin = context.clocks.stamp();
  const absoluteExpiresAt = Math.min(begin + policy.absoluteTimeout, actingEnd(policy, begin, acting));
  const device = describeDevice(options.device, {}, location);
  const unstored: SessionRecord = {
    handle,
    userKey,
    replacedHandle: replacedHandle ?? replaces?.handle ?? null,
    persistent: (checkPersistent(options.persistent) ?? (policy.persistent && acting === undefined)) ? 1 : 0,
    amr: options.amr === undefined && acting !== undefined ? acting.amr : writeAmr(options.amr),
    actorKey: acting?.userKey ?? null,
    actorHandle: acting?.handle ?? null,
    label: device.label ?? null,
    knownDevice: null,
    version: 1,
    generation: refreshToken.generation,
    currentHash: refreshToken.doubleHash,
    parentHash: null,
    childMintedAt: null,
    childSeenAt: null,
    confirmedAt: null,
    claims,
    claimsVersion: 1,
    data,
    device: JSON.stringify({ ...device, label: undefined }),
    createdAt: begin,
    authTime: authTime ?? acting?.authTime ?? now,
    lastSeenAt: begin,
    expiresAt: Math.min(begin + policy.idleTimeout, absoluteExpiresAt),
    absoluteExpiresAt,
  };
  // Before the row is written: a token that is too large must not leave a row.
  const actorEnds = acting === undefined ? undefined : sessionEnd(acting, policy);
  const tokens = issueTokens(context, { ...unstored, actorEnds }, refreshToken, now);
  // The device of an actor is not one of the user.
  const knownDevice = acting === undefined ? await recogniseDevice(context, unstored) : undefined;
  const record = knownDevice === undefined ? unstored : { ...unstored, knownDevice: knownDevice ? 1 : 0 };

  if (replaces !== undefined && policy.rotation.window > 0)
    await context.store.rememberReplaced(
      replaces.handle,
      context.clocks.later() + rememberReplacedFor(policy.rotation.window),
    );
  const { handle: _, ...whose }: NonNullable<NewSession["replaces"]> = replaces ?? { handle: "" };
  // An actor must not end sessions of the user, so this one does not count.
  const limit = acting === undefined ? policy.limit : undefined;
  const notes = {
    replaced: context.audit.note("session-revoked", () => ({ reason: "signed-in-again", ...withActor(whose.actor) })),
    ended: context.audit.note("session-revoked", () => ({ reason: "limit" })),
    begun: context.audit.note("session-created", () => ({
      device,
      ...ifKnown(knownDevice),
      ...(record.amr === null ? {} : { amr: JSON.parse(record.amr) as unknown }),
      ...actorField(record),
    })),
  };
  const { created, ended, replaced } = await context.journals
    .during(
      (journal) =>
        context.store.createSession(record, limit, replaces?.handle, {
          replaced: { ...journal, audit: notes.replaced },
          ended: { ...journal, audit: notes.ended },
          begun: { ...journal, audit: notes.begun },
        }),
      (outcome) => endedEntries([...outcome.ended, ...(outcome.replaced && replaces ? [replaces.handle] : [])]),
    )
    .catch(async (error: unknown) => {
      // The app rolls its transaction back.
      if (knownDevice !== true && !context.isInTransaction) await forgetAgain(context, record);
      if (!isUnknown(error)) throw error;
      if (replaces !== undefined) {
        context.journals.doubt(endedEntries([replaces.handle]));
        events.emit("session-revoked", {
          handles: [replaces.handle],
          ...whose,
          reason: "signed-in-again",
          unknown: true,
        });
      }
      if (limit !== undefined && limit.onLimit !== "refuse")
        events.emit("session-revoked", { handles: [], userId, reason: "limit", unknown: true });
      throw error;
    });
  if (!created) {
    if (knownDevice !== true) await forgetAgain(context, record);
    throw generalError(
      "SESSION_LIMIT_REACHED",
      `the user has as many sessions as session.maxPerUser allows (${limit?.max}); end one first`,
    );
  }
  if (replaced && replaces !== undefined)
    reportRevoked(context, { handles: [replaces.handle], ...whose, reason: "signed-in-again" });
  if (ended.length > 0) reportRevoked(context, { handles: ended, userId, reason: "limit" });
  const actor = actorField(record);
  events.emit("session-created", { handle, userId, device, ...ifKnown(knownDevice), ...actor });
  await context.upkeep.begin();
  return {
    session: { handle, userId, jwtPayload, ...actor },
    ...tokens,
    antiCsrfToken: policy.antiCsrf ? context.antiCsrf.of(handle) : undefined,
  };
}

/**
 * A slow tab may still refresh the session that this sign-in replaced. Clearing cookies in that
 * response would delete the new session's cookies (docs/decisions/014). Its request may be in
 * flight for a window, and a retry for another.
 */
const rememberReplacedFor = (window: number): number => 2 * window + CLOCK_SKEW;

function checkPersistent(persistent: unknown): boolean | undefined {
  if (persistent === undefined || typeof persistent === "boolean") return persistent;
  throw generalError("ARGUMENT_INVALID", "options.persistent is not true or false; write one, or leave it out");
}

/** When a session ends at the latest because somebody acts in it. */
function actingEnd(
  { actorTimeout, absoluteTimeout }: Policy,
  begin: number,
  acting: SessionRecord | undefined,
): number {
  if (acting === undefined) return Number.POSITIVE_INFINITY;
  return Math.min(begin + actorTimeout, acting.absoluteExpiresAt, acting.createdAt + absoluteTimeout);
}

export function checkAuthTime(authTime: number | undefined, now: number): number | undefined {
  if (authTime === undefined) return undefined;
  if (Number.isInteger(authTime) && authTime >= 0 && authTime <= now) return authTime;
  throw generalError(
    "ARGUMENT_INVALID",
    "options.authTime is not a whole number of ms since the epoch that has passed; give the time of the sign-in",
  );
}
