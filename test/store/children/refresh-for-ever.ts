/**
 * An honest client and its server in one: refreshes for ever, and reports each answered token
 * before it goes on. Is killed in the end.
 */
import type { SessionStore } from "../../../src/lib/session/session-store.ts";
import { codeOf, nextCommand, open, type Opening, report } from "./child.ts";

export interface RefreshForEver extends Opening {
  readonly token: string;
  /**
   * After which commit it dies by its own hand, before anybody has an answer. Default: it waits to
   * be killed.
   */
  readonly lastCommit?: number | undefined;
}

export interface Answered {
  readonly token: string;
  readonly now: number;
  readonly events: readonly string[];
  readonly error?: string;
}

/** Five refreshes to a confirmation: one mints, some renew, one confirms. */
const STEP = 7_000;

const start = await nextCommand<RefreshForEver>();
if (start === undefined) throw new Error("told nothing");
let { token, now } = start;
let commits = 0;

const mortal = (store: SessionStore): SessionStore => ({
  ...store,
  async commitRefresh(handle, version, write) {
    const committed = await store.commitRefresh(handle, version, write);
    commits += 1;
    if (commits === start.lastCommit) process.kill(process.pid, "SIGKILL");
    return committed;
  },
});

const { sessions, at, takeEvents } = await open(start, {}, mortal);
for (;;) {
  now += STEP;
  at(now);
  try {
    const { newRefreshToken } = await sessions.refreshSession(token);
    token = newRefreshToken.value;
    report({ token, now, events: takeEvents() } satisfies Answered);
  } catch (error) {
    report({ token, now, events: takeEvents(), error: codeOf(error) } satisfies Answered);
    process.exit(1);
  }
}
