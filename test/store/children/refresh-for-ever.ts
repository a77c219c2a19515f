/** An honest client and its server in one: refreshes for ever, and reports each answered token before it goes on. Is killed in the end. */
import { codeOf, nextCommand, open, report } from "./child.ts";

export interface Answered {
  readonly token: string;
  readonly now: number;
  readonly events: readonly string[];
  readonly error?: string;
}

/** Five refreshes to a confirmation: one mints, some renew, one confirms. */
const STEP = 7_000;

const { sessions, at, takeEvents } = await open();
const start = await nextCommand<{ token: string; now: number }>();
let { token = "", now = 0 } = start ?? {};
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
