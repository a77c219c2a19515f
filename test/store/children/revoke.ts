/** Revokes the session of each command, one way or the other, and reports when that was done. */
import { nextCommand, open, report } from "./child.ts";

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

const { sessions } = await open();
await sessions.ready();
report("ready");
for (;;) {
  const command = await nextCommand<Revoke>();
  if (command === undefined) break;
  const existed = command.all
    ? (await sessions.revokeAllSessionsForUser(command.userId)) === 1
    : await sessions.revokeSessionUsingSessionHandle(command.handle);
  report({ existed, done: process.hrtime.bigint().toString() } satisfies Revoked);
}
