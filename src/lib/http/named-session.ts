import { type Actor, withActor } from "../session/actor.ts";
import type { SessionContext } from "../session/context.ts";
import type { UserId } from "../session/user-id.ts";
import { authenticate } from "../session/verify-session.ts";
import { unlessNotOurs } from "./outcomes.ts";

/**
 * The session that an access token names, expired or not; undefined if it is not ours. A browser
 * keeps its access cookie for at most the idle timeout: an older token is a copy, perhaps from a
 * log, and does not count.
 */
export async function findNamedSession(
  context: SessionContext,
  accessToken: string,
): Promise<{ readonly handle: string; readonly userId: UserId; readonly actor?: Actor } | undefined> {
  await context.ready();
  const token = await unlessNotOurs(() => authenticate(context, accessToken));
  if (token === undefined || context.now() - token.expires > context.policy.idleTimeout) return undefined;
  return { handle: token.handle, userId: token.userId, ...withActor(token.actor) };
}
