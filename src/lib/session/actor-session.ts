import { generalError, unauthorised } from "../errors.ts";
import { type Actor, actorRefused } from "./actor.ts";
import type { SessionContext } from "./context.ts";
import { sessionEnd } from "./record.ts";
import type { FoundSession } from "./session-store.ts";
import { toUserKey } from "./user-id.ts";

type Parts = Pick<SessionContext, "store" | "clocks" | "policy">;

/**
 * Reads the session of the actor.
 *
 * @returns undefined if it has ended
 * @throws SessionError `CLOCKS_DISAGREE`
 */
export async function findActorSession(
  { store, clocks, policy }: Parts,
  actorHandle: string,
): Promise<FoundSession | undefined> {
  const row = await store.findSession(actorHandle);
  return row === undefined || clocks.hasEnded(sessionEnd(row, policy), row.storeTime) ? undefined : row;
}

/**
 * Checks the actor of a sign-in against the store. An actor that is undefined by accident must not
 * make the session one of the user.
 *
 * @returns the actor's row
 * @throws SessionError `ARGUMENT_INVALID`, `SESSION_NOT_FOUND`, `ACTOR_REFUSED`
 */
export async function admitActor(context: Parts, actor: Actor | undefined): Promise<FoundSession> {
  const { userId, handle }: { readonly userId?: unknown; readonly handle?: unknown } = Object(actor);
  if (typeof handle !== "string" || handle.length > 256)
    throw generalError("ARGUMENT_INVALID", "options.actor has no session handle; give { userId, handle } of the actor");
  const actorKey = toUserKey(userId);
  const row = await findActorSession(context, handle);
  if (row === undefined) throw unauthorised("SESSION_NOT_FOUND", "the session of the actor has ended");
  if (row.userKey !== actorKey)
    throw generalError("ARGUMENT_INVALID", "options.actor.handle is not a session of options.actor.userId");
  if (row.actorKey !== null) throw actorRefused("a session in which somebody acts for a user cannot start another one");
  return row;
}
