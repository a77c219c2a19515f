/** An honest client and its server in one: refreshes for ever, and reports each answered token before it goes on. Is killed in the end. */
import { codeOf, nextCommand, open, type Opening, report } from "./child.ts";

export interface RefreshForEver extends Opening {
  readonly token: string;
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
const { sessions, at, takeEvents } = await open(start);
let { token, now } = start;
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
