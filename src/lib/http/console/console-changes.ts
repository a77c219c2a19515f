/** The changes that an operator can make. Each emits an event and writes an audit row,
 * whatever comes of it. */
import { type SessionEvents } from "../../session/events.ts";
import { isHandle } from "../../session/handle.ts";
import { findLiveSession, revokeSession } from "../../session/manage-sessions.ts";
import { fromUserKey, toUserKey, type UserId } from "../../session/user-id.ts";
import type { HttpContext } from "../context.ts";

type Action = SessionEvents["console-action"];
type Facts = Omit<Action, "outcome">;

/** Emits the event of an action when its end is known. */
export async function noted<T>(
  { session: { events, audit } }: HttpContext,
  facts: Facts,
  work: () => Promise<T>,
  toEnd: (result: T) => Partial<Action> = () => ({}),
): Promise<T> {
  let end: Partial<Action> = { outcome: "failed" };
  try {
    const result = await work();
    end = toEnd(result);
    return result;
  } finally {
    const action: Action = { outcome: "done", ...facts, ...end };
    events.emit("console-action", action);
    const { userId, handle, ...others } = action;
    const subject = { handle, userKey: userId === undefined ? undefined : toUserKey(userId) };
    // What the action changed has rows of its own, so a failure here must not hide its result.
    await audit.append("console-action", () => others, subject).catch(() => undefined);
  }
}

/** @returns the user whose session was revoked; undefined if there was no such session */
export async function revokeOne(
  http: HttpContext,
  operator: string | null,
  handle: string,
): Promise<{ readonly userId: UserId } | undefined> {
  if (!isHandle(handle)) return undefined;
  const work = async (): Promise<{ readonly userId: UserId } | undefined> => {
    const row = await findLiveSession(http.session, handle);
    if (row === undefined) return undefined;
    const userId = fromUserKey(row.userKey);
    return (await revokeSession(http.session, handle, { reason: "revoked", userId })) ? { userId } : undefined;
  };
  return noted(http, { operator, action: "revoke-session", handle }, work, (found) => found ?? { outcome: "nothing" });
}

/** @returns how many sessions were revoked */
export const revokeAll = (http: HttpContext, operator: string | null, userId: UserId): Promise<number> =>
  noted(
    http,
    { operator, action: "revoke-all-sessions", userId },
    () => http.sessions.revokeAllSessionsForUser(userId),
    (count) => (count === 0 ? { outcome: "nothing" } : {}),
  );

/** @returns the next key, new or already waiting */
export const rotateKey = (
  http: HttpContext,
  operator: string | null,
): Promise<{ readonly kid: string; readonly activatesAt: number }> =>
  noted(
    http,
    { operator, action: "rotate-key" },
    () => http.sessions.rotateSigningKey(),
    ({ kid }) => ({ kid }),
  );
