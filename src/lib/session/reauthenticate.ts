import { isErrorFromAuth } from "../errors.ts";
import { actorRefused } from "./actor.ts";
import { readAmr, writeAmr } from "./amr.ts";
import type { SessionContext } from "./context.ts";
import type { SessionEvents } from "./events.ts";
import { checkAuthTime } from "./create-session.ts";
import type { DeviceInput } from "./device.ts";
import { changeSession } from "./manage-sessions.ts";
import type { SessionRecord } from "./record.ts";
import { claimedHandle, type RefreshedSession, refreshSession } from "./refresh-session.ts";
import { mintAccessToken, type TokenInfo } from "./tokens.ts";
import { fromUserKey, type UserId } from "./user-id.ts";
import { type Session, toSession } from "./verify-session.ts";

/** When and how the user signed in again. */
export interface NewSignIn {
  /** When the user signed in, in ms since the epoch; not in the future. Default: now. */
  readonly authTime?: number;
  /**
   * How the user signed in (RFC 8176), for instance `["pwd", "otp", "mfa"]`, in place of the
   * methods of before. Default: none.
   */
  readonly amr?: readonly string[];
}

/** Options of `reauthenticate`. */
export interface ReauthenticateOptions extends NewSignIn {
  /**
   * The client's refresh token, if the request has it. It is then rotated. A token that cannot be
   * rotated now is left as it is. Default: none.
   */
  readonly refreshToken?: string;
}

/** The result of `reauthenticate`. */
export interface ReauthenticatedSession<Claims = unknown, Id extends UserId = UserId> {
  /** The session. */
  readonly session: Session<Claims, Id>;
  /** The access token with the new sign-in, for the cookie `access`. */
  readonly newAccessToken: TokenInfo;
  /**
   * The refresh token, for the cookie `refresh`. Undefined if none was given or rotated: the
   * client's stays good.
   */
  readonly newRefreshToken: TokenInfo | undefined;
  /** The marker, for the cookie `marker`, together with `newRefreshToken`. */
  readonly newIdRefreshToken: TokenInfo | undefined;
}

/**
 * Writes the new sign-in into the row.
 *
 * @returns the row as it is now. @throws SessionError
 */
export async function writeSignIn(
  context: SessionContext,
  handle: string,
  { authTime, amr }: NewSignIn,
): Promise<SessionRecord> {
  const now = context.now();
  const signIn = { authTime: checkAuthTime(authTime, now) ?? now, amr: writeAmr(amr) };
  const { before, after } = await changeSession(context, handle, async (record) => {
    if (record.actorHandle !== null)
      throw actorRefused("somebody acts for the user in this session, so the user cannot sign in in it");
    const changed = { ...record, ...signIn, version: record.version + 1 };
    // Methods that fit no cookie would end the session at its next refresh.
    mintAccessToken(context, changed, now);
    if (!(await context.store.replaceSignIn(handle, record.version, signIn))) return undefined;
    await context.audit.appendAfter("session-reauthenticated", () => toFacts(changed, record), record);
    return { before: record, after: changed };
  });
  const userId = fromUserKey(after.userKey);
  context.events.emit("session-reauthenticated", { handle, userId, ...toFacts(after, before) });
  return after;
}

function toFacts(
  after: SessionRecord,
  before: SessionRecord,
): Omit<SessionEvents["session-reauthenticated"], "handle" | "userId"> {
  const [current, previous] = [readAmr(after.amr), readAmr(before.amr)];
  return {
    authTime: after.authTime,
    ...(current === undefined ? {} : { amr: current }),
    ...(previous === undefined ? {} : { previousAmr: previous }),
  };
}

/**
 * Rotates the refresh token that came with a new sign-in, as a refresh would. It raises no alarm:
 * where a refresh would, or would be refused softly, the token is left to the next refresh.
 *
 * @returns undefined if nothing was rotated
 * @throws SessionError if the session has ended
 */
export async function rotateAlong(
  context: SessionContext,
  handle: string,
  refreshToken: string,
  device?: DeviceInput,
): Promise<RefreshedSession | undefined> {
  // Single use knows no second chance: a refresh beside this would be an alarm.
  if (context.policy.rotation.window === 0 || claimedHandle(refreshToken) !== handle) return undefined;
  try {
    const options = { isSoft: true, ...(device === undefined ? {} : { device }) };
    return await context.calls.run(refreshSession, context, refreshToken, options);
  } catch (error) {
    if (!isErrorFromAuth(error) || ENDED.has(error.code)) throw error;
    // The new sign-in is written, and its access token needs no store.
    return undefined;
  }
}

const ENDED: ReadonlySet<string> = new Set(["SESSION_NOT_FOUND", "SESSION_EXPIRED"]);

export async function reauthenticate(
  context: SessionContext,
  handle: string,
  { refreshToken, ...signIn }: ReauthenticateOptions = {},
): Promise<ReauthenticatedSession> {
  const row = await writeSignIn(context, handle, signIn);
  const rotated = refreshToken === undefined ? undefined : await rotateAlong(context, handle, refreshToken);
  if (rotated === undefined) {
    const newAccessToken = mintAccessToken(context, row, context.now());
    return { session: toSession(row), newAccessToken, newRefreshToken: undefined, newIdRefreshToken: undefined };
  }
  const { session, newAccessToken, newRefreshToken, newIdRefreshToken } = rotated;
  return { session, newAccessToken, newRefreshToken, newIdRefreshToken };
}
