/** Revokes a session, one way or the other, and tells when that was done. */
import type { Opened } from "./child.ts";

export interface Revoke {
  readonly handle: string;
  readonly userId: string;
  /** Whether all sessions of the user are revoked rather than the one. */
  readonly all: boolean;
}

export interface Revoked {
  readonly existed: boolean;
  /** ns on the machine's monotonic clock. */
  readonly done: string;
}

export async function revoke({ sessions }: Opened, { handle, userId, all }: Revoke): Promise<Revoked> {
  const existed = all
    ? (await sessions.revokeAllSessionsForUser(userId)) === 1
    : await sessions.revokeSessionUsingSessionHandle(handle);
  return { existed, done: process.hrtime.bigint().toString() };
}
