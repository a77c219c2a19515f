import { restartCall } from "../call.ts";
import type { SessionContext } from "./context.ts";
import { asPartlyDone } from "./guarded-store.ts";
import { revokeSessionsOfUser } from "./manage-sessions.ts";
import { toUserKey, type UserId } from "./user-id.ts";

/** How much `forgetUser` has removed. */
export interface ForgottenUser {
  /** How many sessions, live or expired. */
  readonly sessions: number;
  /** How many remembered devices. */
  readonly devices: number;
  /** How many rows of the audit table. */
  readonly auditRows: number;
}

const CHUNK = 200;

/** Removes everything that the store has of a user, in short steps. */
export async function forgetUser(context: SessionContext, userId: UserId): Promise<ForgottenUser> {
  const userKey = toUserKey(userId);
  const { store, events } = context;
  return context.calls.run(async () => {
    const sessions = await revokeSessionsOfUser(context, userId, undefined);
    try {
      restartCall();
      const devices = await store.forgetDevices(userKey);
      // Last, because ending the sessions may have written some.
      let auditRows = 0;
      for (let count = CHUNK; count === CHUNK; auditRows += count) {
        restartCall();
        count = await store.forgetAudit(userKey, CHUNK);
      }
      const forgotten = { sessions, devices, auditRows };
      events.emit("user-forgotten", { userId, ...forgotten });
      return forgotten;
    } catch (error) {
      throw asPartlyDone(error);
    }
  });
}
